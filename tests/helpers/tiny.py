"""A recipe small enough to fit in milliseconds, and pictures for it."""

import dataclasses
from functools import cache

import numpy as np
import skimage.data
import torch

from untrained import tasks
from untrained.recipes import LatentPairing, Optimiser, Recipe, SkipNetwork

NETWORK = SkipNetwork(
    channels=(4, 8), skip=(2, 2), kernel_down=(3, 3), kernel_up=(3, 3), upsampling=("bilinear",) * 2
)


def tiny_recipe(**changes):
    settings = {
        "network": NETWORK,
        "pairing": LatentPairing(channels=4),
        "optimiser": Optimiser(step_size=0.01),
        "steps": 12,
        "precision": "float32",
    }
    return Recipe(**(settings | changes))


def posed(y, operator=None):
    """A problem with this y ``(1, C, H, W)`` and operator (the identity)."""
    problem = tasks.denoise(np.full((6, 9, 3), 0.5, np.float32), sigma=0.1)
    operator = torch.nn.Identity() if operator is None else operator
    measurement = dataclasses.replace(problem.measurement, y=y, operator=operator)
    return dataclasses.replace(problem, measurement=measurement)


def shortened(recipe, steps=1):
    """The same recipe, cut short: a pass or two of each kind, a guide of one step, two networks."""
    passes = tuple(each.model_copy(update={"count": 1 + each.shift_grid}) for each in recipe.passes)
    changes = {"steps": steps, "passes": passes, "ensemble_size": min(2, recipe.ensemble_size)}
    if recipe.guided_by is not None:
        changes["guided_by"] = shortened(recipe.guided_by)
    return recipe.model_copy(update=changes)


def photo(height=24, width=20):
    """A piece of scikit-image's astronaut, (H, W, 3) uint8."""
    return _astronaut()[100 : 100 + height, 200 : 200 + width].copy()


@cache
def _astronaut():
    """Decoding it takes longer than many a test."""
    return skimage.data.astronaut()
