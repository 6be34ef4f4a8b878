"""Deblocking, registered."""

from untrained.recipes.presets import ensembles, fast, paper
from untrained.recipes.presets.total_variation import tv
from untrained.tasks.registry import Command, Comparison, TaskSpec, register_task

register_task(
    TaskSpec(
        name="deblock",
        describe="untrained.tasks.deblock.describe:deblock",
        presets={"fast": fast.DEBLOCK, "paper": paper.DEBLOCK, "tv": tv(0.04)},
        # tables: the quantisation tables of the JPEG are known.
        variants=("", "tables"),
        variant_presets={("fast", "tables"): fast.DEBLOCK_TABLES},
        ensembles=ensembles.DEBLOCK,
        command=Command(
            help="Remove JPEG artefacts.", input="The picture with blocks and ringing."
        ),
        compare=Comparison(trained=True),
    )
)
