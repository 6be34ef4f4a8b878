"""Kinds of noise: ours on the picture alone, beside others with their best settings by the truth.

Made noise on scikit-image's pictures, 8 bits: counted light (gain 0.05; gain 0.02 and sigma 0.02),
salt and pepper and impulses of any value on a fifth of the samples, salt and pepper on a tenth over
Gaussian noise of 15, and none. With --data, real noise: the crops of the pairs real/*/*_noisy.* and
*_clean.*.

Except for impulses, non-local means and CBM3D take the best of several levels by the truth, which
no user knows. The median filters are the plain one of
3x3 and the switching one, which uses our detection.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import skimage.data
import torch
from torch import Tensor
from torch.nn import functional as F

import untrained as ut
from untrained.baselines.denoise import median
from untrained.errors import NotApplicable
from untrained.evaluation import metrics
from untrained.fitting.restoration import versions
from untrained.noise import Gaussian, Impulse, PoissonGaussian
from untrained.problem.problem import Problem
from untrained.system import machine

PICTURES = ("camera", "coffee")
REAL_SIZE = 192
"""Side of the crops of real noise: in smaller ones, noise cannot be distinguished from texture."""
LEVELS = (6, 8, 11, 15, 20, 30, 45)
"""Grey levels that the others are tried with."""


class Case(NamedTuple):
    """A noisy picture ``(H, W, C)`` of 8 bits and its truth ``(1, C, H, W)``."""

    kind: str
    name: str
    noisy: np.ndarray
    truth: Tensor
    law: Gaussian | Impulse | PoissonGaussian | None = None
    """What was drawn last."""


def made(size: int) -> Iterator[Case]:
    """Noise of known kinds."""
    gaussian = Gaussian(15 / 255)
    models: dict[str, tuple[Any, ...]] = {
        "counted light": (PoissonGaussian(0.05),),
        "counted and read": (PoissonGaussian(0.02, 0.02),),
        "salt and pepper": (Impulse(0.2),),
        "impulses of any value": (Impulse(0.2, "random"),),
        "salt and pepper over Gaussian": (gaussian, Impulse(0.1)),
        "none": (),
    }
    for kind, laws in models.items():
        for name in PICTURES:
            truth = _tensor(np.atleast_3d(getattr(skimage.data, name)()), size)
            noisy, source = truth, torch.Generator().manual_seed(0)
            for law in laws:
                noisy = law.sample(noisy, source).clamp(0, 1)
            yield Case(kind, name, _samples(noisy), truth, laws[-1] if laws else None)


def real(data: Path, size: int) -> Iterator[Case]:
    """Photographs of real noise, beside means of many."""
    for path in sorted(data.glob("real/*/*_noisy.*")):
        name = path.stem.removesuffix("_noisy")
        noisy, clean = (
            ut.read(path.with_name(f"{name}_{which}{path.suffix}")) for which in ("noisy", "clean")
        )
        noisy_pixels, truth = (_tensor(picture.stored, size) for picture in (noisy, clean))
        yield Case("real", name, _samples(noisy_pixels), truth)


def _tensor(samples: np.ndarray, size: int) -> Tensor:
    """The middle of 8-bit samples ``(H, W, C)`` as a picture."""
    top, left = ((side - size) // 2 for side in samples.shape[:2])
    part = samples[max(0, top) : top + size, max(0, left) : left + size]
    return torch.from_numpy(part.transpose(2, 0, 1)[None] / 255).float()


def _samples(image: Tensor) -> np.ndarray:
    return (255 * image[0].permute(1, 2, 0)).round().to(torch.uint8).numpy()


def measure(case: Case, preset: str) -> dict[str, Any]:
    """Restore one picture in all the ways."""

    def judge(image: Tensor) -> float | None:
        levels = (255 * image.clamp(0, 1)).round() / 255
        value = metrics.psnr(levels, case.truth)
        return round(value, 2) if np.isfinite(value) else None

    noisy = torch.from_numpy(case.noisy.transpose(2, 0, 1)[None] / 255).float()
    problem = ut.tasks.denoise(case.noisy)
    row: dict[str, Any] = {"kind": case.kind, "picture": case.name, "input": judge(noisy)}
    row["found"] = problem.notes[0]
    start = time.perf_counter()
    row["psnr"] = judge(ut.restore(problem, preset).image)
    row["seconds"] = round(time.perf_counter() - start, 1)
    if problem.variant == "counted":
        plain = ut.tasks.denoise(case.noisy, noise="gaussian")
        row["as gaussian"] = judge(ut.restore(plain, preset).image)
    if case.kind == "none":
        return row
    if isinstance(case.law, Impulse):
        row["median 3x3"] = judge(_median(noisy))
        row["switching median"] = _switching(problem, judge)
        return row
    row["NLM told"] = max(judge(image) or 0.0 for image in _non_local_means(noisy))
    row["CBM3D told"] = max((judge(image) or 0.0 for image in _block_matching(noisy)), default=None)
    return row


def _median(noisy: Tensor) -> Tensor:
    padded = F.pad(noisy, (1,) * 4, mode="replicate")
    patches = padded.unfold(2, 3, 1).unfold(3, 3, 1).flatten(4)
    return patches.median(-1).values


def _switching(problem: Problem, judge: Callable[[Tensor], float | None]) -> float | None:
    try:
        return judge(median(problem))
    except NotApplicable:
        return None


def _non_local_means(noisy: Tensor) -> Iterator[Tensor]:
    from skimage.restoration import denoise_nl_means

    image = noisy[0].permute(1, 2, 0).numpy()
    for level in LEVELS:
        for factor in (0.4, 0.6, 0.8, 1.0):
            found = denoise_nl_means(
                image,
                patch_size=5,
                patch_distance=6,
                h=factor * level / 255,
                sigma=level / 255,
                channel_axis=-1,
            )
            yield torch.from_numpy(found.reshape(image.shape).transpose(2, 0, 1)[None])


def _block_matching(noisy: Tensor) -> Iterator[Tensor]:
    try:
        import bm3d
    except ModuleNotFoundError:
        return
    image = noisy[0].permute(1, 2, 0).double().numpy()
    for level in LEVELS:
        if image.shape[2] == 1:
            found = bm3d.bm3d(image[..., 0], level / 255)[..., None]
        else:
            found = bm3d.bm3d_rgb(image, level / 255)
        yield torch.from_numpy(found.reshape(image.shape).transpose(2, 0, 1)[None].copy()).float()


def main() -> None:
    """Measure and write benches/results/noise.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with real/*/*_noisy.* and *_clean.*")
    parser.add_argument("--size", type=int, default=128, help="side of the crops of made noise")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--out", type=Path, default=Path("benches/results/noise.json"))
    asked = parser.parse_args()
    cases = [*made(asked.size), *([] if asked.data is None else real(asked.data, REAL_SIZE))]
    rows = []
    for case in cases:
        rows.append(measure(case, asked.preset))
        print(json.dumps(rows[-1]), flush=True)
    told = "" if asked.data is None else " --data DIR"
    result = {
        "bench": "noise",
        "command": f"python -m benches.noise{told} --size {asked.size} --preset {asked.preset}",
        "size": asked.size,
        "machine": {
            **versions(),
            "processor": machine.processor(),
            "threads": torch.get_num_threads(),
        },
        "rows": rows,
    }
    asked.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
