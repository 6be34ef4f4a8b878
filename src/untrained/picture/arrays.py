"""Take arrays of numbers of any kind as tensors: measurements, kernels, masks, angles."""

import os
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from untrained.arguments import Reads, short
from untrained.picture.measurements import read_array
from untrained.picture.samples import PictureError
from untrained.picture.taking import to_numpy
from untrained.system.torch_state import in_usual_state

KINDS = "an array of numbers, a tensor, a list or the path of a file"
"""What counts as an array, in words."""


@in_usual_state()
def as_tensor(value: Any) -> Tensor:
    """Copy numbers of any kind to a tensor of their own type and shape, on the CPU.

    Parameters
    ----------
    value
        An array of any byte order and layout, a tensor of any device, a list (of lists), a number,
        or a path, as for `read_array`.

    Raises
    ------
    PictureError
        If it holds no numbers, or none at all; if something is masked.
    """
    array = _array(value)
    if array.size == 0:
        raise PictureError(f"{short(value)} is empty: give at least one number")
    if array.dtype.kind not in "buifc":
        raise PictureError(f"{short(value)} holds no numbers: give {KINDS}")
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            raise PictureError("some numbers are masked: fill them first")
        array = array.data
    if array.dtype in (np.longdouble, np.clongdouble):
        array = array.astype(np.float64 if array.dtype.kind == "f" else np.complex128)
    native = array.astype(array.dtype.newbyteorder("="), order="C", copy=True)
    return torch.from_numpy(native)


def real_tensor(value: Any) -> Tensor:
    """Copy finite real numbers to a tensor, as `as_tensor` does.

    Raises
    ------
    PictureError
        If they are complex or not finite, or as for `as_tensor`.
    """
    return _finite(_real(as_tensor(value), value))


def finite_tensor(value: Any) -> Tensor:
    """Copy finite numbers, real or complex, to a tensor, as `as_tensor` does.

    Raises
    ------
    PictureError
        If one is not finite, or as for `as_tensor`.
    """
    return _finite(as_tensor(value))


Numbers = Annotated[Any, Reads(finite_tensor, KINDS)]
"""An argument that is an array of finite numbers, real or complex."""
RealNumbers = Annotated[Any, Reads(real_tensor, KINDS)]
"""An argument that is an array of finite real numbers."""


def _array(value: Any) -> Any:
    if isinstance(value, Tensor):
        return to_numpy(value)
    if isinstance(value, str | os.PathLike):
        return read_array(value)
    if value is None or isinstance(value, type | bytes | set | dict):
        raise PictureError(f"{short(value)} holds no numbers: give {KINDS}")
    try:
        return np.asanyarray(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise PictureError(f"{short(value)} holds no numbers: give {KINDS}") from error


def _real(tensor: Tensor, value: Any) -> Tensor:
    if tensor.is_complex():
        raise PictureError(f"{short(value)} is complex: give real numbers")
    return tensor


def _finite(tensor: Tensor) -> Tensor:
    if broken := int((~tensor.isfinite()).sum()):
        raise PictureError(
            f"{broken} of {tensor.numel()} numbers are not finite: give finite numbers"
        )
    return tensor
