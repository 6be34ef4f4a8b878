"""Interpolation of mosaics; the bilinear one is the initial guess of a fit."""

from torch import Tensor

from untrained.baselines.reconstruct import initial_guess
from untrained.baselines.registry import baseline
from untrained.errors import NotApplicable
from untrained.operators import Bayer
from untrained.problem.problem import Problem

baseline("bilinear", "bilinear", ("demosaic",))(initial_guess)


@baseline("malvar", "Malvar, He, Cutler", ("demosaic",))
def gradient_corrected(problem: Problem) -> Tensor:
    """Interpolate a mosaic with the filters of Malvar, He and Cutler (2004); see `Bayer`."""
    bayers = [part for part in problem.measurement.operator.modules() if isinstance(part, Bayer)]
    if not bayers or bayers[0] is not problem.measurement.operator:
        raise NotApplicable("it needs a mosaic without missing samples")
    if min(problem.size) < 3:
        raise NotApplicable(f"its filters need 3x3 pixels, not {problem.size[1]}x{problem.size[0]}")
    return bayers[0].gradient_corrected(problem.measurement.y)
