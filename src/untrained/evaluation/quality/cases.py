"""Makes problems from the pictures of a bench, by the protocols of the papers.

The data folder contains what the benches use: ``denoising/NAME`` and ``denoising/NAME_sigma25``
with the same file names (JPEG uses ``denoising/NAME``); ``sr/NAME``; ``inpainting/NAME`` and
``inpainting/NAME_masked50``; ``real/NAME`` with pairs ``*_clean.*`` and ``*_noisy.*``.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from torch import Tensor

from untrained import tasks
from untrained.errors import RequestError
from untrained.evaluation.metrics import psnr, psnr_upscaling
from untrained.picture.formats import jpeg
from untrained.picture.reading import read
from untrained.picture.taking import as_picture
from untrained.problem.problem import Problem

Metric = Callable[[Tensor, Tensor], float]
"""Computes the PSNR in dB of a picture ``(1, C, H, W)`` against the truth."""
QualityTask = Literal["denoise", "deblock", "upscale", "inpaint"]
REAL = "real"
"""The set with real noise: all folders below ``real``."""


@dataclass(frozen=True, eq=False)
class Case:
    """One picture: the problem that the methods see, the truth, and the metric."""

    name: str
    problem: Problem
    truth: Tensor
    """The clean picture ``(1, C, H, W)``; no method sees it."""
    metric: Metric = psnr

    def judge(self, image: Tensor) -> float:
        """Compute the PSNR of a picture by this task's protocol."""
        return self.metric(image, self.truth)


def denoise(data: Path, pictures: str, sigma: int) -> Iterator[Case]:
    """Yield pictures with Gaussian noise, clipped and rounded; the level is not given.

    With `REAL`, yield noisy photographs; the truth is a photograph without visible noise.
    """
    if pictures == REAL:
        for path in _pictures(data / "real", "*/*_noisy.*"):
            name = path.stem.removesuffix("_noisy")
            twin = path.with_name(f"{name}_clean{path.suffix}")
            yield _denoising(name, path, twin)
        return
    folder = data / "denoising"
    for path in _pictures(folder / f"{pictures}_sigma{sigma}"):
        yield _denoising(path.stem, path, folder / pictures / path.name)


def _denoising(name: str, noisy: Path, clean: Path) -> Case:
    return Case(name, tasks.denoise(read(noisy)), read(clean).pixels)


def deblock(data: Path, pictures: str, quality: int) -> Iterator[Case]:
    """Yield JPEGs by Pillow of this quality, chroma halved; their tables are known."""
    for path in _pictures(data / "denoising" / pictures):
        with Image.open(path) as image:
            clean = image.convert("RGB")
        file = io.BytesIO()
        clean.save(file, "JPEG", quality=quality)
        blocky = jpeg.read(path, file.getvalue())
        truth = as_picture(np.asarray(clean)).pixels
        yield Case(path.stem, tasks.deblock(blocky), truth)


def upscale(data: Path, pictures: str, factor: int) -> Iterator[Case]:
    """Yield Lanczos reductions by Pillow of the largest divisible crop, as the authors do; luma."""
    for path in _pictures(data / "sr" / pictures):
        with Image.open(path) as image:
            height, width = image.height // factor, image.width // factor
            large = image.convert("RGB").crop((0, 0, factor * width, factor * height))
        small = large.resize((width, height), Image.Resampling.LANCZOS)
        truth = as_picture(np.asarray(large)).pixels
        problem = tasks.upscale(np.asarray(small), factor)
        yield Case(path.stem, problem, truth, psnr_upscaling)


def inpaint(data: Path, pictures: str, missing: int) -> Iterator[Case]:
    """Yield pictures with scattered missing pixels: those that are zero in the damaged picture.

    A pixel that is zero in the truth looks like a missing one, so the metric leaves it out.
    """
    for path in _pictures(data / "inpainting" / f"{pictures}_masked{missing}"):
        damaged = read(path)
        truth = read(data / "inpainting" / pictures / path.name).pixels
        problem = tasks.inpaint(damaged, damaged.stored[..., 0] == 0)
        yield Case(path.stem, problem, truth, _off_black)


def _off_black(image: Tensor, truth: Tensor) -> float:
    return psnr(image[truth > 0], truth[truth > 0])


def _pictures(folder: Path, pattern: str = "*") -> list[Path]:
    if not folder.is_dir():
        raise RequestError(f"the folder {folder} does not exist: see `untrained bench --help`")
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not found:
        raise RequestError(f"{folder} contains no pictures: see `untrained bench --help`")
    return found
