"""Phase retrieval beside the usual algorithms, on the same measurement, with truth.

    python -m benches.phase [--preset fast] [--seed 0] [--setting NAME ...]

Pictures of 128x128: two of scikit-image's samples and a generated one. Amplitudes get Gaussian
noise at so many dB below their root mean square, and are then cut at 0; a fit knows the level,
unless a setting says otherwise. A published algorithm knows nothing of the object (`plain`);
the same, kept real and not below 0 as a fit keeps it, is `constrained`. PSNR in dB, peak 1, after
alignment. Results are kept in ``benches/results/phase.json``; settings that were not run keep
their rows.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import skimage.data
import skimage.transform
import torch
from torch import Tensor

import untrained as ut
from benches.run import RESULTS, machine
from untrained.evaluation.alignment import aligned
from untrained.fitting.restore import restore
from untrained.operators import (
    CodedDiffraction,
    PaddedFourier,
    Ptychography,
    disc,
    octanary_masks,
    pupil_grid,
)
from untrained.problem import phase_retrieval
from untrained.system.allocator import keep_freed_memory

SIZE = 128
LOW = 48
RADIUS = 14
PUPILS = 5

Physics = CodedDiffraction | PaddedFourier | Ptychography


def coded(masks: int, *, complex_picture: bool) -> CodedDiffraction:
    """Octanary masks drawn with seed 0."""
    drawn = octanary_masks(masks, (SIZE, SIZE), seed=0)
    return CodedDiffraction(drawn, complex_picture=complex_picture)


def ptychography(overlap: float, *, complex_picture: bool) -> Ptychography:
    """A grid of 5x5 pupils of radius 14 in a spectrum of 128x128, pictures of 48x48."""
    grid = pupil_grid(PUPILS, RADIUS, overlap)
    return Ptychography(grid, disc(RADIUS, LOW), (SIZE, SIZE), complex_picture=complex_picture)


def magnitude(oversampling: float, *, complex_picture: bool) -> PaddedFourier:
    """The object fills its support of 128x128."""
    return PaddedFourier((SIZE, SIZE), oversampling, complex_picture=complex_picture)


class Setting(NamedTuple):
    """How pictures are measured: which physics, and the noise in dB below the amplitudes."""

    name: str
    make: Callable[..., Physics]
    decibels: float
    complex_object: bool = False
    level_known: bool = True
    """Whether the fit knows the noise level."""


SETTINGS = (
    Setting("coded, 4 masks, 15 dB", partial(coded, 4), 15),
    Setting("ptychography, 40 % overlap, 20 dB", partial(ptychography, 0.4), 20),
    Setting("ptychography, 40 % overlap, 30 dB", partial(ptychography, 0.4), 30),
    Setting("magnitude, oversampled 2 times, 30 dB", partial(magnitude, 2.0), 30),
    Setting("coded, 4 masks, 15 dB, complex", partial(coded, 4), 15, complex_object=True),
    Setting("coded, 4 masks, 15 dB, level unknown", partial(coded, 4), 15, level_known=False),
    Setting("coded, 2 masks, 15 dB", partial(coded, 2), 15),
    Setting("coded, 8 masks, 15 dB", partial(coded, 8), 15),
    Setting("coded, 4 masks, 5 dB", partial(coded, 4), 5),
    Setting("coded, 4 masks, 30 dB", partial(coded, 4), 30),
    Setting("coded, 4 masks, 60 dB", partial(coded, 4), 60),
    Setting("ptychography, 20 % overlap, 30 dB", partial(ptychography, 0.2), 30),
    Setting("ptychography, 60 % overlap, 30 dB", partial(ptychography, 0.6), 30),
    Setting("ptychography, 40 % overlap, 45 dB", partial(ptychography, 0.4), 45),
    Setting(
        "ptychography, 40 % overlap, 20 dB, complex",
        partial(ptychography, 0.4),
        20,
        complex_object=True,
    ),
)


def pictures() -> dict[str, Tensor]:
    """``(1, 1, 128, 128)`` in [0, 1], by name."""
    found = {
        "camera": skimage.data.camera()[60:316, 120:376] / 255,
        "astronaut": skimage.data.astronaut()[:256, 90:346].mean(axis=2) / 255,
        "cells": cells(),
    }
    return {name: _tensor(samples) for name, samples in found.items()}


def cells() -> np.ndarray:
    """Discs with a rim, some over others, on a slope of light."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:256, :256] / 256
    image = 0.15 + 0.1 * columns
    for _ in range(40):
        row, column, radius = *generator.random(2), generator.uniform(0.03, 0.1)
        away = np.hypot(rows - row, columns - column) / radius
        inside = away < 1
        image[inside] = 0.35 + 0.4 * generator.random() * (1 - away[inside] ** 2)
        image[np.abs(away - 1) < 0.12] = 0.8
    return image


def _tensor(samples: np.ndarray) -> Tensor:
    small = skimage.transform.resize(samples, (SIZE, SIZE), anti_aliasing=True)
    return torch.from_numpy(small).float().clamp(0, 1)[None, None]


