"""Convert pictures to the arrays of other packages and back."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def as_array(image: Tensor) -> NDArray[Any]:
    """Turn ``(1, C, H, W)`` into float64 ``(H, W, C)``."""
    return np.ascontiguousarray(image[0].permute(1, 2, 0).double().cpu().numpy())


def as_tensor(samples: NDArray[Any]) -> Tensor:
    """Turn ``(H, W, C)`` into float32 ``(1, C, H, W)``."""
    planes = np.ascontiguousarray(samples.transpose(2, 0, 1)[None], dtype=np.float32)
    return torch.from_numpy(planes)
