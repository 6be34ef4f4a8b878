"""Invert and excite the features of EfficientNet-Lite0, untrained prior against total variation.

    python -m benches.features

Inversion: five layers of a piece of scikit-image's cat. Dreams: ten classes, each judged by the
least probability of the class over 15 shifted and resized views of the 8-bit picture. Saves
``benches/results/features.json`` and two sheets in ``docs``.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import skimage.transform
import torch

import untrained as ut
from benches.run import machine
from untrained.evaluation.metrics import psnr
from untrained.evaluation.sheet import Panel, make_sheet
from untrained.noise import relative_squared_error
from untrained.operators.features import Features
from untrained.problem.problem import Problem
from untrained.system.allocator import keep_freed_memory
from untrained.tasks.dream.describe import probabilities

LAYERS = ("_blocks.0", "_blocks.2", "_blocks.4", "_blocks.10", "_blocks.15")
CLASSES = (
    *("goldfish", "tabby", "monarch", "daisy", "volcano"),
    *("sports car", "pizza", "castle", "zebra", "coral reef"),
)
PRIORS = {"untrained": "fast", "total variation": "tv"}
ROOT = Path(__file__).parent

Entry = tuple[dict[str, Any], Panel]


def timed(problem: Problem, preset: str) -> tuple[ut.Restoration, float]:
    """Restore, and say the wall-clock seconds."""
    start = time.perf_counter()
    result = ut.restore(problem, preset)
    return result, round(time.perf_counter() - start, 1)


def inversions(model: ut.Model) -> Iterator[Entry]:
    """Invert each layer with each prior; PSNR shows how much of the picture came back."""
    cut = skimage.data.chelsea()[:, 75:375]
    cat = 255 * skimage.transform.resize(cut, (224, 224), anti_aliasing=True)
    picture = ut.as_picture(cat.round().astype(np.uint8))
    for title, preset in PRIORS.items():
        for layer in LAYERS:
            problem = ut.tasks.invert(picture, model, layer)
            result, seconds = timed(problem, preset)
            with torch.no_grad():
                seen = problem.measurement.operator(result.image)
            off = round(float(relative_squared_error(seen, problem.measurement.y)), 4)
            back = round(psnr(result.image, picture.pixels), 2)
            row = {"layer": layer, "prior": title, "features_off": off, "psnr": back}
            yield (
                row | {"seconds": seconds},
                Panel(result.image, layer, (title, f"off by {off:.3f}")),
            )


def dreams(model: ut.Model) -> Iterator[Entry]:
    """Excite each class with each prior."""
    for title, preset in PRIORS.items():
        for name in CLASSES:
            problem = ut.tasks.dream(model, name)
            result, seconds = timed(problem, preset)
            found = probabilities(result.image, Features(model), model.class_index(name))
            least, middle = round(min(found), 4), round(float(np.median(found)), 4)
            row = {"class": name, "prior": title, "as_written": round(found[0], 4)}
            numbers = {"least": least, "median": middle, "seconds": seconds}
            yield row | numbers, Panel(result.image, name, (title, f"probability {least:.3f}"))


def collect(entries: Iterator[Entry], name: str) -> list[dict[str, Any]]:
    """Run, print the rows and draw the sheet ``docs/NAME.jpg``."""
    rows, panels = [], []
    for row, panel in entries:
        print(row, flush=True)
        rows.append(row)
        panels.append(panel)
    sheet = make_sheet(panels, width=5 * 250)
    sheet.image.convert("RGB").save(ROOT.parent / "docs" / f"{name}.jpg", quality=85)
    return rows


def main() -> None:
    """Measure, save the numbers and the sheets."""
    model = ut.load_model()
    result = {
        "command": "python -m benches.features",
        "machine": machine(),
        "inversions": collect(inversions(model), "invert"),
        "dreams": collect(dreams(model), "dream"),
    }
    path = ROOT / "results" / "features.json"
    path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    keep_freed_memory()
    main()
