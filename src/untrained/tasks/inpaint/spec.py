"""Inpainting, registered."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from untrained.recipes.presets import ensembles, fast, paper, volumes
from untrained.recipes.presets.total_variation import tv
from untrained.tasks.registry import Command, Comparison, TaskSpec, register_task

InpaintVariant = Literal["", "holes", "strokes", "volume", "volume-holes", "volume-strokes"]
"""``""``: scattered pixels; ``holes``: some are far from every known one; ``strokes``: few, as of
text or scratches."""


@dataclass(frozen=True)
class InpaintOptions:
    """What is missing."""

    mask: Path | None = None
    """Picture of the same size: white is filled."""
    known: Path | None = None
    """Picture of the same size: white is known."""


register_task(
    TaskSpec(
        name="inpaint",
        describe="untrained.tasks.inpaint.describe:inpaint",
        presets={
            "fast": fast.SCATTERED,
            "paper": paper.INPAINT,
            "paper-text": paper.TEXT,
            "paper-hole": paper.HOLE,
            "paper-region": paper.REGION,
            "tv": tv(0.0003),
        },
        variants=get_args(InpaintVariant),
        variant_presets={
            ("fast", "volume"): volumes.SCATTERED,
            ("fast", "volume-holes"): volumes.HOLES,
            ("fast", "volume-strokes"): volumes.SCATTERED,
            ("fast", "holes"): fast.HOLES,
            ("fast", "strokes"): fast.STROKES,
        },
        ensembles=ensembles.INPAINT,
        options=InpaintOptions,
        from_options="untrained.tasks.inpaint.describe:from_options",
        command=Command(
            help="Fill missing pixels; the known ones come back unchanged.\n\n"
            "With neither mask, transparent and NaN pixels are filled.",
            input="The picture with missing pixels.",
            volumes=True,
        ),
        compare=Comparison(("mask", "known"), input_scored=False),
    )
)
