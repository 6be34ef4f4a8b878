"""Feature inversion, registered."""

from untrained.recipes.presets import fast, paper
from untrained.recipes.presets.total_variation import tv
from untrained.tasks.registry import TaskSpec, register_task

register_task(
    TaskSpec(
        name="invert",
        describe="untrained.tasks.invert.describe:invert",
        presets={"fast": fast.INVERT, "paper": paper.INVERT, "tv": tv(2.0)},
    )
)