def objects(setting: Setting) -> Iterator[tuple[str, Tensor]]:
    """Real pictures; or complex ones: the magnitude one picture, the phase half a turn of another.

    The magnitude is held above 0.2.
    """
    real = pictures()
    if not setting.complex_object:
        yield from real.items()
        return
    for name, other in (("camera", "cells"), ("astronaut", "camera"), ("cells", "astronaut")):
        size, turn = 0.2 + 0.8 * real[name], torch.pi * (real[other] - 0.5)
        yield f"{name}, {other}", torch.cat([size * turn.cos(), size * turn.sin()], dim=1)


def measured(physics: Physics, truth: Tensor, decibels: float) -> tuple[Tensor, float]:
    """Noisy amplitudes, and the standard deviation of their noise."""
    clean = physics(truth).abs()
    level = float(clean.square().mean()) ** 0.5 * 10 ** (-decibels / 20)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return (clean + level * noise).clamp_min(0), level


def peer(physics: Physics, y: Tensor) -> Tensor:
    """What is used instead, on the operator it is given."""
    if isinstance(physics, PaddedFourier):
        return phase_retrieval.hybrid_input_output(physics, y)
    if isinstance(physics, Ptychography):
        return phase_retrieval.sequential_projections(
            physics, y, phase_retrieval.centre_picture(physics, y)
        )
    start = phase_retrieval.spectral(physics.A, physics.A_adjoint, y)
    return phase_retrieval.wirtinger_flow(physics, y, start)


PEERS = {
    CodedDiffraction: "Wirtinger flow",
    Ptychography: "sequential projections",
    PaddedFourier: "hybrid input-output",
}


def psnr(picture: Tensor, truth: Tensor) -> float:
    """PSNR in dB of an aligned picture; of a complex one for a real object, the real part."""
    if picture.shape[1] > truth.shape[1]:
        whole = torch.cat([truth, torch.zeros_like(truth)], dim=1)
        picture = aligned(picture, whole)[:, :1].clamp_min(0)
    else:
        picture = aligned(picture, truth)
    return -10 * float(np.log10(float((picture.double() - truth).square().mean())))


def measure(setting: Setting, name: str, truth: Tensor, preset: str, seed: int) -> dict[str, Any]:
    """Fit one picture, and run what is used instead."""
    physics = setting.make(complex_picture=setting.complex_object)
    y, level = measured(physics, truth, setting.decibels)
    start = time.perf_counter()
    problem = ut.tasks.phase(y, physics, noise=level if setting.level_known else None)
    result = restore(problem, preset, seed=seed, device="cpu")
    seconds = time.perf_counter() - start
    row = {
        "setting": setting.name,
        "picture": name,
        "psnr": psnr(result.image, truth),
        "guess": psnr(problem.picture.pixels, truth),
        "peer": PEERS[type(physics)],
        "plain": psnr(peer(setting.make(complex_picture=True), y), truth),
        "constrained": None,
        "seconds": round(seconds, 1),
        "stopped": result.stopped,
    }
    if not setting.complex_object:
        row["constrained"] = psnr(peer(physics, y), truth)
    for key in ("psnr", "guess", "plain", "constrained"):
        row[key] = row[key] and round(row[key], 2)
    print(json.dumps(row), flush=True)
    return row


def means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the pictures of one setting, and the gain over the peer."""
    mean: dict[str, Any] = {}
    for key in ("psnr", "guess", "plain", "constrained"):
        values = [row[key] for row in rows]
        mean[key] = None if None in values else round(float(np.mean(values)), 2)
    mean["over plain"] = round(mean["psnr"] - mean["plain"], 2)
    if mean["constrained"] is not None:
        mean["over constrained"] = round(mean["psnr"] - mean["constrained"], 2)
    return mean


def main() -> None:
    """Run the settings asked for; save after each."""
    parser = argparse.ArgumentParser(prog="python -m benches.phase")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--setting", nargs="*", help="all when absent")
    given = parser.parse_args()
    path = RESULTS / "phase.json"
    for setting in SETTINGS:
        if given.setting is not None and setting.name not in given.setting:
            continue
        told = json.loads(path.read_text())["rows"] if path.exists() else []
        rows = [
            *(row for row in told if row["setting"] != setting.name),
            *(measure(setting, *each, given.preset, given.seed) for each in objects(setting)),
        ]
        result = account(rows, given.preset, given.seed)
        path.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n")
        print(setting.name, result["mean"][setting.name], flush=True)


def account(rows: list[dict[str, Any]], preset: str, seed: int) -> dict[str, Any]:
    """All that is kept, the settings in their order."""
    order = [s.name for s in SETTINGS if any(row["setting"] == s.name for row in rows)]
    return {
        "bench": "phase",
        "command": f"python -m benches.phase --preset {preset} --seed {seed}",
        "machine": machine(),
        "recipes": {
            variant: ut.preset("reconstruct", preset, variant=variant).model_dump(mode="json")
            for variant in ("phase", "phase-level", "phase-noisy")
        },
        "mean": {name: means([row for row in rows if row["setting"] == name]) for name in order},
        "rows": sorted(rows, key=lambda row: order.index(row["setting"])),
    }


if __name__ == "__main__":
    keep_freed_memory()
    main()
