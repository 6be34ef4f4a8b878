"""Phase retrieval without a network: initial guesses, and the algorithms to compare with.

All work on amplitudes y = |A x| and keep a real object real and non-negative, as a fit does.
"""

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.arguments import Within, checked, naming
from untrained.errors import RequestError
from untrained.operators import CodedDiffraction, PaddedFourier, Ptychography
from untrained.picture.arrays import RealNumbers
from untrained.picture.planes import Planes

Rounds = Annotated[int, Within(0, 10**6)]
"""An argument that counts iterations."""

_FAINT = 0.2
"""Intensities below this times their mean are raised to it before they are weighted."""


def spectral(
    operator: Callable[[Tensor], Tensor],
    transposed: Callable[[Tensor], Tensor],
    amplitudes: Tensor,
    rounds: int = 100,
) -> Tensor:
    """Compute the leading eigenvector of ``A* diag(1 - mean(y^2) / y^2) A``, by power iteration.

    The spectral initialisation of Candes, Li and Soltanolkotabi 2015 (doi 10.1109/TIT.2015.2399924)
    with the optimal weights of Luo, Alghamdi and Lu 2019 (doi 10.1109/TSP.2019.2904918).

    Parameters
    ----------
    operator, transposed
        A and its adjoint.
    amplitudes
        y, of the shape that A gives.
    rounds
        Iterations, beginning at an even picture.

    Returns
    -------
    ``(1, 1 or 2, H, W)``, scaled so that A of it has the energy of y.
    """
    power = amplitudes.square()
    share = power / power.mean().clamp_min(1e-30)
    votes = 1 - 1 / share.clamp_min(_FAINT)
    picture = torch.zeros_like(transposed(amplitudes.to(torch.complex64)))
    picture[:, 0] = 1
    # No eigenvalue below 0 may lead.
    lift = (1 / _FAINT - 1) * float(operator(picture / picture.norm()).abs().square().sum())
    for _ in range(rounds):
        picture = transposed(votes * operator(picture)) + lift * picture
        picture = picture / picture.norm().clamp_min(1e-30)
    if float(picture[:, 0].sum()) < 0:
        picture = -picture
    return _scaled(picture, operator(picture), amplitudes)


def _scaled(picture: Tensor, waves: Tensor, amplitudes: Tensor) -> Tensor:
    energy = max(float(waves.abs().square().sum()), 1e-30)
    scale: float = (float(amplitudes.square().sum()) / energy) ** 0.5
    return scale * picture


def centre_picture(operator: Ptychography, amplitudes: Tensor) -> Tensor:
    """Enlarge the picture through the pupil nearest the middle: a guess for ptychography.

    Parameters
    ----------
    operator
        A.
    amplitudes
        y, ``(1, pictures, h, w)``.

    Returns
    -------
    ``(1, 1 or 2, H, W)``; of a complex object the phase is 0.
    """
    seen = amplitudes[:, _outwards(operator)[:1]]
    scale = (seen.shape[-1] * seen.shape[-2] / (operator.size[0] * operator.size[1])) ** 0.5
    enlarged = F.interpolate(seen, size=operator.size, mode="bicubic", align_corners=False)
    picture = scale * enlarged.clamp_min(0)
    return torch.cat([picture, 0 * picture], dim=1) if operator.complex_picture else picture


@checked
def alternating_projections(
    operator: CodedDiffraction | PaddedFourier | Ptychography,
    amplitudes: RealNumbers,
    start: Planes,
    rounds: Rounds = 200,
) -> Tensor:
    """Alternate between the measured amplitudes and the pictures that are possible.

    Gerchberg and Saxton 1972 (Optik 35:237), error reduction in Fienup 1982.

    Parameters
    ----------
    operator
        A with ``A_dagger``.
    amplitudes
        y.
    start
        First picture, ``(1, 1 or 2, H, W)``.
    rounds
        Number of iterations.
    """
    _check_fit(operator, amplitudes, start)
    picture: Tensor = start
    for _ in range(rounds):
        picture = allowed(operator.A_dagger(amplitudes * _phase(operator(picture))))
    return picture


def _check_fit(
    operator: CodedDiffraction | PaddedFourier | Ptychography, amplitudes: Tensor, start: Tensor
) -> None:
    with naming("start"):
        shape = operator(start).shape
    if amplitudes.shape != shape:
        raise RequestError(
            f"amplitudes have the shape {tuple(amplitudes.shape)}: the operator gives "
            f"{tuple(shape)}"
        )


@checked
def wirtinger_flow(
    operator: CodedDiffraction | PaddedFourier | Ptychography,
    amplitudes: RealNumbers,
    start: Planes,
    rounds: Rounds = 2000,
) -> Tensor:
    """Descend ``sum (|A x|^2 - y^2)^2`` with the growing step of Candes et al. 2015, section II.

    Parameters
    ----------
    operator
        A.
    amplitudes
        y.
    start
        First picture, ``(1, 1 or 2, H, W)``: `spectral`.
    rounds
        Steps; the size of each is ``min(1 - exp(-step / 330), 0.2)`` in their units.
    """
    _check_fit(operator, amplitudes, start)
    power = amplitudes.square()
    norm = _squared_norm(operator, start)
    picture = start
    for step in range(1, rounds + 1):
        waves = operator(picture)
        gradient = operator.A_adjoint((waves.abs().square() - power) * waves)
        size = min(1 - float(torch.exp(torch.tensor(-step / 330))), 0.2)
        picture = allowed(picture - size / (norm * float(power.mean())) * gradient)
    return picture


