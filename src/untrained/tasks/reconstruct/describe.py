"""Reconstruction: a picture from a measurement of it, through an operator the user brings."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn

from untrained.arguments import Reads, checked, read, short
from untrained.noise import (
    Gaussian,
    Poisson,
    PoissonGaussian,
    Transmission,
    mean_squared_error,
    poisson_deviance,
)
from untrained.operators import Counts, Forward, Samples, Scaled, Whitening, Whole, along, prove
from untrained.picture.arrays import RealNumbers, as_tensor
from untrained.picture.picture import make_measured
from untrained.picture.sources import OfTensor
from untrained.problem.initial_guess import Guess, initial_guess
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement
from untrained.problem.measurement_noise import find_level
from untrained.problem.problem import Problem, ProblemError
from untrained.problem.rendering import Rendering
from untrained.problem.value_range import ToUnits, ValueRange, find_range, pressed_end
from untrained.system.torch_state import in_usual_state
from untrained.tasks.reconstruct.spec import ReconstructVariant


def read_noise(value: Any) -> Gaussian | Poisson | Transmission:
    """Read a noise model, or the level of a Gaussian one.

    Raises
    ------
    ProblemError
        If it is neither, or one that has no likelihood here.
    """
    if isinstance(value, Gaussian | Poisson | Transmission):
        return value
    if isinstance(value, PoissonGaussian):
        raise ProblemError(
            "PoissonGaussian has no likelihood here: give Poisson() for counts, or the level as a "
            "number and weights of 1 over the variance"
        )
    level: float = read("noise", float | Gaussian | Poisson | Transmission, value)
    if not level > 0:
        raise ProblemError(
            f"noise {level:g} is not a noise level: give a standard deviation above 0"
        )
    return Gaussian(level)


def _physics(value: Any) -> Any:
    """Take an operator of any kind.

    Raises
    ------
    ProblemError
        If it is none.
    """
    given = not isinstance(value, type) and value is not None
    flat = hasattr(value, "matvec") and hasattr(value, "rmatvec")
    if given and (callable(value) or callable(getattr(value, "A", None)) or flat):
        return value
    raise ProblemError(
        f"{short(value)} is not an operator: give an object with a method A, a function or a SciPy "
        "LinearOperator"
    )


Noise = Annotated[
    float | Gaussian | Poisson | Transmission,
    Reads(read_noise, "a number, a Gaussian, a Poisson or a Transmission"),
]
"""A noise model, or the level of a Gaussian one."""
Physics = Annotated[Any, Reads(_physics, "an operator")]
"""An operator of any kind."""


@in_usual_state()
@checked
def reconstruct(
    y: Any,
    physics: Physics,
    *,
    shape: tuple[int, ...] | None = None,
    noise: Noise | None = None,
    weights: RealNumbers | None = None,
    bounds: tuple[float | None, float | None] = (None, None),
    initial: Any = None,
) -> Problem:
    """Describe the reconstruction of a picture from a measurement ``y = A(x) + noise``.

    Parameters
    ----------
    y
        The measurement, NumPy or torch or the path of a file, real or complex, of the shape that A
        gives. The result comes back in its kind, in the units that A takes; a complex picture as
        two channels.
    physics
        A: an object with a method ``A`` on ``(1, C, H, W)``, and ``A_adjoint`` and ``A_dagger``
        where it has them, as deepinv's physics; a differentiable callable or module; or a SciPy
        LinearOperator on flat pictures. Linear or not.
    shape
        ``(C, H, W)`` or ``(H, W)`` of the picture; needed where no adjoint tells it.
    noise
        A number or `Gaussian`: standard deviation in the units of y (of complex y, that of either
        part); `Poisson` for photon counts; `Transmission` for log-transformed low-dose tomography.
        None: least squares; the level is estimated from a sinogram or k-space of ours, else
        unknown.
    weights
        Of each squared residual, 0 or more, broadcastable to y. For least squares only; a noise
        level is that of weight 1.
    bounds
        Least and largest value of the picture in its units; None for one that is found from the
        initial guess, with some margin.
    initial
        A first picture of `shape`, or a `Guess`, in place of that from ``A_dagger`` or the adjoint.

    Raises
    ------
    OperatorError
        If A fails, gives another shape, numbers that are not finite or no gradient, or its adjoint
        is none.
    RequestError
        If y, the weights, bounds, noise or the initial picture make no sense.
    """
    measurement = read("y", Annotated[Any, Reads(as_measurement, "a measurement")], y)
    size = _full(shape)
    forward = Forward(physics, size)
    counted = None if weights is None else _weights(weights, measurement)
    guess = (
        initial_guess(forward, measurement, size, counted)
        if initial is None
        else _given(initial, size)
    )
    proof = prove(forward, guess.picture, measurement)
    limits = find_range(bounds, guess.picture, guess.margin)
    request = _Request(forward, measurement, weights, limits, guess.picture.shape)
    level = None if noise is None else read_noise(noise)
    if level is None and weights is None:
        level = find_level(physics, measurement)
    posed = _posed(request, level)
    make_guide = partial(_guide, posed=posed, guess=guess, limits=limits)
    picture = make_measured(guess.picture, (limits.low, limits.high), _source(y))
    return Problem(
        task="reconstruct",
        picture=picture,
        measurement=Measurement(
            posed.y,
            posed.operator,
            posed.noise,
            data_term=poisson_deviance if isinstance(posed.noise, Poisson) else mean_squared_error,
            whitening=_whitening(physics, posed),
            hold_out_groups=_numbered(getattr(physics, "parts_axis", None), posed),
            subset_groups=_numbered(forward.subset_axis, posed),
        ),
        size=(picture.height, picture.width),
        channels=picture.channels,
        knowledge=Knowledge(guide=make_guide(posed.y), make_guide=make_guide),
        rendering=Rendering(to_output=limits.to_units),
        self_check=lambda result: pressed_end(result.pixels, limits, bounds),
        variant=_variant(posed),
        notes=(
            proof,
            f"initial guess: {guess.origin}",
            f"values of the picture lie between {limits.low:.4g} and {limits.high:.4g}",
            f"{posed.likelihood}{', estimated' if noise is None and level is not None else ''}",
        ),
    )


@dataclass(frozen=True, eq=False)
class _Request:
    """What is to be posed as a problem: all in the user's units."""

    forward: Forward
    measurement: Tensor
    weights: Any
    limits: ValueRange
    shape: torch.Size
    """Of the picture, ``(1, C, H, W)``."""


