"""Classical inpainting: methods that fill gaps without a fit."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from untrained.baselines.arrays import as_array, as_tensor
from untrained.baselines.registry import baseline
from untrained.errors import NotApplicable
from untrained.problem.problem import Problem


@baseline("nearest", "nearest pixel", ("inpaint",), needs="scipy.ndimage")
def nearest(problem: Problem) -> Tensor:
    """Copy the nearest known pixel."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    rows, columns = distance_transform_edt(
        _gaps(problem), return_distances=False, return_indices=True
    )
    return problem.measurement.y[..., rows, columns]


@baseline("biharmonic", "biharmonic", ("inpaint",), needs="skimage.restoration")
def biharmonic(problem: Problem) -> Tensor:
    """Solve the biharmonic equation in the gaps (Damelin and Hoang 2018, 10.1155/2018/3950312)."""
    from skimage.restoration import inpaint_biharmonic

    image = as_array(problem.measurement.y)
    return as_tensor(inpaint_biharmonic(image, _gaps(problem), channel_axis=-1))


def _gaps(problem: Problem) -> NDArray[np.bool_]:
    if problem.rendering.filled is None:
        raise NotApplicable("no pixel is missing")
    return np.asarray(problem.rendering.filled[0, 0].numpy(), dtype=bool)
