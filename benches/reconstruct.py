"""Measurements with truth: tomography, magnetic resonance and blur, as the issue of them asks.

Tomography: 60 views over half a turn of 256x256, noise of 1 % of the sinogram's root mean square.
Magnetic resonance: a quarter of the lines of k-space (the middle 8 %, the others at random), noise
of 1 % of the brightest pixel in either part. Blur: a Gaussian of sigma 1.6, noise of 0.01, pixels
from where the blurred picture reaches.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

import untrained as ut
from benches.total_variation import tuned
from untrained.operators import Blur, FourierSubsampling, Radon, gaussian_kernel
from untrained.problem import Problem

SIZE = 256
SLICES = ("shepp_logan", "brain_pd_slice", "brain_t1_slice")
SCANS = ("brain_t1_slice", "brain_pd_slice", "fat_mri_slice")
PICTURES = ("bird", "butterfly", "woman")


class Measured(NamedTuple):
    """A problem, its operator and measurement, the truth, and which part of it is judged."""

    kind: str
    name: str
    problem: Problem
    physics: Radon | FourierSubsampling | Blur
    y: Tensor
    truth: Tensor

    def psnr(self, picture: Tensor) -> float:
        """PSNR in dB of a picture, whole or as handed over; the peak is the truth's largest."""
        image, truth = picture, self.truth
        if isinstance(self.physics, Blur):
            truth = self.physics.centre(truth)
            image = image if image.shape == truth.shape else self.physics.centre(image)
        error = float((image.double() - truth).square().mean())
        return 10 * float(np.log10(float(truth.max()) ** 2 / error))


def tomography(data: Path) -> Iterator[Measured]:
    """60 views of each of `SLICES`."""
    physics = Radon(np.arange(60) * 3.0, SIZE)
    for name in SLICES:
        truth = _square(data / "ctmri" / f"{name}.png")
        clean = physics(truth)
        level = 0.01 * float(clean.square().mean()) ** 0.5
        y = clean + level * _normal(clean.shape)
        problem = ut.tasks.reconstruct(y, physics, noise=level, bounds=(0, None))
        yield Measured("ct", name, problem, physics, y, truth)


def resonance(data: Path) -> Iterator[Measured]:
    """A quarter of k-space of each of `SCANS`."""
    for name in SCANS:
        truth = _square(data / "ctmri" / f"{name}.png")
        physics = FourierSubsampling(_lines(), height=SIZE)
        clean = physics(truth)
        y = clean + physics.mask * 0.01 * torch.complex(*_normal((2, *clean.shape)))
        problem = ut.tasks.reconstruct(y, physics, noise=0.01, bounds=(0, None))
        yield Measured("mri", name, problem, physics, y, truth)


def blurred(data: Path) -> Iterator[Measured]:
    """Gaussian blur of each of `PICTURES`; sigma is estimated."""
    physics = Blur(gaussian_kernel(1.6))
    for name in PICTURES:
        with Image.open(data / "sr" / "set5" / f"{name}.png") as image:
            samples = np.asarray(image.convert("RGB"), np.float32) / 255
        truth = torch.from_numpy(samples.transpose(2, 0, 1))[None]
        clean = physics(truth)
        y = clean + 0.01 * _normal(clean.shape)
        problem = ut.tasks.deblur(y, physics.kernel)
        yield Measured("deblur", name, problem, physics, y, truth)


KINDS = {"ct": tomography, "mri": resonance, "deblur": blurred}


def measure(case: Measured, preset: str, seed: int) -> dict[str, object]:
    """Reconstruct one case by a preset and by its peers."""
    start = time.perf_counter()
    result = ut.restore(case.problem, preset, seed=seed)
    seconds = time.perf_counter() - start
    guess = case.problem.picture.pixels
    whole = guess if guess.shape == case.truth.shape else case.physics.frame(guess)
    variation, weight, _ = tuned(case.physics, case.y, whole, case.psnr)
    row = {
        "kind": case.kind,
        "picture": case.name,
        "psnr": round(case.psnr(result.image), 3),
        "guess": round(case.psnr(guess), 3),
        "total variation tuned by truth": round(variation, 3),
        "weight": weight,
        "seconds": round(seconds, 1),
        "chosen_step": result.chosen_step,
        "stopped": result.stopped,
    }
    print(json.dumps(row), flush=True)
    return row


def _square(path: Path) -> Tensor:
    """A grey picture in [0, 1], framed in black to a square, at most `SIZE` wide."""
    with Image.open(path) as image:
        samples = np.asarray(image.convert("L"), np.float32)
    side = max(SIZE, *samples.shape)
    gaps = [side - length for length in samples.shape]
    framed = np.pad(samples / samples.max(), [(gap // 2, gap - gap // 2) for gap in gaps])
    whole = torch.from_numpy(framed)[None, None]
    return F.interpolate(whole, size=(SIZE, SIZE), mode="bilinear", antialias=True)


def _lines() -> np.ndarray:
    middle, count = round(0.08 * SIZE), SIZE // 4
    mask = np.zeros(SIZE, bool)
    mask[SIZE // 2 - middle // 2 : SIZE // 2 - middle // 2 + middle] = True
    others = np.flatnonzero(~mask)
    mask[np.random.default_rng(0).choice(others, count - middle, replace=False)] = True
    return mask


def _normal(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))
