"""How much a step computes."""

import copy

import torch
from torch.utils.flop_counter import FlopCounterMode

from untrained.architecture import build_network
from untrained.pairings import input_channels
from untrained.problem import Problem
from untrained.recipes import Recipe


def operations(problem: Problem, recipe: Recipe) -> int:
    """Count the floating-point operations of one forward and backward pass.

    Those of convolutions and matrix products, a multiplication and an addition counting two. Shapes
    alone are run, so that it takes no time, and no engine changes the count.
    """
    channels_in = input_channels(recipe.pairing, problem)
    if recipe.guided_by is not None:
        channels_in += problem.channels
    network, size = build_network(recipe.network, channels_in, problem.channels, problem.size, 0)
    meta = torch.device("meta")
    network, operator = network.to(meta), copy.deepcopy(problem.operator).to(meta)
    with FlopCounterMode(display=False) as counter:
        image = network(torch.empty((1, channels_in, *size), device=meta))
        problem.misfit(operator(image), problem.measurement.to(meta)).backward()
    return int(counter.get_total_flops())
