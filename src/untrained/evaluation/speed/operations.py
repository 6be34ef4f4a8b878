"""Counts the floating-point operations of a step."""

from torch.utils.flop_counter import FlopCounterMode

from untrained.fitting.device import choose_engine
from untrained.fitting.dry_run import dry_run
from untrained.problem.problem import Problem
from untrained.recipes import Recipe


def operations(problem: Problem, recipe: Recipe) -> int:
    """Count the floating-point operations of one forward and backward pass.

    Only convolutions and matrix products count; a multiplication and an addition count as two. The
    dry run propagates shapes only, so it is fast, and the count does not depend on the engine.
    """
    counter = FlopCounterMode(display=False)
    dry_run(problem, recipe, choose_engine("cpu", "float32"), counter)
    return int(counter.get_total_flops())
