"""Operators of which a part can be measured without the rest: some angles, coils, masks, pupils.

Such an operator says in `subset_axis` along which axis of its measurement the parts lie, and its
method `subset` gives the operator of some of them.
"""

import copy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

_Module = TypeVar("_Module", bound=nn.Module)


def subset_axis(operator: Any) -> int | None:
    """Say along which axis of its measurement an operator has parts; None when it has none."""
    axis: int | None = getattr(operator, "subset_axis", None)
    return axis


def subset(operator: Any, chosen: Tensor) -> Any:
    """Give the operator of some parts.

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
        Of the samples in its measurement, flattened.
    shape
        Of its measurement.

    Returns
    -------
    The operator of the parts that hold the samples, where they lie in its measurement, and the
    shape of that.
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
    """Index along an axis of each place in a flattened array of this shape."""
    return places // shape[axis:][1:].numel() % shape[axis]


def with_buffers(module: _Module, **buffers: Tensor | None) -> _Module:
    """Copy a module, sharing all but these buffers."""
    other = copy.copy(module)
    other._buffers = {**module._buffers, **buffers}
    return other
