"""Measure quality and seconds on pictures with ground truth, and save the numbers.

    python -m benches.run denoise|deblock|upscale|inpaint [options of `untrained bench TASK`]
    python -m benches.run reconstruct --data DIR [--preset fast] [--seed 0] [--kind KIND]
    python -m benches.run flash|demosaic [--preset fast] [--seed 0]
    python -m benches.run speed [options of `untrained bench speed`]

Results are kept in ``benches/results``; `speed` saves ``speed.json``, with --reach
``speed-reach.json`` and ``docs/speed.png``.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

import untrained as ut
from benches import lights, mosaics
from benches import reconstruct as measured
from untrained.evaluation.quality.cases import Case
from untrained.evaluation.quality.command import SETTINGS
from untrained.evaluation.quality.measure import Plan, account, measure
from untrained.fitting.restoration import versions
from untrained.system.allocator import keep_freed_memory
from untrained.system.machine import commit, processor
from untrained.system.progress import progress_bars

RESULTS = Path(__file__).parent / "results"


def quality(task: str, words: list[str]) -> int:
    """Run ``untrained bench TASK`` with these options and keep what it writes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "untrained.app.cli", "bench", task, "--out", folder]
        status = subprocess.run([*command, *words], check=False).returncode
        found = Path(folder) / "bench.json"
        if status == 0 and found.exists():
            told = json.loads(found.read_text())
            save(told, task, *_kind(told), told["preset"])
    return status


def _kind(told: dict[str, Any]) -> list[str]:
    """What the bench was about, for the name of the file, where it was not the usual."""
    words = told["command"].split()
    return [words[i + 1] for i, word in enumerate(words) if word in _KINDS]


_KINDS = ("--pictures", "--sigma", "--quality", "--factor", "--missing")


def save(told: dict[str, Any], *words: str) -> None:
    """Keep a result under a name of these words."""
    path = RESULTS / f"{'-'.join(words)}.json"
    path.write_text(json.dumps(told, indent=2, allow_nan=False) + "\n")
    print(f"mean {told['mean']}, kept in {path}", file=sys.stderr)


def flash(words: list[str]) -> int:
    """Measure the five synthetic pairs of `lights`; the peer takes the same bytes."""
    parser = argparse.ArgumentParser(prog="python -m benches.run flash")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    plan = Plan(given.preset, given.seed)
    with progress_bars(quiet=False) as tell:
        rows = [measure(case, plan, tell) for case in map(_pair, lights.CROPS)]
    command = f"python -m benches.run flash --preset {given.preset} --seed {given.seed}"
    save(
        account("flash", plan, rows, command=command, pictures="synthetic pairs"),
        "flash",
        given.preset,
    )
    return 0


def demosaic(words: list[str]) -> int:
    """Measure the pictures of `mosaics`, their samples exact."""
    parser = argparse.ArgumentParser(prog="python -m benches.run demosaic")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    plan = Plan(given.preset, given.seed, peers=True)
    with progress_bars(quiet=False) as tell:
        rows = [measure(case, plan, tell) for case in mosaics.cases()]
    command = f"python -m benches.run demosaic --preset {given.preset} --seed {given.seed}"
    save(
        account("demosaic", plan, rows, command=command, pictures="crops of 128x128"),
        "demosaic",
        given.preset,
    )
    return 0


def _pair(name: str) -> Case:
    lit = lights.pair(name)
    truth = ut.as_picture(lit.clean).pixels
    return Case(name, ut.tasks.flash(lit.noflash, lit.flash), truth)


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
        command = [sys.executable, "-m", "untrained.app.cli", "bench", "speed", "--out", folder]
        status = subprocess.run([*command, *words], check=False).returncode
        found = Path(folder) / "speed.json"
        if status == 0 and found.exists():
            curve = Path(folder) / "curve.png"
            kept = RESULTS / ("speed-reach.json" if curve.exists() else "speed.json")
            shutil.copyfile(found, kept)
            print(f"kept in {kept}", file=sys.stderr)
            if curve.exists():
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
    if given.preset not in ut.known_presets("demosaic"):
        kinds = [kind for kind in kinds if kind != "demosaic"]
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
            for variant in ("", "level", "spectrum", "blur", "blind")
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
    """Run one bench and save what it measured under ``benches/results``."""
    own = {"demosaic": demosaic, "flash": flash, "reconstruct": reconstruct, "speed": speed}
    task, words = "".join(sys.argv[1:2]), sys.argv[2:]
    if task in own:
        sys.exit(own[task](words))
    if task in SETTINGS:
        sys.exit(quality(task, words))
    sys.exit(__doc__)


if __name__ == "__main__":
    keep_freed_memory()
    main()
