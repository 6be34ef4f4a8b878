"""Noise: models, data terms, and detection from the picture alone.

* `models`: Gaussian, Poisson, Poisson-Gaussian, impulse, transmission
* `data_terms`: the distance of a prediction from a measurement
* `detection`: which noise a picture has
* `level_estimation`, `curve`: its level; its level as a function of brightness
* `flat_blocks`: blocks without structure
* `correlated`: grain of photographs
* `impulses`: replaced samples
* `anscombe`: variance stabilisation
* `clipping`: the bias of clipped noise
"""

from untrained.noise.anscombe import Stabiliser
from untrained.noise.clipping import Clipping, find_clipping
from untrained.noise.data_terms import (
    LEAST_RATE,
    mean_squared_error,
    pearson_residual,
    poisson_deviance,
    relative_squared_error,
)
from untrained.noise.detection import (
    FAINT,
    Detection,
    asked_light,
    describe_light,
    find_level,
    find_noise,
)
from untrained.noise.impulses import Impulses, asked_impulses, surroundings
from untrained.noise.level_estimation import estimate_sigma
from untrained.noise.models import Gaussian, Impulse, Poisson, PoissonGaussian, Transmission

__all__ = [
    "FAINT",
    "LEAST_RATE",
    "Clipping",
    "Detection",
    "Gaussian",
    "Impulse",
    "Impulses",
    "Poisson",
    "PoissonGaussian",
    "Stabiliser",
    "Transmission",
    "asked_impulses",
    "asked_light",
    "describe_light",
    "estimate_sigma",
    "find_clipping",
    "find_level",
    "find_noise",
    "mean_squared_error",
    "pearson_residual",
    "poisson_deviance",
    "relative_squared_error",
    "surroundings",
]
