"""The initial guess: a first picture from the measurement alone, by a repeatable rule."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from untrained.noise import estimate_sigma
from untrained.numerics.piecewise_smooth import piecewise_smooth
from untrained.operators import Forward, OperatorError, adjoint, is_linear
from untrained.operators.checks import called, check_shape

NOISY = 0.3
"""Share of noise in a pseudo-inverse's variation above which least squares are the better guess."""

_FLATTER = 0.35
"""Margin of least squares, which flatten peaks."""

_ORIGIN = "least squares with a piecewise smooth picture"


@dataclass(frozen=True, eq=False)
class Guess:
    """A first picture and how it was made."""

    picture: Tensor
    """Real ``(1, C, H, W)``, in its own units."""
    make: Callable[[Tensor], Tensor]
    """Makes the guess for another measurement of the same shape."""
    origin: str
    """How it was made, in words."""
    margin: float = 0.2
    """How far the picture may reach beyond the guess, as a share of the guess's range."""


def initial_guess(
    forward: Forward,
    measurement: Tensor,
    shape: tuple[int, int, int] | None,
    weights: Tensor | None = None,
) -> Guess:
    """Make the picture by ``A_dagger``, or by least squares.

    Least squares with a piecewise smooth picture take its place where samples have weights, where
    what it gives is mostly noise, and where there is none. An operator without an adjoint is
    differentiated; a nonlinear operator gives a flat guess.

    Parameters
    ----------
    forward
        A; if its adjoint is complex, it is set to take complex pictures.
    measurement
        y.
    shape
        ``(C, H, W)``; None if ``A_adjoint`` or ``A_dagger`` gives it.
    weights
        Of the squared residuals, of the shape of y; None if all are 1.

    Raises
    ------
    OperatorError
        If one of the two fails, or the shape is unknown.
    """
    see_whether_complex(forward, measurement)
    dagger, transposed = forward.method("A_dagger"), forward.method("A_adjoint")
    if dagger is not None:
        picture = _picture("A_dagger of y", dagger, measurement)
        noise = _noisiness(picture)
        if weights is None and (noise <= NOISY or transposed is None):
            return Guess(picture, dagger, "A_dagger")
        reason = "of the weights" if weights is not None else f"{noise:.0%} of A_dagger is noise"
        origin = f"{_ORIGIN}, because {reason}"
    else:
        origin = _ORIGIN
    if transposed is None:
        return _derived(forward, measurement, shape, weights)
    shape_of = _picture("A_adjoint of y", transposed, measurement).shape

    def make(again: Tensor) -> Tensor:
        return _solved(forward, transposed, again, weights, shape_of)

    return Guess(make(measurement), make, origin, _FLATTER)


def _derived(
    forward: Forward,
    measurement: Tensor,
    shape: tuple[int, int, int] | None,
    weights: Tensor | None,
) -> Guess:
    if shape is None:
        raise OperatorError("the operator has no adjoint: give the picture's shape=(C, H, W)")
    flat = torch.full((1, *shape), 0.5)
    check_shape(called("the operator", forward, flat), measurement)
    with torch.no_grad():
        linear = is_linear(forward, flat)
    if not linear:
        return Guess(flat, lambda _: flat, "flat, because the operator is not linear")

    def transposed(residual: Tensor) -> Tensor:
        return adjoint(forward, residual, (shape[1], shape[2]), shape[0])

    def make(again: Tensor) -> Tensor:
        return _solved(forward, transposed, again, weights, flat.shape)

    try:
        return Guess(make(measurement), make, f"{_ORIGIN}, by the derivative", _FLATTER)
    except RuntimeError as error:
        raise OperatorError(f"the operator is not differentiable: {error}") from error


def see_whether_complex(forward: Forward, measurement: Tensor) -> None:
    """Set an operator whose adjoint is complex to take complex pictures."""
    found = getattr(forward.physics, "A_adjoint", None) or getattr(
        forward.physics, "A_dagger", None
    )
    if found is not None:
        forward.complex_picture = called("the adjoint of y", found, measurement).is_complex()


def _picture(what: str, make: Callable[[Tensor], Tensor], measurement: Tensor) -> Tensor:
    picture = called(what, make, measurement).detach()
    if picture.ndim != 4 or picture.shape[0] != 1:
        raise OperatorError(
            f"{what} gives the shape {tuple(picture.shape)}: a picture is (1, C, H, W), one at a "
            "time"
        )
    return picture


def _solved(
    forward: Forward,
    transposed: Callable[[Tensor], Tensor],
    measurement: Tensor,
    weights: Tensor | None,
    shape: torch.Size,
) -> Tensor:
    given = torch.ones((), device=measurement.device) if weights is None else weights
    with torch.no_grad():
        return piecewise_smooth(
            forward, transposed, measurement, given.to(measurement.device), shape
        )


def _noisiness(picture: Tensor) -> float:
    """Estimate the share of white noise in the variation of a picture, in [0, 1]."""
    low, high = float(picture.min()), float(picture.max())
    if high <= low:
        return 0.0
    unit = (picture - low) / (high - low)
    return min(1.0, estimate_sigma(unit) / max(float(unit.std()), 1e-12))
