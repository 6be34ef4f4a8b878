"""deepinv's DeepImagePrior and ours on the same measurement, one after the other in one run.

    python -m benches.deepinv_rows --data DIR [--kind ct|mri|inpaint] [--first 1] [--size 128]

Its ConvDecoder and its 2500 steps of Adam, as `baselines.third_party` runs it (Tachella et al.
2025):
tomography and magnetic resonance as in `benches.reconstruct`, at this size; half of the pixels
missing of pictures reduced to it. Which of the two comes first alternates from row to row. Saves
``benches/results/deepinv-SIZE.json``; where deepinv cannot be imported, says why and saves nothing.
"""

import argparse
import dataclasses
import importlib
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

import untrained as ut
from benches import reconstruct
from benches.run import RESULTS, machine, save
from untrained.baselines.third_party import deepinv_dip
from untrained.problem.problem import Problem
from untrained.system.allocator import keep_freed_memory

THEIRS, OURS = "deepinv", "untrained"
KINDS = ("ct", "mri", "inpaint")
PICTURES = ("barbara", "house", "peppers")
_OPS: list[torch.library.Library] = []


class Row(NamedTuple):
    """One measurement, and how a picture of it scores."""

    kind: str
    name: str
    problem: Problem
    psnr: Callable[[Tensor], float]


def reason_not_to_run() -> str | None:
    """Import deepinv; say what is in the way, if anything is.

    The published torchvision lacks two operators beside a CPU torch, which it then only has to find
    declared.
    """
    try:
        importlib.import_module("torchvision")
    except ModuleNotFoundError:
        return "the package torchvision is not installed"
    except RuntimeError:
        _OPS.append(torch.library.Library("torchvision", "DEF"))
        for name in ("nms", "qnms"):
            _OPS[0].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    try:
        importlib.import_module("deepinv")
    except Exception as error:
        return f"deepinv cannot be imported: {error}"
    return None


class Pair(nn.Module):
    """An operator whose complex samples become two real ones: their loss knows no others."""

    def __init__(self, operator: nn.Module) -> None:
        super().__init__()
        self._operator = operator

    def forward(self, image: Tensor) -> Tensor:
        """Measure a picture."""
        return torch.view_as_real(self._operator(image))


def rows(data: Path) -> Iterator[Row]:
    """All measurements."""
    for case in itertools.chain(reconstruct.tomography(data), reconstruct.resonance(data)):
        yield Row(case.kind, case.name, case.problem, case.psnr)
    yield from missing(data)


def missing(data: Path) -> Iterator[Row]:
    """Half of the pixels of each of `PICTURES`."""
    for name in PICTURES:
        with Image.open(data / "inpainting" / "set11" / f"{name}.png") as image:
            whole = torch.from_numpy(np.asarray(image.convert("L"), np.float32) / 255)[None, None]
        size = (reconstruct.SIZE,) * 2
        truth = F.interpolate(whole, size=size, mode="bilinear", antialias=True)
        samples = (255 * truth[0, 0]).round().byte().numpy()
        mask = np.random.default_rng(0).random(samples.shape) < 0.5
        problem = ut.tasks.inpaint(samples * ~mask, mask)
        yield Row("inpaint", name, problem, lambda image, truth=truth: _psnr(image, truth))


def _psnr(image: Tensor, truth: Tensor) -> float:
    return -10 * float((image.double() - truth).square().mean().log10())


def ours(row: Row, preset: str) -> tuple[float, float]:
    """PSNR and seconds of our preset."""
    start = time.perf_counter()
    result = ut.restore(row.problem, preset, device="cpu")
    return row.psnr(result.image), time.perf_counter() - start


def theirs(row: Row, steps: int) -> tuple[float, float]:
    """PSNR and seconds of deepinv's prior on the same samples, in the same range."""
    problem = row.problem
    if problem.measurement.y.is_complex():
        y, operator = problem.measurement.y, Pair(problem.measurement.operator)
        real = dataclasses.replace(problem.measurement, y=torch.view_as_real(y), operator=operator)
        problem = dataclasses.replace(problem, measurement=real)
    start = time.perf_counter()
    image = deepinv_dip(problem, steps=steps, seed=0, device="cpu").detach()
    seconds = time.perf_counter() - start
    return row.psnr(row.problem.render(image).pixels), seconds


def measure(row: Row, number: int, steps: int, preset: str) -> dict[str, Any]:
    """Run both, ours first in every other row."""
    ways = {OURS: lambda: ours(row, preset), THEIRS: lambda: theirs(row, steps)}
    order = (OURS, THEIRS) if number % 2 == 0 else (THEIRS, OURS)
    found = {name: ways[name]() for name in order}
    told: dict[str, Any] = {"kind": row.kind, "picture": row.name, "first": order[0]}
    for name in (OURS, THEIRS):
        told[f"{name} psnr"] = round(found[name][0], 3)
        told[f"{name} seconds"] = round(found[name][1], 1)
    told["gain"] = round(found[OURS][0] - found[THEIRS][0], 3)
    told["share of time"] = round(found[OURS][1] / found[THEIRS][1], 3)
    print(told, flush=True)
    return told


def main() -> int:
    """Measure and save, after each row what there is."""
    parser = argparse.ArgumentParser(prog="python -m benches.deepinv_rows")
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--first", type=int, help="pictures of each kind, all when absent")
    parser.add_argument("--kind", choices=KINDS, help="all when absent; others stay as they are")
    given = parser.parse_args()
    if (reason := reason_not_to_run()) is not None:
        print(f"not run: {reason}", file=sys.stderr)
        return 1
    reconstruct.SIZE = given.size
    path = RESULTS / f"deepinv-{given.size}.json"
    kept = json.loads(path.read_text())["rows"] if given.kind and path.exists() else []
    measured = [row for row in kept if row["kind"] != given.kind]
    groups = itertools.groupby(rows(given.data), key=lambda row: row.kind)
    chosen = [
        row
        for kind, group in groups
        for row in list(group)[: given.first]
        if given.kind in (None, kind)
    ]
    for number, row in enumerate(chosen):
        measured.append(measure(row, number, given.steps, given.preset))
        save(account(measured, given), "deepinv", str(given.size))
    return 0


def account(measured: list[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """What is kept: the rows, their means by kind, and how they were made."""
    measured = sorted(measured, key=lambda row: KINDS.index(row["kind"]))
    words = f"--size {given.size} --steps {given.steps} --preset {given.preset}"
    words += "" if given.first is None else f" --first {given.first}"
    kinds = dict.fromkeys(row["kind"] for row in measured)
    return {
        "bench": "deepinv",
        "command": f"python -m benches.deepinv_rows --data DIR {words}",
        "machine": machine(),
        "size": given.size,
        "steps": given.steps,
        "mean": {kind: _mean([row for row in measured if row["kind"] == kind]) for kind in kinds},
        "rows": measured,
    }


def _mean(found: list[dict[str, Any]]) -> dict[str, float]:
    numbers = [key for key, value in found[0].items() if isinstance(value, float)]
    return {key: round(float(np.mean([row[key] for row in found])), 3) for key in numbers}


if __name__ == "__main__":
    keep_freed_memory()
    sys.exit(main())
