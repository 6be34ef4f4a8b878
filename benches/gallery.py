"""The hardest cases side by side: the input, the best of the others, ours, the truth.

    python -m benches.gallery [--preset fast] [--seed 0]

Crops of scikit-image's samples. Writes ``docs/gallery/*.jpg``, ``docs/gallery.md`` and
``benches/results/gallery.json``.
"""

import argparse
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import skimage.data
import torch
from numpy.typing import NDArray
from PIL import Image

import untrained as ut
from benches.run import RESULTS, machine
from untrained.evaluation.compare import Row, caption, compare
from untrained.evaluation.sheet import Panel, make_sheet
from untrained.picture.formats import jpeg
from untrained.picture.taking import as_picture
from untrained.problem.problem import Problem
from untrained.system.allocator import keep_freed_memory

DOCS = Path(__file__).parent.parent / "docs"
Samples = NDArray[np.uint8]


class Hard(NamedTuple):
    """A case: its name, what is hard about it, the clean picture, and how it is spoilt."""

    name: str
    what: str
    clean: Samples
    spoil: Callable[[Samples], Problem]


def cases() -> Iterator[Hard]:
    """Noise in texture, few photons, a hole, eightfold enlargement, coarse compression."""
    yield Hard("texture", "grass under noise of sigma 50", _crop("grass", 100, 100), _noisy)
    yield Hard("photons", "a deep field of few photons", _crop("hubble_deep_field", 300, 420), _dim)
    yield Hard("hole", "a hole of 56 pixels in a wall", _crop("brick", 120, 130), _holed)
    yield Hard("eightfold", "enlarged 8 times", _crop("coffee", 60, 220), _reduced)
    yield Hard("compression", "JPEG of quality 5", _crop("chelsea", 30, 130), _compressed)


def _crop(name: str, top: int, left: int, side: int = 192) -> Samples:
    picture: Samples = getattr(skimage.data, name)()
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def _noisy(clean: Samples) -> Problem:
    noise = 50 * np.random.default_rng(0).standard_normal(clean.shape)
    return ut.tasks.denoise(np.clip(clean + noise, 0, 255).round().astype(np.uint8))


def _dim(clean: Samples) -> Problem:
    photons = np.random.default_rng(0).poisson(clean / 255 * 40)
    return ut.tasks.denoise(np.clip(photons / 40 * 255, 0, 255).round().astype(np.uint8))


def _holed(clean: Samples) -> Problem:
    missing = np.zeros(clean.shape[:2], bool)
    missing[68:124, 68:124] = True
    return ut.tasks.inpaint(clean, missing)


def _reduced(clean: Samples) -> Problem:
    pixels = torch.from_numpy(clean.astype(np.float32) / 255).permute(2, 0, 1)[None]
    small = ut.tasks.upscale(clean[::8, ::8], 8).measurement.operator(pixels)
    levels = (small[0].permute(1, 2, 0).clamp(0, 1) * 255).round().to(torch.uint8)
    return ut.tasks.upscale(levels.numpy(), 8)


def _compressed(clean: Samples) -> Problem:
    file = io.BytesIO()
    Image.fromarray(clean).save(file, "JPEG", quality=5)
    return ut.tasks.deblock(jpeg.read(Path("quality5.jpg"), file.getvalue()))


def draw(case: Hard, problem: Problem, rows: list[Row]) -> tuple[Any, dict[str, Any]]:
    """Lay out the input, the best of the others, ours and the truth; say the figures."""
    given, ours, *others = rows
    ran = [row for row in others if row.picture is not None and row.psnr is not None]
    best = max(ran, key=lambda row: row.psnr or 0)
    clean = as_picture(case.clean)
    seen = problem.picture.pixels if problem.rendering.filled is None else problem.measurement.y
    panels = [Panel(seen, given.title, caption(given))]
    panels += [
        Panel(row.picture.pixels, row.title, caption(replace(row, seconds=None)))
        for row in (best, ours)
        if row.picture is not None
    ]
    panels.append(Panel(clean.pixels, "truth", ("seen by no method",)))
    facts = {
        "case": case.name,
        "what": case.what,
        "input": given.psnr,
        "other": best.title,
        "best other": best.psnr,
        "untrained": ours.psnr,
    }
    return make_sheet(panels, across=4).image, facts


def page(rows: list[dict[str, Any]]) -> str:
    """Write the page that shows the sheets."""
    parts = [
        "# Gallery: the hardest cases",
        "",
        "Made by `python -m benches.gallery` from scikit-image's samples: crops of 192x192, preset",
        "`fast`, given only the input. In the middle the best, by the truth, of the methods that",
        "`untrained compare` runs. PSNR in dB.",
    ]
    for row in rows:
        other = f"{row['other']} {row['best other']:.2f}"
        parts += [
            "",
            f"## {row['what'][0].upper()}{row['what'][1:]}",
            "",
            f"![{row['what']}: input, {row['other']}, ours, truth](gallery/{row['case']}.jpg)",
            "",
            f"{other}, ours {row['untrained']:.2f}.",
        ]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Run the cases, draw the sheets, write the page."""
    parser = argparse.ArgumentParser(prog="python -m benches.gallery")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    (DOCS / "gallery").mkdir(exist_ok=True)
    rows = []
    for case in cases():
        problem = case.spoil(case.clean)
        found = compare(problem, given.preset, seed=given.seed, device="cpu", reference=case.clean)
        sheet, facts = draw(case, problem, found)
        sheet.save(DOCS / "gallery" / f"{case.name}.jpg", quality=90)
        rows.append(facts)
        print(json.dumps(facts), flush=True)
    result = {
        "bench": "gallery",
        "command": f"python -m benches.gallery --preset {given.preset} --seed {given.seed}",
        "machine": machine(),
        "rows": rows,
    }
    (RESULTS / "gallery.json").write_text(json.dumps(result, indent=2) + "\n")
    (DOCS / "gallery.md").write_text(page(rows))


if __name__ == "__main__":
    keep_freed_memory()
    main()
