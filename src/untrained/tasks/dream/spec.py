"""Activation maximisation, registered."""

from untrained.recipes.presets import fast, paper
from untrained.recipes.presets.total_variation import tv
from untrained.tasks.registry import TaskSpec, register_task

register_task(
    TaskSpec(
        name="dream",
        describe="untrained.tasks.dream.describe:dream",
        presets={"fast": fast.DREAM, "paper": paper.DREAM, "tv": tv(100.0)},
    )
)
