"""A look into a fit, for tests of what its networks are given."""

from untrained.fitting.ensemble import Ensemble
from untrained.fitting.fit import Fit


def network_of(fit):
    """The network under way, begun when there is none; stages before it are run."""
    while not isinstance(fit, Fit):
        fit = fit._fit or fit._begin()
    while not isinstance(fit._begun(), Ensemble):
        next(fit)
    return fit._begun().network
