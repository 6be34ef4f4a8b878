"""A toy task: a picture dimmed by a known factor is made bright. Importing it registers it."""

from dataclasses import dataclass

import torch

from untrained.picture.taking import as_picture
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem
from untrained.recipes import Recipe
from untrained.tasks.registry import Command, Comparison, TaskSpec, register_task


class Dimmed(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, image):
        return image / self.factor


def brighten(image, factor=4.0):
    picture = as_picture(image)
    y, operator = observed(picture, Dimmed(factor))
    measurement = Measurement(y, operator)
    return Problem("toy", picture, measurement, picture.size, picture.channels)


@dataclass(frozen=True)
class ToyOptions:
    factor: float = 4.0
    """How many times darker the picture is."""
    gentle: bool = False
    """Brighten by half as much."""


def from_options(picture, options):
    return brighten(picture, options.factor / 2 if options.gentle else options.factor)


TOY = register_task(
    TaskSpec(
        name="toy",
        describe=brighten,
        presets={"fast": Recipe(name="fast", why="a toy", steps=4)},
        options=ToyOptions,
        from_options=from_options,
        command=Command(help="Brighten a dimmed picture.", input="The dark picture."),
        compare=Comparison(("factor",)),
    )
)
