"""Measurements with truth: tomography, magnetic resonance and blur.

Tomography: 60 views over half a turn of 256x256, noise of 1 % of the sinogram's root mean square.
Magnetic resonance: a quarter of the lines of k-space (the middle 8 %, the others at random), noise
of 1 % of the brightest pixel in either part. Blur: a Gaussian of sigma 1.6, noise of 0.01, pixels
from where the blurred picture reaches.

Low dose: the same 60 views, 10 000 photons a bin, a largest line integral of 3, log-transformed;
total variation is of least squares weighted by the counts. Fan beam: 60 views over a whole turn,
the source 1.5 slices from the centre, the detector half a slice. Blind: a Gaussian of sigma 2.4 by
1.2 along the diagonals, no noise but rounding to 8 bits; total variation knows the kernel, ours
does not. Demosaic: RGGB, noise of 0.02.
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
from benches.total_variation import Physics, tuned
from untrained.noise import Transmission
from untrained.operators import Bayer, Blur, FanBeam, FourierSubsampling, Radon, gaussian_kernel
from untrained.problem.problem import Problem

SIZE = 256
SLICES = ("shepp_logan", "brain_pd_slice", "brain_t1_slice")
SCANS = ("brain_t1_slice", "brain_pd_slice", "fat_mri_slice")
PICTURES = ("bird", "butterfly", "woman")


class Weighted:
    """An operator whose samples are multiplied by the roots of their weights."""

    def __init__(self, physics: Radon, weights: Tensor) -> None:
        self._physics = physics
        self._roots = weights.sqrt()

    def A(self, image: Tensor) -> Tensor:
        """Measure and weigh."""
        return self._roots * self._physics.A(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Weigh and go back."""
        return self._physics.A_adjoint(self._roots * measurement)


class Measured(NamedTuple):
    """A problem, operator and measurement as total variation takes them, and the truth."""

    kind: str
    name: str
    problem: Problem
    physics: Physics
    y: Tensor
    truth: Tensor
    guess: Tensor
    """A first picture, of the whole or where the measurement lies."""

    def psnr(self, picture: Tensor) -> float:
        """PSNR in dB of a picture, whole or framed as a result; the peak is the truth's largest."""
        image, truth = picture, self.truth
        if isinstance(self.physics, Blur):
            truth = self.physics.centre(truth)
            image = image if image.shape == truth.shape else self.physics.centre(image)
        error = float((image.double() - truth).square().mean())
        return 10 * float(np.log10(float(truth.max()) ** 2 / error))


def _slices(data: Path, kind: str, physics: Radon | FanBeam) -> Iterator[Measured]:
    for name in SLICES:
        truth = _square(data / "ctmri" / f"{name}.png")
        clean = physics(truth)
        level = 0.01 * float(clean.square().mean()) ** 0.5
        y = clean + level * _normal(clean.shape)
        problem = ut.tasks.reconstruct(y, physics, noise=level, bounds=(0, None))
        yield Measured(kind, name, problem, physics, y, truth, problem.picture.pixels)


def tomography(data: Path) -> Iterator[Measured]:
    """60 views of each of `SLICES`."""
    yield from _slices(data, "ct", Radon(np.arange(60) * 3.0, SIZE))


def resonance(data: Path) -> Iterator[Measured]:
    """A quarter of k-space of each of `SCANS`."""
    for name in SCANS:
        truth = _square(data / "ctmri" / f"{name}.png")
        physics = FourierSubsampling(_lines(), height=SIZE)
        clean = physics(truth)
        y = clean + physics.mask * 0.01 * torch.complex(*_normal((2, *clean.shape)))
        problem = ut.tasks.reconstruct(y, physics, noise=0.01, bounds=(0, None))
        yield Measured("mri", name, problem, physics, y, truth, problem.picture.pixels)


