"""What the bench measures: the original way, the same network in our engine, our fast presets."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from untrained import tasks
from untrained.errors import RequestError
from untrained.evaluation.speed.original import Original
from untrained.evaluation.speed.scene import FACTOR, SIGMA
from untrained.fitting.device import Engine, choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.step import Step
from untrained.picture import reading
from untrained.problem.problem import Problem
from untrained.recipes import Recipe
from untrained.tasks.presets import preset


@dataclass(frozen=True)
class Configuration:
    """A way to run a task."""

    name: str
    """Short name, the key in the results."""
    title: str
    """Name shown in tables."""
    task: str
    preset: str
    original: bool = False
    """Whether to run the original way instead of our engine."""

    def problem(self, folder: Path) -> Problem:
        """Make the problem from the files that `scene.write_inputs` wrote."""
        if self.task == "upscale":
            return tasks.upscale(reading.read(folder / "small.png"), FACTOR)
        if self.task == "inpaint":
            mask = reading.read(folder / "mask.png")
            return tasks.inpaint(reading.read(folder / "damaged.png"), mask)
        return tasks.denoise(reading.read(folder / "noisy.png"), sigma=SIGMA)

    def recipe(self, problem: Problem) -> Recipe:
        """Look up the recipe; precision is automatic, but float32 in the original way."""
        precision = "float32" if self.original else "auto"
        found = preset(self.task, self.preset, variant=problem.variant)
        return found.model_copy(update={"precision": precision})

    def engine(self, recipe: Recipe, device: str) -> Engine:
        """Choose device and precision."""
        return choose_engine(device, recipe.precision)

    def begin(self, problem: Problem, recipe: Recipe, *, seed: int, device: str) -> Iterator[Step]:
        """Set up a fit."""
        engine = self.engine(recipe, device)
        if self.original:
            return Original(problem, recipe, seed=seed, device=engine.device)
        return Fit(problem, recipe, seed=seed, engine=engine)


ORIGINAL = Configuration(
    "original", "denoise, paper, original way", "denoise", "paper", original=True
)
FAST = Configuration("denoise-fast", "denoise, fast", "denoise", "fast")
CONFIGURATIONS = (
    ORIGINAL,
    Configuration("denoise-paper", "denoise, paper", "denoise", "paper"),
    FAST,
    Configuration("upscale-fast", f"upscale x{FACTOR}, fast", "upscale", "fast"),
    Configuration("inpaint-fast", "inpaint 50 %, fast", "inpaint", "fast"),
)


def configuration(name: str) -> Configuration:
    """Look up a configuration by its name.

    Raises
    ------
    RequestError
        If the name is unknown.
    """
    known = {each.name: each for each in CONFIGURATIONS}
    if name not in known:
        raise RequestError(f"unknown configuration {name!r}: choose from {', '.join(known)}")
    return known[name]