@dataclass(frozen=True, eq=False)
class _Posed:
    """A measurement as a vector of the samples that count, and A followed to it from [0, 1]."""

    y: Tensor
    operator: nn.Module
    noise: Gaussian | Poisson | None
    places: Tensor
    """Where its samples lie in the user's measurement, flattened."""
    restored: Callable[[Tensor], Tensor]
    """From the vector back to the user's units."""
    shape: torch.Size
    likelihood: str


def _posed(request: _Request, noise: Gaussian | Poisson | Transmission | None) -> _Posed:
    if isinstance(noise, Poisson | Transmission):
        return _counted(request, noise)
    measurement = request.measurement
    root = _weights(request.weights, measurement).sqrt()
    places = _places(request, root)
    picked, roots = measurement.flatten()[places], root.flatten()[places]
    gain = float((roots * picked).abs().square().mean()) ** 0.5
    if gain == 0:
        raise ProblemError("the measurement is zero wherever it counts: there is nothing to fit")
    factor = roots / gain
    operator = nn.Sequential(
        ToUnits(request.limits), Samples(request.forward, places, measurement.shape), Scaled(factor)
    )
    level = None if noise is None else Gaussian(noise.sigma / gain, clipped=False)
    stated = "level unknown" if noise is None else f"noise of standard deviation {noise.sigma:.4g}"
    return _Posed(
        y=picked * factor,
        operator=operator,
        noise=level,
        places=places,
        restored=lambda vector: vector / factor.to(vector.device),
        shape=measurement.shape,
        likelihood=f"least squares over {len(places)} of {measurement.numel()} samples, {stated}",
    )


def _counted(request: _Request, noise: Poisson | Transmission) -> _Posed:
    measurement = request.measurement
    if request.weights is not None:
        raise ProblemError("weights are for least squares: a Poisson likelihood has its own")
    if measurement.is_complex():
        raise ProblemError("complex measurements cannot be photon counts: give their noise level")
    transmitted = isinstance(noise, Transmission)
    if not transmitted and float(measurement.min()) < 0:
        raise ProblemError(f"photon counts of {float(measurement.min()):.4g}: none can be below 0")
    places = torch.arange(measurement.numel())
    parts: list[nn.Module] = [
        ToUnits(request.limits),
        Samples(request.forward, places, measurement.shape),
    ]
    vector, restored = measurement.flatten(), _same
    stated = "Poisson likelihood of photon counts"
    if isinstance(noise, Transmission):
        parts.append(Counts(noise.photons))
        vector, restored = noise.counts(vector), partial(_integrals, photons=noise.photons)
        stated = f"Poisson likelihood of {noise.photons:g} photons that were transmitted"
    return _Posed(
        y=vector,
        operator=nn.Sequential(*parts),
        noise=Poisson(),
        places=places,
        restored=restored,
        shape=measurement.shape,
        likelihood=stated,
    )


def _same(vector: Tensor) -> Tensor:
    return vector


def _integrals(counts: Tensor, *, photons: float) -> Tensor:
    return -torch.log(counts.clamp_min(0.5) / photons)


