"""Measure quality and seconds on pictures with ground truth, and save the numbers.

    python -m benches.run denoise|deblock|upscale|inpaint --data DIR [--preset fast] [--seed 0]
    python -m benches.run reconstruct --data DIR [--preset fast] [--seed 0] [--kind ct|mri|deblur]
    python -m benches.run flash [--preset fast] [--seed 0]
    python -m benches.run speed [options of `untrained bench speed`]

DIR holds ``denoising/cset9`` and ``denoising/cset9_sigma25``, ``sr/set5``, ``inpainting/set11``
and ``inpainting/set11_masked50``, with whichever pictures; ``flash`` makes its own. Protocols are
the paper's where it has one: see each function. `speed` saves ``benches/results/speed.json`` and,
with --reach, ``docs/speed.png``.
"""

import argparse
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

import untrained as ut
from benches import lights, paper
from benches import reconstruct as measured
from untrained.allocator import keep_freed_memory
from untrained.baselines import joint_bilateral_of_pair
from untrained.machine import commit, processor
from untrained.metrics import psnr, psnr_upscaling
from untrained.problem import Problem
from untrained.restoration import versions

RESULTS = Path(__file__).parent / "results"


class Case(NamedTuple):
    """A problem, what it is compared with, and the peers' figures on the same input."""

    name: str
    problem: Problem
    truth: torch.Tensor
    peers: dict[str, float]


def denoise(data: Path) -> Iterator[Case]:
    """Gaussian noise, sigma 25, clipped and rounded; sigma is not given."""
    noisy_folder = data / "denoising" / "cset9_sigma25"
    for path in sorted(noisy_folder.glob("*.png")):
        noisy, clean = ut.read(path), ut.read(data / "denoising" / "cset9" / path.name).pixels
        yield Case(path.stem, ut.tasks.denoise(noisy), clean, {"input": psnr(noisy.pixels, clean)})


def deblock(data: Path) -> Iterator[Case]:
    """Pillow's JPEG at quality 10, chroma halved; the paper shows one picture and no figure."""
    for path in sorted((data / "denoising" / "cset9").glob("*.png")):
        file = io.BytesIO()
        with Image.open(path) as image:
            clean = image.convert("RGB")
        clean.save(file, "JPEG", quality=10)
        with Image.open(file) as image:
            blocky = ut.as_picture(np.asarray(image))
        truth = ut.as_picture(np.asarray(clean)).pixels
        peers = {"jpeg": psnr(blocky.pixels, truth)}
        yield Case(path.stem, ut.tasks.deblock(blocky), truth, peers)


def upscale(data: Path, factor: int = 4) -> Iterator[Case]:
    """Set5 x4: Pillow's Lanczos reduction of the largest divisible crop, as the authors' loader."""
    for path in sorted((data / "sr" / "set5").glob("*.png")):
        with Image.open(path) as image:
            height, width = image.height // factor, image.width // factor
            large = image.convert("RGB").crop((0, 0, factor * width, factor * height))
        small = large.resize((width, height), Image.Resampling.LANCZOS)
        bicubic = small.resize(large.size, Image.Resampling.BICUBIC)
        truth = ut.as_picture(np.asarray(large)).pixels
        peer = psnr_upscaling(ut.as_picture(np.asarray(bicubic)).pixels, truth)
        problem = ut.tasks.upscale(np.asarray(small), factor)
        yield Case(path.stem, problem, truth, {"bicubic": peer})


def inpaint(data: Path) -> Iterator[Case]:
    """Half of the pixels missing; the mask is where the damaged picture is zero."""
    for path in sorted((data / "inpainting" / "set11_masked50").glob("*.png")):
        damaged = ut.read(path)
        clean = ut.read(data / "inpainting" / "set11" / path.name).pixels
        problem = ut.tasks.inpaint(damaged, damaged.stored[..., 0] == 0)
        yield Case(path.stem, problem, clean, {})


def flash(_data: Path | None = None) -> Iterator[Case]:
    """The five synthetic pairs of `lights`; the joint bilateral filter takes the same bytes."""
    for name in lights.CROPS:
        lit = lights.pair(name)
        truth = ut.as_picture(lit.clean).pixels
        problem = ut.tasks.flash(lit.noflash, lit.flash)
        # Written as bytes like ours, its colours left as they come.
        filtered = replace(problem, agree=None).compose(joint_bilateral_of_pair(problem))
        peers = {
            "input": psnr(problem.picture.pixels, truth),
            "joint bilateral": psnr(filtered.pixels, truth),
        }
        yield Case(name, problem, truth, peers)


class Bench(NamedTuple):
    """A task's cases, how they are judged, and whether they need a folder of pictures."""

    cases: Callable[..., Iterator[Case]]
    metric: Callable[..., float]
    needs_data: bool = True


