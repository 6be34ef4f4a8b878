"""Ordered subsets of an operator: some of its angles, coils, masks or pupils.

Such an operator names in `subset_axis` the axis of its measurement along which entries can be
measured alone; its method `subset` returns the operator of some of them.
"""

import copy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

_Module = TypeVar("_Module", bound=nn.Module)


def subset_axis(operator: Any) -> int | None:
    """Return the axis of the measurement along which an operator has parts; None without one."""
    axis: int | None = getattr(operator, "subset_axis", None)
    return axis


def subset(operator: Any, chosen: Tensor) -> Any:
    """Return the operator of some parts.

    Parameters
    ----------
    operator
        With a `subset_axis`.
    chosen
        Indices along that axis.
    """
    return operator.subset(chosen)


def narrowed(operator: Any, places: Tensor, shape: torch.Size) -> tuple[Any, Tensor, torch.Size]:
    """Find the smallest operator that still measures some samples.

    Parameters
    ----------
    operator
        Any; one without parts stays as it is.
    places
        Indices of the samples in its measurement, flattened.
    shape
        Shape of its measurement.

    Returns
    -------
    The operator of the parts that hold the samples, the indices of the samples in its measurement,
    and the shape of its measurement.
    """
    axis = subset_axis(operator)
    if axis is None:
        return operator, places, shape
    inner = shape[axis:][1:].numel()
    chosen, number = torch.unique(along(places, shape, axis), return_inverse=True)
    if len(chosen) == shape[axis]:
        return operator, places, shape
    outer = places // (inner * shape[axis])
    moved = (outer * len(chosen) + number) * inner + places % inner
    sizes = list(shape)
    sizes[axis] = len(chosen)
    return subset(operator, chosen), moved, torch.Size(sizes)


def along(places: Tensor, shape: torch.Size, axis: int) -> Tensor:
    """Compute the index along an axis of each place in a flattened array of this shape."""
    return places // shape[axis:][1:].numel() % shape[axis]


def with_buffers(module: _Module, **buffers: Tensor | None) -> _Module:
    """Copy a module, sharing all but these buffers."""
    other = copy.copy(module)
    other._buffers = {**module._buffers, **buffers}
    return other
