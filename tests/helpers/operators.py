"""Every linear operator for `reconstruct`, with the shape of a picture for it."""

import torch

from untrained.operators import (
    Bayer,
    CodedDiffraction,
    FanBeam,
    FourierSubsampling,
    PaddedFourier,
    Ptychography,
    Radon,
    blur,
    disc,
    gaussian_kernel,
    octanary_masks,
    pupil_grid,
)

SOURCE = torch.Generator().manual_seed(5)


def half(height, width):
    return torch.rand(height, width, generator=SOURCE) < 0.6


def coils(count, height, width):
    parts = torch.randn(2, count, height, width, generator=SOURCE)
    return torch.complex(*parts)


CASES = {
    "blur": (blur(gaussian_kernel(0.7)), (1, 3, 13, 12)),
    "blur 2x3": (blur(torch.rand(2, 3, generator=SOURCE)), (1, 1, 7, 6)),
    "blur 1x1": (blur([[2.0]]), (1, 1, 3, 4)),
    "bayer": (Bayer("GRBG", (5, 6)), (1, 3, 5, 6)),
    "radon even": (Radon([0, 30, 75.5, 90, 170], 8), (1, 1, 8, 8)),
    "radon odd": (Radon([0, 45, 131], 7), (1, 2, 7, 7)),
    "fan even": (
        FanBeam([0, 30, 75.5, 200], 8, source_distance=9, detector_distance=4),
        (1, 1, 8, 8),
    ),
    "fan odd": (
        FanBeam([3, 131], 7, source_distance=20, detector_distance=0, bins=10, bin_width=0.7),
        (1, 2, 7, 7),
    ),
    "fourier": (FourierSubsampling(half(6, 5)), (1, 1, 6, 5)),
    "fourier lines": (FourierSubsampling(half(1, 7)[0], height=4), (1, 1, 4, 7)),
    "fourier complex": (FourierSubsampling(half(5, 8), complex_picture=True), (1, 2, 5, 8)),
    "fourier coils": (FourierSubsampling(half(6, 6), coils(3, 6, 6)), (1, 1, 6, 6)),
    "fourier coils complex": (
        FourierSubsampling(half(4, 5), coils(2, 4, 5), complex_picture=True),
        (1, 2, 4, 5),
    ),
    "padded": (PaddedFourier((5, 8), 2.0), (1, 1, 5, 8)),
    "padded odd": (PaddedFourier((3, 5), 1.5, half(3, 5)), (1, 1, 3, 5)),
    "padded complex": (PaddedFourier((4, 3), 1.0, complex_picture=True), (1, 2, 4, 3)),
    "coded": (CodedDiffraction(octanary_masks(3, (5, 6))), (1, 1, 5, 6)),
    "coded complex": (CodedDiffraction(coils(2, 4, 5), complex_picture=True), (1, 2, 4, 5)),
    "ptychography": (Ptychography(pupil_grid(2, 2, 0.3), disc(2, 5), (9, 12)), (1, 1, 9, 12)),
    "ptychography one": (Ptychography([[1, -1]], coils(1, 3, 4)[0], (8, 7)), (1, 1, 8, 7)),
    "ptychography complex": (
        Ptychography(pupil_grid(2, 1.5, 0), disc(1.5, 4), (8, 9), complex_picture=True),
        (1, 2, 8, 9),
    ),
}