BENCHES = {
    "denoise": Bench(denoise, psnr),
    "deblock": Bench(deblock, psnr),
    "upscale": Bench(upscale, psnr_upscaling),
    "inpaint": Bench(inpaint, psnr),
    "flash": Bench(flash, psnr, needs_data=False),
}


def measure(case: Case, metric: Callable[..., float], preset: str, seed: int) -> dict[str, object]:
    """Restore one case; PSNR of the exported samples in dB, and wall-clock seconds."""
    start = time.perf_counter()
    result = ut.restore(case.problem, preset, seed=seed)
    seconds = time.perf_counter() - start
    row = {
        "picture": case.name,
        "height": result.restored.height,
        "width": result.restored.width,
        "psnr": round(metric(result.image, case.truth), 3),
        **{name: round(value, 3) for name, value in case.peers.items()},
        "seconds": round(seconds, 1),
        "steps": result.steps,
        "notes": list(result.notes),
    }
    kept = case.problem.kept
    if kept is not None:
        known = kept[0, 0].numpy()
        row["known_kept"] = bool(
            np.array_equal(result.restored.stored[known], case.problem.picture.stored[known])
        )
    print(json.dumps(row), flush=True)
    return row


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    return {
        **versions(),
        "processor": processor(),
        "threads": str(torch.get_num_threads()),
        "commit": commit() or "unknown",
    }


def speed(words: list[str]) -> int:
    """Run ``untrained bench speed`` with these options and keep what it writes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "untrained.cli", "bench", "speed", "--out", folder]
        status = subprocess.run([*command, *words], check=False).returncode
        if status == 0:
            shutil.copyfile(Path(folder) / "speed.json", RESULTS / "speed.json")
            print(f"kept in {RESULTS / 'speed.json'}", file=sys.stderr)
            if (curve := Path(folder) / "curve.png").exists():
                shutil.copyfile(curve, RESULTS.parent.parent / "docs" / "speed.png")
    return status


def reconstruct(words: list[str]) -> int:
    """Run ``benches.reconstruct`` and save ``benches/results/reconstruct-PRESET.json``."""
    parser = argparse.ArgumentParser(prog="python -m benches.run reconstruct")
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=measured.KINDS, help="all when absent")
    given = parser.parse_args(words)
    path = RESULTS / f"reconstruct-{given.preset}.json"
    kinds = [given.kind] if given.kind else list(measured.KINDS)
    kept = json.loads(path.read_text())["rows"] if given.kind and path.exists() else []
    rows = [row for row in kept if row["kind"] not in kinds]
    cases = (case for kind in kinds for case in measured.KINDS[kind](given.data))
    rows += [measured.measure(case, given.preset, given.seed) for case in cases]
    result = {
        "bench": "reconstruct",
        "command": f"python -m benches.run reconstruct --data DIR --preset {given.preset} "
        f"--seed {given.seed}",
        "machine": machine(),
        "recipes": {
            variant or "plain": ut.preset("reconstruct", given.preset, variant=variant).model_dump(
                mode="json"
            )
            for variant in ("", "level", "spectrum", "blur")
        },
        "mean": {kind: _means([r for r in rows if r["kind"] == kind]) for kind in measured.KINDS},
        "rows": rows,
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(f"mean {result['mean']} -> {path}")
    return 0


def _means(rows: list[dict[str, object]]) -> dict[str, float]:
    numbers = [key for key, value in (rows[0] if rows else {}).items() if isinstance(value, float)]
    return {key: round(float(np.mean([row[key] for row in rows])), 3) for key in numbers}


def main() -> None:
    """Run one bench and save ``benches/results/TASK-PRESET.json``."""
    if sys.argv[1:2] == ["speed"]:
        sys.exit(speed(sys.argv[2:]))
    if sys.argv[1:2] == ["reconstruct"]:
        sys.exit(reconstruct(sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=BENCHES)
    parser.add_argument("--data", type=Path, help="folder of pictures; flash makes its own")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    bench = BENCHES[given.task]
    if bench.needs_data and given.data is None:
        parser.error(f"{given.task} needs pictures: --data DIR")
    rows = [
        measure(case, bench.metric, given.preset, given.seed) for case in bench.cases(given.data)
    ]
    if not rows:
        sys.exit(f"{given.data} holds no pictures for {given.task}")
    numbers = [key for key, value in rows[0].items() if isinstance(value, float)]
    means = {key: round(float(np.mean([row[key] for row in rows])), 3) for key in numbers}
    data = " --data DIR" if bench.needs_data else ""
    command = f"python -m benches.run {given.task}{data} --preset {given.preset}"
    result = {
        "command": f"{command} --seed {given.seed}",
        "machine": machine(),
        "recipe": ut.preset(given.task, given.preset).model_dump(mode="json"),
        "published": paper.PUBLISHED[given.task],
        "mean": means,
        "rows": rows,
    }
    path = RESULTS / f"{given.task}-{given.preset}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(f"mean {means} -> {path}")


if __name__ == "__main__":
    keep_freed_memory()
    main()
