"""Estimate coil sensitivities from the middle of k-space alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from untrained.arguments import checked
from untrained.errors import RequestError
from untrained.picture.arrays import Numbers, RealNumbers

_KERNEL = 6
"""Side of the patches of k-space."""

_LARGEST = 24
"""Longest side of the calibration region."""

_SMALLEST = 10
"""Shortest side of the calibration region."""

_FAINT = 0.02
"""Singular values below this times the largest are noise (Uecker et al. 2014, section 3)."""

_SQUARINGS = 5
_ROWS = 16


@checked
def estimate_sensitivities(kspace: Numbers, mask: RealNumbers) -> tuple[Tensor, tuple[int, int]]:
    """Estimate sensitivities by ESPIRiT (Uecker et al. 2014, doi 10.1002/mrm.24751).

    The coils see one object, so patches of the fully sampled middle of k-space span a small space.
    At each pixel the sensitivities are the eigenvector, to the largest eigenvalue, of the
    projection onto that space. Their phase makes the object real at low resolution, so that a real,
    non-negative picture can be fitted.

    Parameters
    ----------
    kspace
        Complex ``(coils, H, W)``, the zero frequency in the middle.
    mask
        What was measured, ``(H, W)`` of 0 and 1.

    Returns
    -------
    The sensitivities, complex ``(coils, H, W)``, of unit length at each pixel: the picture is in
    units of the root of the sum of squares. Then height and width of the calibration region.

    Raises
    ------
    RequestError
        If the middle of k-space was measured over too few samples.
    """
    if kspace.ndim != 3:
        raise RequestError(f"kspace has the shape {tuple(kspace.shape)}: give (coils, H, W)")
    if mask.shape != kspace.shape[1:]:
        raise RequestError(
            f"mask has the shape {tuple(mask.shape)}, the k-space {tuple(kspace.shape[1:])}: they "
            "must match"
        )
    rows, columns = calibration_region(mask)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if min(height, width) < _SMALLEST:
        raise RequestError(
            f"the fully sampled middle of k-space is {width}x{height} samples, too few to estimate "
            f"sensitivities ({_SMALLEST}x{_SMALLEST} are needed): give those of the coils"
        )
    middle = kspace[:, rows, columns].to(torch.complex64)
    if not bool(middle.any()):
        raise RequestError("the middle of k-space is zero: no sensitivities can be estimated")
    kernels = _signal_space(middle)
    size = (int(kspace.shape[-2]), int(kspace.shape[-1]))
    maps = torch.cat([_strip(kernels, part, size) for part in torch.arange(size[0]).split(_ROWS)])
    maps = maps.permute(2, 0, 1)
    seen = (maps.conj() * _low_resolution(middle, (rows, columns), size)).sum(dim=0)
    return maps * torch.polar(torch.ones(size), seen.angle()), (height, width)


def beyond_real(kspace: Tensor, sensitivities: Tensor | None, mask: Tensor) -> float:
    """Compute how much of an object at low resolution is not real and non-negative.

    Parameters
    ----------
    kspace
        Complex ``(coils, H, W)``, the zero frequency in the middle.
    sensitivities
        Those of the coils, ``(coils, H, W)``; None for a single coil of even sensitivity.
    mask
        What was measured, ``(H, W)`` of 0 and 1.

    Returns
    -------
    Its share of the energy, in [0, 1]; 0 where the middle of k-space was not measured.
    """
    region = calibration_region(mask)
    seen = _low_resolution(kspace[:, *region].to(torch.complex64), region, mask.shape)
    if sensitivities is not None:
        seen = seen * sensitivities.conj()
    low = seen.sum(dim=0)
    energy = float(low.abs().square().sum())
    explained = float(low.real.clamp_min(0).square().sum())
    return 1 - explained / energy if energy > 0 else 0.0


def calibration_region(mask: Tensor) -> tuple[slice, slice]:
    """Find the fully measured rows and columns around the middle of k-space, up to a limit.

    Parameters
    ----------
    mask
        ``(H, W)`` of 0 and 1, the zero frequency at ``H // 2, W // 2``.
    """
    known, middle = mask.bool(), [side // 2 for side in mask.shape]
    ends = [[place, place + 1] for place in middle]
    if not bool(known[middle[0], middle[1]]):
        return slice(middle[0], middle[0]), slice(middle[1], middle[1])
    sides = [(0, 0), (1, 0), (0, 1), (1, 1)]
    while sides:
        axis, end = sides.pop(0)
        trial = [list(pair) for pair in ends]
        trial[axis][end] += 1 if end else -1
        (top, bottom), (left, right) = trial
        fits = min(top, left) >= 0 and bottom <= known.shape[0] and right <= known.shape[1]
        small = trial[axis][1] - trial[axis][0] <= _LARGEST
        if fits and small and bool(known[top:bottom, left:right].all()):
            ends = trial
            sides.append((axis, end))
    return slice(*ends[0]), slice(*ends[1])


def _signal_space(middle: Tensor) -> Tensor:
    """Compute orthonormal patches that span those of the middle: ``(number, coils, k, k)``."""
    patches = middle.unfold(1, _KERNEL, 1).unfold(2, _KERNEL, 1)
    coils = len(middle)
    vectors = patches.permute(1, 2, 0, 3, 4).reshape(-1, coils * _KERNEL**2)
    powers, space = torch.linalg.eigh(vectors.T @ vectors.conj())
    strong = powers > _FAINT**2 * powers[-1]
    spanning: Tensor = space[:, strong].T
    return spanning.reshape(-1, coils, _KERNEL, _KERNEL)


def _strip(kernels: Tensor, rows: Tensor, size: tuple[int, int]) -> Tensor:
    """Compute the sensitivities in some rows: ``(rows, W, coils)``, of unit length."""
    down = _waves(rows, size[0])
    across = _waves(torch.arange(size[1]), size[1])
    seen = torch.einsum("ncij,yi,xj->yxnc", kernels, down, across) / _KERNEL
    projector = torch.einsum("yxnc,yxnd->yxcd", seen, seen.conj())
    for _ in range(_SQUARINGS):
        projector = projector @ projector
        projector = projector / projector.abs().amax(dim=(-2, -1), keepdim=True).clamp_min(1e-30)
    lengths = projector.abs().square().sum(dim=-2)
    column = lengths.argmax(dim=-1)[..., None, None].expand(*projector.shape[:-1], 1)
    vector = projector.gather(-1, column)[..., 0]
    length = vector.abs().square().sum(dim=-1, keepdim=True).sqrt()
    unit: Tensor = vector / length.clamp_min(1e-30)
    return unit


def _waves(places: Tensor, side: int) -> Tensor:
    """Evaluate the waves of a patch's samples at places counted from the middle of a side."""
    phase = torch.outer(places - side // 2, torch.arange(_KERNEL)) * (2 * torch.pi / side)
    return torch.polar(torch.ones_like(phase), phase)


def _low_resolution(middle: Tensor, region: tuple[slice, slice], size: Sequence[int]) -> Tensor:
    """Compute each coil's picture from the middle of k-space, its edge faded out."""
    height, width = middle.shape[-2:]
    fade = torch.outer(
        torch.hann_window(height + 2, periodic=False)[1:-1],
        torch.hann_window(width + 2, periodic=False)[1:-1],
    )
    whole = torch.zeros((len(middle), *size), dtype=middle.dtype)
    whole[:, region[0], region[1]] = middle * fade
    shifted = torch.fft.ifft2(torch.fft.ifftshift(whole, dim=(-2, -1)), norm="ortho")
    pictures: Tensor = torch.fft.fftshift(shifted, dim=(-2, -1))
    return pictures