def _guide(vector: Tensor, *, posed: _Posed, guess: Guess, limits: ValueRange) -> Tensor:
    """Make the guide in [0, 1] from a measurement as posed."""
    whole = torch.zeros(posed.shape, dtype=vector.dtype, device=vector.device).flatten()
    whole[posed.places.to(vector.device)] = posed.restored(vector)
    picture = guess.make(whole.reshape(posed.shape)).to(vector.device)
    return limits.from_units(picture).detach().float().clamp(-0.5, 1.5)


def as_measurement(y: Any) -> Tensor:
    """Take a measurement: float32 or complex64 of its own shape, on the CPU.

    Raises
    ------
    ProblemError
        If it is no array, tensor or path, is empty or not finite.
    """
    if not isinstance(y, Tensor | np.ndarray | str | os.PathLike):
        raise ProblemError(
            f"{short(y)} is not a measurement: give an array, a tensor or the path of a file"
        )
    masked = int(np.ma.getmaskarray(y).sum()) if isinstance(y, np.ma.MaskedArray) else 0
    if masked:
        raise ProblemError(
            f"{masked} of the measurement's numbers are masked: set them to 0 and their weights too"
        )
    tensor = as_tensor(y)
    tensor = tensor.to(torch.complex64) if tensor.is_complex() else tensor.float()
    if broken := int((~tensor.isfinite()).sum()):
        raise ProblemError(
            f"{broken} of the measurement's {tensor.numel()} numbers are not finite: set them to 0 "
            "and their weights too"
        )
    return tensor


def _source(y: Any) -> OfTensor | None:
    """Say what the result is to become: a tensor of the type and device of y; None for NumPy."""
    if not isinstance(y, Tensor):
        return None
    real = y.detach().real
    floating = real.is_floating_point()
    return OfTensor(real.new_empty(0) if floating else real.new_empty(0, dtype=torch.float32))


def _full(shape: tuple[int, ...] | None) -> tuple[int, int, int] | None:
    if shape is None:
        return None
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise ProblemError(f"shape {shape} is not the shape of a picture: give (C, H, W) or (H, W)")
    channels, height, width = (1, *shape) if len(shape) == 2 else shape
    return int(channels), int(height), int(width)


def _given(initial: Any, shape: tuple[int, int, int] | None) -> Guess:
    if isinstance(initial, Guess):
        return initial
    picture: Tensor = read("initial", RealNumbers, initial).float()
    if picture.ndim in (2, 3):
        picture = picture.reshape(1, *((1,) if picture.ndim == 2 else ()), *picture.shape)
    fits = picture.ndim == 4 and picture.shape[0] == 1
    if not fits or (shape is not None and tuple(picture.shape[1:]) != shape):
        raise ProblemError(
            f"the initial picture has the shape {tuple(picture.shape)}: give "
            f"{'(1, C, H, W)' if shape is None else (1, *shape)}"
        )
    return Guess(picture, lambda _: picture, "as given")


def _weights(weights: Any, measurement: Tensor) -> Tensor:
    if weights is None:
        return torch.ones(measurement.shape)
    given: Tensor = weights.float()
    try:
        full = given.broadcast_to(measurement.shape)
    except RuntimeError as error:
        raise ProblemError(
            f"weights of shape {tuple(given.shape)} do not fit a measurement of "
            f"{tuple(measurement.shape)}"
        ) from error
    if not bool(full.isfinite().all()) or float(full.min()) < 0 or float(full.max()) == 0:
        raise ProblemError("weights must be finite, 0 or more, and not all 0")
    return full


def _places(request: _Request, root: Tensor) -> Tensor:
    """Samples that were measured: neither of weight 0, nor 0 in y and in A of a random picture."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        unit = torch.rand(request.shape, generator=generator)
        probe: Tensor = request.forward(request.limits.to_units(unit))
    counts: Tensor = ((probe != 0) | (request.measurement != 0)) & (root > 0)
    return counts.flatten().nonzero()[:, 0]


def _variant(posed: _Posed) -> ReconstructVariant:
    if posed.noise is None:
        return ""
    return "spectrum" if posed.y.is_complex() else "level"


def _whitening(physics: Any, posed: _Posed) -> nn.Module | None:
    """Whiten the residual, if the operator is one of ours that can."""
    if isinstance(posed.noise, Poisson) or not hasattr(physics, "whiten"):
        return None
    return nn.Sequential(Whole(posed.places, posed.shape), Whitening(physics))


def _numbered(axis: int | None, posed: _Posed) -> Tensor | None:
    """Number the samples by their index along an axis of the measurement, those left out apart."""
    if axis is None:
        return None
    numbers: Tensor = torch.unique(along(posed.places, posed.shape, axis), return_inverse=True)[1]
    return numbers
