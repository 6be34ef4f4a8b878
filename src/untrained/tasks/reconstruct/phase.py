"""Phase retrieval: a picture from the magnitudes of waves alone."""

import dataclasses
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from untrained.arguments import Reads, checked, read
from untrained.noise import Gaussian, Poisson
from untrained.operators import (
    CodedDiffraction,
    Forward,
    Intensity,
    Magnitude,
    PaddedFourier,
    Pointwise,
    Ptychography,
    prove,
)
from untrained.operators.checks import called
from untrained.picture.arrays import RealNumbers
from untrained.problem.initial_guess import Guess, see_whether_complex
from untrained.problem.phase_retrieval import (
    allowed,
    alternating_projections,
    centre_picture,
    hybrid_input_output,
    sequential_projections,
    spectral,
)
from untrained.problem.problem import Problem, ProblemError
from untrained.system.torch_state import in_usual_state
from untrained.tasks.reconstruct.describe import (
    Physics,
    as_measurement,
    read_noise,
    reconstruct,
)
from untrained.tasks.reconstruct.spec import ReconstructVariant

Measured = Literal["amplitudes", "intensities"]


def _read_noise(value: Any) -> Gaussian | Poisson:
    found = read_noise(value)
    if not isinstance(found, Gaussian | Poisson):
        raise ProblemError(
            "Transmission is for tomography: give Poisson() for counts, or the level of amplitudes"
        )
    return found


PhaseNoise = Annotated[
    float | Gaussian | Poisson, Reads(_read_noise, "a number, a Gaussian or a Poisson")
]
"""A noise model of amplitudes, or the level of a Gaussian one."""

_MARGIN = 1.2
"""How much larger than in the guess a complex object's magnitude may be."""

_NOISY = 0.07
"""Noise of the amplitudes, over their root mean square, from which a guess is full of it."""

_COUNTED = 0.5
"""Noise of the root of a photon count."""

_PASSES = 20
"""Of sequential projections in the initial guess."""


@in_usual_state()
@checked
def phase(
    y: Any,
    physics: Physics,
    *,
    measured: Measured = "amplitudes",
    noise: PhaseNoise | None = None,
    weights: RealNumbers | None = None,
    bounds: tuple[float | None, float | None] | None = None,
    initial: Any = None,
) -> Problem:
    """Describe the retrieval of a picture from magnitudes, ``y = |A(x)| + noise``.

    Parameters
    ----------
    y
        Real, 0 or more, of the shape that A gives; NumPy or torch. The result comes back in its
        kind; a complex object as two channels, its real and imaginary part.
    physics
        A, linear, to complex waves: `PaddedFourier`, `CodedDiffraction`, `Ptychography`, or any
        object with ``A`` and ``A_adjoint``.
    measured
        Whether y are ``amplitudes``, or ``intensities``, their squares.
    noise
        A number or `Gaussian`: standard deviation of the amplitudes, about 0.5 where intensities
        are photon counts; least squares on amplitudes. `Poisson`: y are, or are the roots of,
        photon counts; the Poisson likelihood of intensities. None: least squares, level unknown.
    weights
        Of each squared residual of the amplitudes, as in `reconstruct`.
    bounds
        Least and largest value of the picture, or of either part of a complex one. When None, a
        real picture is not below 0 and the others are found from the initial guess.
    initial
        A first picture, in place of the guess.

    Raises
    ------
    OperatorError
        If A fails or its adjoint is none.
    RequestError
        If y is negative, complex or does not fit A, or another value makes no sense.
    """
    amplitudes = _amplitudes(y, measured)
    forward = Forward(physics)
    see_whether_complex(forward, amplitudes.to(torch.complex64))
    guess = _first(forward, amplitudes, initial, counted=isinstance(noise, Poisson))
    with torch.no_grad():
        waves = called("the operator", forward, guess.picture)
    proof = prove(forward, guess.picture, waves)
    last = Intensity() if isinstance(noise, Poisson) else Magnitude()
    problem = reconstruct(
        _in_kind(amplitudes.square() if isinstance(noise, Poisson) else amplitudes, y),
        Pointwise(forward, last),
        noise=noise,
        weights=weights,
        bounds=_bounds(guess.picture) if bounds is None else bounds,
        initial=guess,
    )
    return dataclasses.replace(
        problem,
        variant=_variant(noise, amplitudes, physics),
        notes=(proof, *problem.notes[1:]),
        ambiguous=True,
    )


