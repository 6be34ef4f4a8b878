"""The tasks: each describes a Problem; none solves it."""

from untrained.tasks.deblock import deblock
from untrained.tasks.deblur import deblur
from untrained.tasks.demosaic import demosaic
from untrained.tasks.denoise import denoise
from untrained.tasks.dream import dream
from untrained.tasks.flash import flash
from untrained.tasks.inpaint import inpaint
from untrained.tasks.invert import invert
from untrained.tasks.phase import phase
from untrained.tasks.reconstruct import reconstruct
from untrained.tasks.upscale import upscale

__all__ = [
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
]
