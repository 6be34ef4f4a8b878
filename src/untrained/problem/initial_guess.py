"""The initial guess: a first picture from the measurement alone, by a repeatable rule."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from untrained.noise import estimate_sigma
from untrained.operators import Forward, OperatorError, adjoint, inner, is_linear
from untrained.operators.checks import called, check_shape

NOISY = 0.3
"""Share of noise in a pseudo-inverse's variation above which the adjoint is the better guess."""


@dataclass(frozen=True, eq=False)
class Guess:
    """A first picture and how it was made."""

    picture: Tensor
    """Real ``(1, C, H, W)``, in its own units."""
    make: Callable[[Tensor], Tensor]
    """Makes the guess for another measurement of the same shape."""
    origin: str
    """How it was made, in words."""


def initial_guess(
    forward: Forward, measurement: Tensor, shape: tuple[int, int, int] | None
) -> Guess:
    """Make the picture by ``A_dagger``, or by the adjoint if that is mostly noise or absent.

    The adjoint is scaled to fit the measurement in the least-squares sense. An operator without one
    is differentiated; a nonlinear operator gives a flat guess.

    Parameters
    ----------
    forward
        A; if its adjoint is complex, it is set to take complex pictures.
    measurement
        y.
    shape
        ``(C, H, W)``; None if ``A_adjoint`` or ``A_dagger`` gives it.

    Raises
    ------
    OperatorError
        If one of the two fails, or the shape is unknown.
    """
    see_whether_complex(forward, measurement)
    dagger, transposed = forward.method("A_dagger"), forward.method("A_adjoint")
    if dagger is not None:
        picture = _picture("A_dagger", dagger, measurement)
        noise = _noisiness(picture)
        if noise <= NOISY or transposed is None:
            return Guess(picture, dagger, "A_dagger")
        origin = f"the adjoint, because {noise:.0%} of what A_dagger gives is noise"
    else:
        origin = "the adjoint"
    if transposed is None:
        return _derived(forward, measurement, shape)

    def make(again: Tensor) -> Tensor:
        return _fitted(forward, transposed(again), again)

    _picture("A_adjoint", transposed, measurement)
    return Guess(make(measurement), make, origin)


def _derived(forward: Forward, measurement: Tensor, shape: tuple[int, int, int] | None) -> Guess:
    if shape is None:
        raise OperatorError("the operator has no adjoint: give the picture's shape=(C, H, W)")
    flat = torch.full((1, *shape), 0.5)
    check_shape(called("the operator", forward, flat), measurement)
    with torch.no_grad():
        linear = is_linear(forward, flat)
    if not linear:
        return Guess(flat, lambda _: flat, "flat, because the operator is not linear")

    def make(again: Tensor) -> Tensor:
        back = adjoint(forward, again, (shape[1], shape[2]), shape[0])
        return _fitted(forward, back, again)

    try:
        return Guess(make(measurement), make, "the adjoint of the derivative")
    except RuntimeError as error:
        raise OperatorError(f"the operator is not differentiable: {error}") from error


def see_whether_complex(forward: Forward, measurement: Tensor) -> None:
    """Set an operator whose adjoint is complex to take complex pictures."""
    found = getattr(forward.physics, "A_adjoint", None) or getattr(
        forward.physics, "A_dagger", None
    )
    if found is not None:
        forward.complex_picture = called("the adjoint", found, measurement).is_complex()


def _picture(what: str, make: Callable[[Tensor], Tensor], measurement: Tensor) -> Tensor:
    picture = called(what, make, measurement).detach()
    if picture.ndim != 4 or picture.shape[0] != 1:
        raise OperatorError(
            f"{what} gives the shape {tuple(picture.shape)}: a picture is (1, C, H, W), one at a "
            "time"
        )
    return picture


def _fitted(forward: Forward, picture: Tensor, measurement: Tensor) -> Tensor:
    """Scale a picture so that A of it is closest to the measurement."""
    with torch.no_grad():
        seen = forward(picture)
    power = inner(seen, seen)
    scale = inner(seen, measurement) / power if power > 0 else 1.0
    return (scale * picture).detach()


def _noisiness(picture: Tensor) -> float:
    """Estimate the share of white noise in the variation of a picture, in [0, 1]."""
    low, high = float(picture.min()), float(picture.max())
    if high <= low:
        return 0.0
    unit = (picture - low) / (high - low)
    return min(1.0, estimate_sigma(unit) / max(float(unit.std()), 1e-12))
