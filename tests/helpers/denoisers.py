"""A denoiser in one file: its settings, what it does, and how it is registered."""

import contextlib
from typing import Literal

import torch
from pydantic import Field
from torch.nn import functional as F

from untrained.denoisers.registry import DENOISERS, denoiser
from untrained.recipes import DenoiserSettings, denoiser_settings


class GaussianBlur(DenoiserSettings):
    kind: Literal["gaussian-blur"] = "gaussian-blur"
    width: float = Field(1.0, gt=0)

    def least_side(self, _channels):
        return 5


def gaussian_blur(image, sigma, settings, *, pilot):
    """Pictures only, and the more of it the stronger the noise."""
    places = torch.arange(-2.0, 3.0)
    kernel = torch.exp(-((places / settings.width) ** 2) / 2)
    kernel = (kernel[:, None] * kernel).div(kernel.sum() ** 2).expand(image.shape[1], 1, 5, 5)
    blurred = F.conv2d(F.pad(image, (2,) * 4, mode="reflect"), kernel, groups=image.shape[1])
    return image.lerp(blurred, min(1.0, 10 * sigma))


@contextlib.contextmanager
def registered(settings=GaussianBlur, function=gaussian_blur):
    """Known as long as the context lasts."""
    denoiser_settings(settings)
    denoiser(settings)(function)
    try:
        yield
    finally:
        denoiser_settings.remove(settings)
        DENOISERS.remove(settings)
