"""Adapters for foreign operators: deepinv physics, callables, SciPy's LinearOperator."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from untrained.errors import RequestError
from untrained.operators.subsets import subset, subset_axis


class OperatorError(RequestError):
    """An unusable operator; the message says what is wrong with it."""


class Forward(nn.Module):
    """A from real pictures ``(1, C, H, W)``, for any kind of operator.

    Parameters
    ----------
    physics
        An object with a method ``A`` (deepinv's physics), a callable on ``(1, C, H, W)``, or an
        object with ``matvec`` and ``rmatvec`` on flat pictures (SciPy's LinearOperator).
    shape
        ``(C, H, W)`` of the picture; needed by the last kind.
    """

    def __init__(self, physics: Any, shape: tuple[int, int, int] | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.complex_picture = False
        """Whether A takes complex pictures: the first half of the channels is the real part."""
        self.physics = _Flat(physics, shape) if _is_flat(physics) else physics

    def forward(self, image: Tensor) -> Tensor:
        """Apply A to a real picture."""
        if self.complex_picture:
            half = image.shape[1] // 2
            image = torch.complex(image[:, :half], image[:, half:])
        apply: Callable[[Tensor], Tensor] = getattr(self.physics, "A", self.physics)
        return apply(image)

    @property
    def subset_axis(self) -> int | None:
        """The axis of the measurement with entries that can be measured alone; None without one."""
        return subset_axis(self.physics)

    def subset(self, chosen: Tensor) -> "Forward":
        """Return the operator of some entries along `subset_axis`."""
        some = Forward(subset(self.physics, chosen), self.shape)
        some.complex_picture = self.complex_picture
        return some

    def method(self, name: str) -> Callable[[Tensor], Tensor] | None:
        """Look up ``A_adjoint`` or ``A_dagger``, with real pictures as results; None without it.

        A complex result becomes two halves of channels.
        """
        found = getattr(self.physics, name, None)
        if found is None:
            return None

        def apply(measurement: Tensor) -> Tensor:
            picture: Tensor = found(measurement)
            if picture.is_complex():
                return torch.cat([picture.real, picture.imag], dim=1)
            return torch.cat([picture, 0 * picture], dim=1) if self.complex_picture else picture

        return apply


def _is_flat(physics: Any) -> bool:
    return hasattr(physics, "matvec") and hasattr(physics, "rmatvec")


class _Flat(nn.Module):
    """An operator on flat NumPy vectors, differentiated by its adjoint."""

    def __init__(self, operator: Any, shape: tuple[int, int, int] | None) -> None:
        super().__init__()
        if shape is None:
            raise OperatorError("an operator on flat pictures needs their shape=(C, H, W)")
        count = shape[0] * shape[1] * shape[2]
        if operator.shape[1] != count:
            raise OperatorError(
                f"the operator takes {operator.shape[1]} numbers, a picture of shape {shape} has "
                f"{count}"
            )
        self.operator = operator
        self._shape = shape

    def A(self, image: Tensor) -> Tensor:
        measurement: Tensor = _Product.apply(image, self.operator)  # type: ignore[no-untyped-call]
        return measurement

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        if measurement.numel() != self.operator.shape[0]:
            raise OperatorError(
                f"the measurement has {measurement.numel()} numbers, the operator gives "
                f"{self.operator.shape[0]}"
            )
        return _multiplied(self.operator.rmatvec, measurement).reshape(1, *self._shape)


class _Product(torch.autograd.Function):
    """``A x`` by matvec, with rmatvec as its derivative."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, operator: Any) -> Tensor:
        ctx.operator, ctx.shape, ctx.real = operator, image.shape, not image.is_complex()
        return _multiplied(operator.matvec, image)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        back = _multiplied(ctx.operator.rmatvec, gradient).reshape(ctx.shape)
        return (back.real if ctx.real and back.is_complex() else back), None


def _multiplied(product: Callable[[Any], Any], vector: Tensor) -> Tensor:
    result = torch.as_tensor(product(vector.detach().cpu().numpy().ravel()))
    single = vector.real.dtype
    dtype = single if not result.is_complex() else torch.promote_types(single, torch.complex32)
    return result.to(vector.device, dtype)