def blurred(data: Path) -> Iterator[Measured]:
    """Gaussian blur of each of `PICTURES`; sigma is estimated."""
    physics = Blur(gaussian_kernel(1.6))
    for name in PICTURES:
        truth = _colours(data, name)
        clean = physics(truth)
        y = clean + 0.01 * _normal(clean.shape)
        problem = ut.tasks.deblur(y, physics.kernel)
        yield Measured("deblur", name, problem, physics, y, truth, y)


def low_dose(data: Path) -> Iterator[Measured]:
    """Photon counts of each of `SLICES`, log-transformed."""
    physics = Radon(np.arange(60) * 3.0, SIZE)
    noise = Transmission(10_000)
    for name in SLICES:
        truth = _square(data / "ctmri" / f"{name}.png")
        truth = truth * (3 / float(physics(truth).max()))
        y = noise.sample(physics(truth), torch.Generator().manual_seed(0))
        problem = ut.tasks.reconstruct(y, physics, noise=noise, bounds=(0, None))
        weights = noise.counts(y) / noise.photons
        peer = Weighted(physics, weights)
        yield Measured(
            "low-dose", name, problem, peer, weights.sqrt() * y, truth, problem.picture.pixels
        )


def fan(data: Path) -> Iterator[Measured]:
    """60 views of each of `SLICES` from a source that goes round."""
    physics = FanBeam(
        np.arange(60) * 6.0, SIZE, source_distance=1.5 * SIZE, detector_distance=0.5 * SIZE
    )
    yield from _slices(data, "fan-beam", physics)


def blind(data: Path) -> Iterator[Measured]:
    """Each of `PICTURES` through an unknown kernel."""
    rows, columns = torch.meshgrid(*(2 * [torch.arange(13.0) - 6]), indexing="ij")
    kernel = torch.exp(-((rows + columns) ** 2) / 4 / 2.4**2 - (rows - columns) ** 2 / 4 / 1.2**2)
    physics = Blur(kernel / kernel.sum())
    for name in PICTURES:
        truth = _colours(data, name)
        y = (255 * physics(truth)).round().clamp(0, 255) / 255
        yield Measured("blind", name, ut.tasks.deblur(y, blind=17), physics, y, truth, y)


def mosaics(data: Path) -> Iterator[Measured]:
    """Noisy samples of one colour a pixel of each of `PICTURES`."""
    for name in PICTURES:
        truth = _colours(data, name)
        physics = Bayer("RGGB", (truth.shape[-2], truth.shape[-1]))
        clean = physics(truth)
        y = clean + 0.02 * _normal(clean.shape)
        problem = ut.tasks.demosaic(y, "RGGB", sigma=0.02)
        yield Measured("demosaic", name, problem, physics, y, truth, problem.knowledge.guide)


KINDS = {
    "ct": tomography,
    "low-dose": low_dose,
    "fan-beam": fan,
    "mri": resonance,
    "deblur": blurred,
    "blind": blind,
    "demosaic": mosaics,
}


def measure(case: Measured, preset: str, seed: int) -> dict[str, object]:
    """Reconstruct one case by a preset and by its peers."""
    start = time.perf_counter()
    result = ut.restore(case.problem, preset, seed=seed)
    seconds = time.perf_counter() - start
    guess = case.guess
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


def _colours(data: Path, name: str) -> Tensor:
    with Image.open(data / "sr" / "set5" / f"{name}.png") as image:
        samples = np.asarray(image.convert("RGB"), np.float32) / 255
    return torch.from_numpy(samples.transpose(2, 0, 1).copy())[None]


def _lines() -> np.ndarray:
    middle, count = round(0.08 * SIZE), SIZE // 4
    mask = np.zeros(SIZE, bool)
    mask[SIZE // 2 - middle // 2 : SIZE // 2 - middle // 2 + middle] = True
    others = np.flatnonzero(~mask)
    mask[np.random.default_rng(0).choice(others, count - middle, replace=False)] = True
    return mask


def _normal(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))
