"""Run one step on fake tensors, to count its operations or its memory."""

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from untrained.fitting.build_network import build_network
from untrained.fitting.device import Engine
from untrained.fitting.penalties import measure
from untrained.pairings.factory import input_channels
from untrained.problem.problem import Problem
from untrained.recipes import Recipe


def dry_run(
    problem: Problem, recipe: Recipe, engine: Engine, watching: AbstractContextManager[Any]
) -> int:
    """Build the network and run it forward and backward without computing anything.

    Fake tensors have a shape, type and device but no memory: it takes a fraction of a second for
    any picture.

    Parameters
    ----------
    problem, recipe
        What the step would fit, and how.
    engine
        The step has its precision; the fake tensors always lie on a CPU.
    watching
        Entered around the step, so that it sees every operation.

    Returns
    -------
    Bytes of the network's weights.
    """
    engine = Engine(torch.device("cpu"), engine.precision, engine.why)
    channels_in = input_channels(recipe.pairing, problem)
    if recipe.guided_by is not None:
        channels_in += problem.channels
    with FakeTensorMode(allow_non_fake_inputs=True), watching:
        built = build_network(recipe.network, channels_in, problem.channels, problem.size, 0)
        image = engine.run(built.network, torch.empty((1, channels_in, *built.input_size)))
        measurement = problem.measurement
        loss = measurement.error(measurement.operator(image), measurement.y)
        for settings in (recipe.total_variation, recipe.sparsity):
            if settings is not None:
                loss = loss + settings.weight * measure(settings)(image)
        loss.backward()
        return sum(weights.nbytes for weights in built.network.parameters())
