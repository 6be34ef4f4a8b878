"""How much a step computes."""

from torch.utils.flop_counter import FlopCounterMode

from untrained.fitting.device import choose_engine
from untrained.fitting.dry_run import dry_run
from untrained.problem.problem import Problem
from untrained.recipes import Recipe


def operations(problem: Problem, recipe: Recipe) -> int:
    """Count the floating-point operations of one forward and backward pass.

    Those of convolutions and matrix products, a multiplication and an addition counting two. Shapes
    alone are run, so that it takes no time, and no engine changes the count.
    """
    counter = FlopCounterMode(display=False)
    dry_run(problem, recipe, choose_engine("cpu", "float32"), counter)
    return int(counter.get_total_flops())
