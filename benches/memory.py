"""Compare the memory that is predicted for a fit with what a process takes. Linux and glibc.

    python -m benches.memory

Each fit runs four steps, copying its good weights at each, in a process of its own. What is
measured is the growth of the resident set from after the first fit of a small picture, which loads
the libraries, to its peak. Saves ``benches/results/memory.json``.
"""

import ctypes
import gc
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data

import untrained as ut
from benches.run import RESULTS, machine
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.memory import estimate
from untrained.fitting.restore import settle_recipe
from untrained.problem.problem import Problem
from untrained.recipes import Guard, Recipe
from untrained.system.allocator import keep_freed_memory
from untrained.system.machine import peak_memory

FITS = [
    *((task, "fast", 512) for task in ("denoise", "deblock", "upscale", "inpaint", "flash")),
    *((task, "fast", 256) for task in ("denoise", "deblock", "upscale", "inpaint", "flash")),
    ("denoise", "fast", 1024),
    ("upscale", "fast", 1024),
    ("inpaint", "fast", 1024),
    ("denoise", "paper", 256),
    ("denoise", "tv", 512),
]
SMALL = 64
PICTURES = {task for task, _, _ in FITS}


VOLUMES = [("denoise volume", "fast", 128), ("inpaint volume", "fast", 128)]
"""Measured by `benches.volumes`."""


def described(task: str, side: int) -> Problem:
    """Make a problem whose result has this side."""
    if task.endswith("volume"):
        return described_volume(task, side)
    image = np.tile(skimage.data.astronaut(), (2, 2, 1))[:side, :side]
    rng = np.random.default_rng(0)
    if task == "upscale":
        return ut.tasks.upscale(image[::4, ::4].copy(), 4)
    if task == "inpaint":
        return ut.tasks.inpaint(image, rng.random(image.shape[:2]) < 0.5)
    noisy = (image + 25 * rng.standard_normal(image.shape)).clip(0, 255).astype(np.uint8)
    if task == "flash":
        return ut.tasks.flash(noisy, image)
    return ut.tasks.denoise(noisy, sigma=25 / 255) if task == "denoise" else ut.tasks.deblock(noisy)


def described_volume(task: str, side: int) -> Problem:
    """Make a problem whose result is a cube of this side."""
    drawn = np.random.default_rng(0).random((side,) * 3, dtype=np.float32)
    volume = ut.as_volume(drawn)
    if task.startswith("inpaint"):
        return ut.tasks.inpaint(volume, drawn < 0.5)
    return ut.tasks.denoise(volume, sigma=25 / 255)


def shortened(recipe: Recipe) -> Recipe:
    """Four steps, each of which keeps the weights, and one pass at each size."""
    first = recipe.guided_by
    passes = tuple(
        entry.model_copy(update={"count": 1, "shift_grid": False}) for entry in recipe.passes
    )
    changes = {"steps": 4, "guard": Guard(every=1), "guided_by": first and shortened(first)}
    return recipe.model_copy(update=changes | {"passes": passes})


def measure(task: str, preset: str, side: int) -> dict[str, Any]:
    """Predict, and fit in this process."""
    problem, small = (
        described(task, side),
        described(task, SMALL if task in PICTURES else SMALL // 2),
    )
    recipe = shortened(settle_recipe(problem, preset))
    engine = choose_engine("cpu", recipe.precision)
    fitted(small, recipe, engine)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    status = Path("/proc/self/status").read_text()
    before = 1024 * int(re.findall(r"VmRSS:\s*(\d+)", status)[0])
    fitted(problem, recipe, engine)
    return {
        "task": task,
        "preset": preset,
        "side": side,
        "precision": engine.precision,
        "predicted": estimate(problem, recipe, engine),
        "measured": (peak_memory(engine.device) or 0) - before,
    }


def fitted(problem: Problem, recipe: Recipe, engine: Any) -> None:
    """Run a fit to its end."""
    fit = Fit(problem, recipe, seed=0, engine=engine)
    for _ in fit:
        pass
    fit.restoration()


def main() -> None:
    """Measure each fit in a process of its own and save the numbers."""
    if len(sys.argv) > 1:
        keep_freed_memory()
        task, preset, side = sys.argv[1:]
        print(json.dumps(measure(task, preset, int(side))))
        return
    rows = []
    for fit in FITS:
        words = [sys.executable, "-m", "benches.memory", *map(str, fit)]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout))
        print(rows[-1], flush=True)
    result = {
        "bench": "memory",
        "command": "python -m benches.memory",
        "machine": machine(),
        "rows": rows,
    }
    (RESULTS / "memory.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
