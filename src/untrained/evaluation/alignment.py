"""Removes the ambiguities of phase retrieval before a metric: shift, half turn, phase.

Only reports and benches may use this file: no fit may see a clean picture.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def aligned(picture: Tensor, reference: Tensor) -> Tensor:
    """Shift, turn and rephase a picture to match a reference as closely as possible.

    The trivial ambiguities of Fourier magnitudes (Shechtman et al. 2015, doi
    10.1109/MSP.2014.2352673): shifts by whole pixels (filled with 0); the twin, turned by 180
    degrees and conjugated; a global phase, or a sign.

    Parameters
    ----------
    picture, reference
        Both ``(1, 1, H, W)`` real, or ``(1, 2, H, W)``: real and imaginary part.
    """
    wave, truth = _complex(picture), _complex(reference)
    tried = [_nearest(each, truth) for each in (wave, wave.conj().flip(-2, -1))]
    best = min(tried, key=lambda each: float((each - truth).abs().square().sum()))
    if picture.shape[1] == 1:
        return best.real.to(picture.dtype)
    return torch.cat([best.real, best.imag], dim=1).to(picture.dtype)


def _nearest(wave: Tensor, truth: Tensor) -> Tensor:
    """Shift and rephase to the peak of the cross-correlation."""
    height, width = truth.shape[-2:]
    size = (2 * height, 2 * width)
    spectra = torch.fft.fft2(truth, s=size) * torch.fft.fft2(wave, s=size).conj()
    correlation = torch.fft.ifft2(spectra)[0, 0]
    peak = int(correlation.abs().argmax())
    row, column = divmod(peak, size[1])
    value = correlation[row, column]
    padded = F.pad(torch.view_as_real(wave), (0, 0, 0, width, 0, height))
    moved = torch.view_as_complex(padded).roll((row, column), (-2, -1))[..., :height, :width]
    nearest: Tensor = moved * value / value.abs().clamp_min(1e-30)
    return nearest


def _complex(picture: Tensor) -> Tensor:
    double = picture.double()
    if picture.shape[1] == 2:
        return torch.complex(double[:, :1], double[:, 1:])
    return torch.complex(double, torch.zeros_like(double))
