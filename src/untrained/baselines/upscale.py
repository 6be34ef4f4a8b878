"""Interpolation, to enlarge a picture."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrained.baselines.registry import baseline
from untrained.problem.problem import Problem


@baseline("bicubic", "bicubic", ("upscale",), needs="PIL.Image")
def bicubic(problem: Problem) -> Tensor:
    """Interpolate with cubic convolution, a = -0.5 (Keys 1981, doi 10.1109/TASSP.1981.1163711)."""
    from PIL.Image import Resampling  # noqa: PLC0415

    return _resized(problem, Resampling.BICUBIC)


@baseline("lanczos", "Lanczos", ("upscale",), needs="PIL.Image")
def lanczos(problem: Problem) -> Tensor:
    """Interpolate with a sinc windowed to three lobes (Duchon 1979)."""
    from PIL.Image import Resampling  # noqa: PLC0415

    return _resized(problem, Resampling.LANCZOS)


def _resized(problem: Problem, kernel: Any) -> Tensor:
    from PIL import Image  # noqa: PLC0415

    height, width = problem.size
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), kernel))
        for plane in problem.picture.pixels[0].numpy()
    ]
    return torch.from_numpy(np.stack(planes))[None]