def hybrid_input_output(
    operator: PaddedFourier,
    amplitudes: Tensor,
    *,
    starts: int = 8,
    rounds: int = 600,
    feedback: float = 0.9,
    seed: int = 0,
) -> Tensor:
    """Retrieve an object from its Fourier magnitudes by hybrid input-output (Fienup 1982).

    Each start has its own random phases. The last tenth of the rounds is error reduction. The
    picture with the nearest magnitudes is returned.

    Parameters
    ----------
    operator
        A.
    amplitudes
        y, ``(1, 1, h, w)``.
    starts
        Number of random starts, computed together.
    rounds
        Iterations of each.
    feedback
        Fienup's beta.
    seed
        Draws the phases.
    """
    real = not operator.complex_picture
    size = (int(amplitudes.shape[-2]), int(amplitudes.shape[-1]))
    y = torch.fft.ifftshift(amplitudes[0], dim=(-2, -1))
    if real:
        # A real object has equal magnitudes at a frequency and its negative: half is enough.
        y = ((y + y.flip(-2, -1).roll((1, 1), (-2, -1))) / 2)[..., : size[1] // 2 + 1]
    generator = torch.Generator().manual_seed(seed)
    turns = 2 * torch.pi * torch.rand((starts, *y.shape[-2:]), generator=generator)
    height, width = operator.size
    inside = torch.zeros(size, dtype=torch.bool)
    inside[:height, :width] = operator.support > 0
    field = _to_field(torch.polar(y.expand_as(turns).contiguous(), turns), size, real=real)
    for step in range(rounds):
        seen = _to_field(y * _phase(_to_waves(field)), size, real=real)
        fits = inside & (seen >= 0) if real else inside
        last = step >= 0.9 * rounds
        field = torch.where(fits, seen, 0 if last else field - feedback * seen)
    field = torch.where(fits, field, 0)
    best = int((_to_waves(field).abs() - y).square().sum(dim=(-2, -1)).argmin())
    picture = field[best, :height, :width][None, None]
    return picture if real else torch.cat([picture.real, picture.imag], dim=1)


def _to_waves(field: Tensor) -> Tensor:
    if field.is_complex():
        waves: Tensor = torch.fft.fft2(field, norm="ortho")
        return waves
    half: Tensor = torch.fft.rfft2(field, norm="ortho")
    return half


def _to_field(waves: Tensor, size: tuple[int, int], *, real: bool) -> Tensor:
    field: Tensor = (torch.fft.irfft2 if real else torch.fft.ifft2)(waves, s=size, norm="ortho")
    return field


def sequential_projections(
    operator: Ptychography, amplitudes: Tensor, start: Tensor, rounds: int = 100
) -> Tensor:
    """Impose the measured amplitude on the wave of one pupil after the other, from the middle out.

    The usual recovery in Fourier ptychography (Zheng, Horstmeyer and Yang 2013).

    Parameters
    ----------
    operator
        A.
    amplitudes
        y, ``(1, pictures, h, w)``.
    start
        First picture, ``(1, 1 or 2, H, W)``: `centre_picture`.
    rounds
        Passes over all pupils.
    """
    height, width = operator.pupil.shape
    back = operator.pupil.conj() / operator.pupil.abs().square().max()
    picture = start
    for _ in range(rounds):
        spectrum = _spectrum(_complex(picture))
        for each in _outwards(operator).tolist():
            top, left = operator.corners[each].tolist()
            place = (..., slice(top, top + height), slice(left, left + width))
            through = operator.pupil * spectrum[place]
            wave = amplitudes[:, each : each + 1] * _phase(_picture(through))
            spectrum[place] += back * (_spectrum(wave) - through)
        field = _picture(spectrum)
        real = torch.cat([field.real, field.imag], dim=1)
        picture = allowed(real if operator.complex_picture else field.real)
    return picture


def allowed(picture: Tensor) -> Tensor:
    """Clamp a real picture (one channel) to 0 or more; keep a complex one (two) as it is."""
    return picture.clamp_min(0) if picture.shape[1] == 1 else picture


def _outwards(operator: Ptychography) -> Tensor:
    """Order the pupils by their distance from the zero frequency."""
    rows, columns = operator.pupil.shape
    middles = operator.corners + torch.tensor([rows // 2, columns // 2])
    away = middles - torch.tensor([side // 2 for side in operator.size])
    return away.square().sum(dim=1).argsort(stable=True)


def _squared_norm(operator: CodedDiffraction | PaddedFourier | Ptychography, like: Tensor) -> float:
    """Compute the largest eigenvalue of ``A* A``, by power iteration."""
    vector = torch.rand(like.shape, generator=torch.Generator().manual_seed(0))
    for _ in range(20):
        vector = operator.A_adjoint(operator(vector / vector.norm()))
    return float(vector.norm())


def _phase(waves: Tensor) -> Tensor:
    """Scale waves to magnitude 1; 1 where a wave is 0."""
    size = waves.abs()
    return torch.where(size > 0, waves / size.clamp_min(1e-30), 1)


def _complex(picture: Tensor) -> Tensor:
    return torch.complex(picture[:, :1], picture[:, 1:]) if picture.shape[1] == 2 else picture


def _spectrum(wave: Tensor) -> Tensor:
    moved = torch.fft.fft2(torch.fft.ifftshift(wave, dim=(-2, -1)), norm="ortho")
    middle: Tensor = torch.fft.fftshift(moved, dim=(-2, -1))
    return middle


def _picture(spectrum: Tensor) -> Tensor:
    moved = torch.fft.ifft2(torch.fft.ifftshift(spectrum, dim=(-2, -1)), norm="ortho")
    middle: Tensor = torch.fft.fftshift(moved, dim=(-2, -1))
    return middle