def _amplitudes(y: Any, measured: Measured) -> Tensor:
    values: Tensor = read("y", Annotated[Any, Reads(as_measurement, "a measurement")], y)
    if values.is_complex():
        raise ProblemError(f"y, the measurement, is complex: {measured} are real, 0 or more")
    if negative := int((values < 0).sum()):
        raise ProblemError(
            f"{negative} of {values.numel()} {measured} in y are below 0, down to "
            f"{float(values.min()):.4g}: set them to 0"
        )
    return values if measured == "amplitudes" else values.sqrt()


def _first(forward: Forward, amplitudes: Tensor, initial: Any, *, counted: bool) -> Guess:
    """Make the first picture by the way that suits A."""
    transposed = forward.method("A_adjoint")
    if transposed is None:
        raise ProblemError("physics, an operator for phase retrieval, needs A_adjoint beside A")
    like = called("A_adjoint", transposed, amplitudes.to(torch.complex64))
    if initial is not None:
        given: Tensor = read("initial", RealNumbers, initial).float()
        if given.numel() != like.numel():
            raise ProblemError(
                f"the initial picture has the shape {tuple(given.shape)}: give {tuple(like.shape)}"
            )
        return Guess(given.reshape(like.shape), lambda _: given.reshape(like.shape), "as given")
    physics: Any = forward.physics

    def make(measurement: Tensor) -> Tensor:
        y = measurement.clamp_min(0).cpu()
        y = y.sqrt() if counted else y
        if isinstance(physics, PaddedFourier):
            return hybrid_input_output(physics, y)
        if isinstance(physics, Ptychography):
            return sequential_projections(physics, y, centre_picture(physics, y), _PASSES)
        start = allowed(spectral(forward, transposed, y))
        if isinstance(physics, CodedDiffraction):
            return alternating_projections(physics, y, start)
        return start

    with torch.no_grad():
        picture = make(amplitudes.square() if counted else amplitudes)
    return Guess(picture, make, _origin(physics))


def _variant(
    noise: float | Gaussian | Poisson | None, amplitudes: Tensor, physics: Any
) -> ReconstructVariant:
    if noise is None:
        return "phase"
    if isinstance(noise, Poisson):
        level = _COUNTED
    else:
        level = noise.sigma if isinstance(noise, Gaussian) else noise
    noisy = level > _NOISY * float(amplitudes.square().mean()) ** 0.5
    if noisy:
        return "phase-noisy"
    return "magnitude-level" if isinstance(physics, PaddedFourier) else "phase-level"


def _origin(physics: Any) -> str:
    if isinstance(physics, PaddedFourier):
        return "hybrid input-output, the best of some starts"
    if isinstance(physics, Ptychography):
        return "the picture through the middle pupil, enlarged, then sequential projections"
    if isinstance(physics, CodedDiffraction):
        return "spectral, then alternating projections"
    return "spectral"


def _bounds(guess: Tensor) -> tuple[float | None, float | None]:
    if guess.shape[1] == 1:
        return 0.0, None
    reach = _MARGIN * float(guess.square().sum(dim=1).quantile(0.999).sqrt())
    return -reach, reach


def _in_kind(values: Tensor, y: Any) -> Tensor | np.ndarray[Any, Any]:
    if not isinstance(y, Tensor):
        return np.asarray(values.numpy())
    return values.to(y) if y.is_floating_point() else values.to(y.device)
