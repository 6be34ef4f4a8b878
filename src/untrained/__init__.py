"""Image restoration with untrained networks: one picture in, one network fitted to it, one out."""

import importlib
from typing import TYPE_CHECKING, Any

from untrained.version import __version__ as __version__

_HOMES = {
    "untrained.picture.reading": ("read",),
    "untrained.picture.measurements": ("read_kspace",),
    "untrained.picture.writing": ("write",),
    "untrained.operators.classifiers": ("Model", "ModelError", "load_model"),
    "untrained.picture.picture": ("Picture", "as_picture", "as_volume"),
    "untrained.picture.samples": ("PictureError",),
    "untrained.problem.problem": ("Problem", "ProblemError"),
    "untrained.recipes.presets": ("known_presets", "preset"),
    "untrained.recipes": ("Recipe", "RecipeError", "read_recipe"),
    "untrained.fitting.restoration": ("Restoration",),
    "untrained.fitting.restore": ("restore", "watch"),
    "untrained.fitting.fit": ("Fit",),
    "untrained.fitting.shrinking": ("ElasticFit",),
    "untrained.fitting.step": ("Step",),
    "untrained.fitting.tiled": ("TiledStep",),
    "untrained.api.deepinv": ("UntrainedReconstructor",),
    "untrained.evaluation.report": ("write_report",),
    "untrained.noise": ("Gaussian", "Poisson", "PoissonGaussian", "Transmission"),
    "untrained.operators": (
        "Bayer",
        "FanBeam",
        "FourierSubsampling",
        "Radon",
        "blur",
        "gaussian_kernel",
        "CodedDiffraction",
        "PaddedFourier",
        "Ptychography",
        "disc",
        "octanary_masks",
        "pupil_grid",
    ),
    "untrained.api.verbs": (
        "deblock",
        "deblur",
        "demosaic",
        "denoise",
        "dream",
        "flash",
        "inpaint",
        "invert",
        "phase",
        "reconstruct",
        "upscale",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from untrained import tasks as tasks
    from untrained.api.deepinv import UntrainedReconstructor as UntrainedReconstructor
    from untrained.api.verbs import deblock as deblock
    from untrained.api.verbs import deblur as deblur
    from untrained.api.verbs import demosaic as demosaic
    from untrained.api.verbs import denoise as denoise
    from untrained.api.verbs import dream as dream
    from untrained.api.verbs import flash as flash
    from untrained.api.verbs import inpaint as inpaint
    from untrained.api.verbs import invert as invert
    from untrained.api.verbs import phase as phase
    from untrained.api.verbs import reconstruct as reconstruct
    from untrained.api.verbs import upscale as upscale
    from untrained.evaluation.report import write_report as write_report
    from untrained.fitting.fit import Fit as Fit
    from untrained.fitting.restoration import Restoration as Restoration
    from untrained.fitting.restore import restore as restore
    from untrained.fitting.restore import watch as watch
    from untrained.fitting.shrinking import ElasticFit as ElasticFit
    from untrained.fitting.step import Step as Step
    from untrained.fitting.tiled import TiledStep as TiledStep
    from untrained.noise import Gaussian as Gaussian
    from untrained.noise import Poisson as Poisson
    from untrained.noise import PoissonGaussian as PoissonGaussian
    from untrained.noise import Transmission as Transmission
    from untrained.operators import Bayer as Bayer
    from untrained.operators import CodedDiffraction as CodedDiffraction
    from untrained.operators import FanBeam as FanBeam
    from untrained.operators import FourierSubsampling as FourierSubsampling
    from untrained.operators import PaddedFourier as PaddedFourier
    from untrained.operators import Ptychography as Ptychography
    from untrained.operators import Radon as Radon
    from untrained.operators import blur as blur
    from untrained.operators import disc as disc
    from untrained.operators import gaussian_kernel as gaussian_kernel
    from untrained.operators import octanary_masks as octanary_masks
    from untrained.operators import pupil_grid as pupil_grid
    from untrained.operators.classifiers import Model as Model
    from untrained.operators.classifiers import ModelError as ModelError
    from untrained.operators.classifiers import load_model as load_model
    from untrained.picture.measurements import read_kspace as read_kspace
    from untrained.picture.picture import Picture as Picture
    from untrained.picture.picture import as_picture as as_picture
    from untrained.picture.reading import read as read
    from untrained.picture.samples import PictureError as PictureError
    from untrained.picture.writing import write as write
    from untrained.problem.problem import Problem as Problem
    from untrained.problem.problem import ProblemError as ProblemError
    from untrained.recipes import Recipe as Recipe
    from untrained.recipes import RecipeError as RecipeError
    from untrained.recipes import read_recipe as read_recipe
    from untrained.recipes.presets import known_presets as known_presets
    from untrained.recipes.presets import preset as preset


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562): importing the package loads no torch."""
    if name == "tasks":
        return importlib.import_module("untrained.tasks")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'untrained' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*sorted(_HOME_OF), "tasks", "__version__"]
