"""Plan: which stages a fit has."""

from untrained.fitting.classical_estimate import ClassicalEstimate
from untrained.fitting.ensemble import Ensemble
from untrained.fitting.fusion import Fusion
from untrained.fitting.guiding_fit import GuidingFit
from untrained.fitting.refinement import Refinement
from untrained.fitting.stage import Stage
from untrained.problem.problem import Problem
from untrained.recipes import Recipe

_IN_ORDER: tuple[type[Stage], ...] = (GuidingFit, ClassicalEstimate, Ensemble, Refinement, Fusion)


def stages_of(problem: Problem, recipe: Recipe) -> tuple[list[type[Stage]], list[str]]:
    """List the stages that the recipe asks for and the problem allows, and what is left out.

    Returns
    -------
    The kinds of stages in their order; a sentence for each that does not apply, and why.
    """
    chosen, left_out = [], []
    for kind in _IN_ORDER:
        if not kind.wanted(recipe):
            continue
        reason = kind.reason_against(problem, recipe)
        if reason is None:
            chosen.append(kind)
        else:
            left_out.append(f"without the stage {kind.name}: {reason}")
    return chosen, left_out
