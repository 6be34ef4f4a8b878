"""Waves whose magnitude alone is detected: far field, coded diffraction, ptychography.

The operators here are the linear part, from a picture to complex waves; `tasks.phase` appends
`Magnitude`. All use the orthonormal Fourier transform. A picture is real with one channel, or
complex with two: the real and the imaginary part.
"""

from typing import Annotated, Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from untrained.arguments import Within, checked
from untrained.errors import RequestError
from untrained.operators.adjoint import adjoint
from untrained.operators.subsets import with_buffers
from untrained.picture.arrays import Numbers, RealNumbers
from untrained.picture.region import LONGEST_SIDE, Side, Sides
from untrained.system.torch_state import in_usual_state


@checked
class PaddedFourier(nn.Module):
    """Far field of an object in a finite support: ``y = F P (s x)``, P padding with zeros.

    The zero frequency is in the middle (Fienup 1982, doi 10.1364/AO.21.002758).

    Parameters
    ----------
    size
        H and W of the object.
    oversampling
        Ratio of the sides of the measurement to those of the object, 1 or more. From 2 on, the
        magnitudes determine almost any object up to shift, half turn and phase (Hayes 1982).
    support
        s, bool or 0 and 1, ``(H, W)``: where the object can be; everywhere when None.
    complex_picture
        Whether the object is complex.

    Raises
    ------
    RequestError
        If the oversampling is below 1 or the support does not fit or is empty.
    """

    support: Tensor

    @in_usual_state()
    def __init__(
        self,
        size: Sides,
        oversampling: Annotated[float, Within(most=100)] = 2.0,
        support: RealNumbers | None = None,
        *,
        complex_picture: bool = False,
    ) -> None:
        super().__init__()
        if not oversampling >= 1:
            raise RequestError(
                f"an object of {size[1]}x{size[0]} oversampled {oversampling:g} times: give an "
                "oversampling of 1 or more"
            )
        inside = torch.ones(size) if support is None else support.float()
        if tuple(inside.shape) != tuple(size):
            raise RequestError(
                f"a support of shape {tuple(inside.shape)} does not fit an object of {tuple(size)}"
            )
        if not bool(((inside == 0) | (inside == 1)).all()) or not bool(inside.any()):
            raise RequestError("the support must be 0 and 1, and not all 0")
        self.size = (int(size[0]), int(size[1]))
        self.padded = (round(size[0] * oversampling), round(size[1] * oversampling))
        self.complex_picture = complex_picture
        self.register_buffer("support", inside, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Transform ``(1, 1 or 2, H, W)``: complex ``(1, 1, h, w)``."""
        inside = _wave(image, self.size) * self.support
        spectrum = torch.fft.fft2(inside, s=self.padded, norm="ortho")
        middle: Tensor = torch.fft.fftshift(spectrum, dim=(-2, -1))
        return middle

    def A(self, image: Tensor) -> Tensor:
        """Apply `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Transform back and cut to the support: ``(1, 1 or 2, H, W)``."""
        return _back(self, measurement, (1, 1, *self.padded))

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Apply `A_adjoint`, the exact inverse inside the support."""
        return self.A_adjoint(measurement)


@checked
class CodedDiffraction(nn.Module):
    """Diffraction patterns of an object behind masks: ``y_m = F (d_m x)``.

    The zero frequency is in the middle (Candes, Li and Soltanolkotabi 2015, doi
    10.1016/j.acha.2014.09.004).

    Parameters
    ----------
    masks
        d, real or complex, ``(masks, H, W)``; `octanary_masks` draws some.
    complex_picture
        Whether the object is complex.

    Raises
    ------
    RequestError
        If the masks have another shape, are not finite or all zero.
    """

    masks: Tensor
    subset_axis = 1

    @in_usual_state()
    def __init__(self, masks: Numbers, *, complex_picture: bool = False) -> None:
        super().__init__()
        given: Tensor = masks
        if given.ndim != 3 or 0 in given.shape:
            raise RequestError(
                f"masks of shape {tuple(given.shape)}: give (masks, height, width), one or more"
            )
        if not bool(given.any()):
            raise RequestError("the masks are all zero: give some with an entry that is not")
        self.size = (int(given.shape[1]), int(given.shape[2]))
        self.complex_picture = complex_picture
        self.register_buffer("masks", given.to(torch.complex64), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Diffract ``(1, 1 or 2, H, W)``: complex ``(1, masks, H, W)``."""
        patterns = torch.fft.fft2(_wave(image, self.size) * self.masks, norm="ortho")
        middle: Tensor = torch.fft.fftshift(patterns, dim=(-2, -1))
        return middle

    def subset(self, chosen: Tensor) -> Self:
        """Return the operator of some masks, by their indices."""
        return with_buffers(self, masks=self.masks[chosen])

    def A(self, image: Tensor) -> Tensor:
        """Apply `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Transform back through each mask and sum: ``(1, 1 or 2, H, W)``."""
        return _back(self, measurement, (1, *self.masks.shape))

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Apply `A_adjoint` and divide by the total transmission of the masks."""
        power = self.masks.abs().square().sum(dim=0)
        return _divided(self.A_adjoint(measurement), power)


@in_usual_state()
@checked
def octanary_masks(
    count: Annotated[int, Within(1, 100_000)],
    size: Sides,
    seed: Annotated[int, Within(0, 2**63 - 1)] = 0,
) -> Tensor:
    """Draw masks for `CodedDiffraction`: a phase of 1, -1, i or -i, times one of two magnitudes.

    The magnitude is the root of 1/2 four times in five, else the root of 3 (Candes et al. 2015,
    section 4.1), so that the mean of its square is 1.

    Parameters
    ----------
    count
        Number of masks.
    size
        H and W.
    seed
        Draws them.

    Returns
    -------
    Complex ``(count, H, W)``.
    """
    generator = torch.Generator().manual_seed(seed)
    quarters = torch.randint(4, (count, *size), generator=generator)
    strong = torch.rand((count, *size), generator=generator) < 0.2
    return torch.polar(torch.where(strong, 3.0, 0.5).sqrt(), quarters * (torch.pi / 2))


@checked
class Ptychography(nn.Module):
    """Fourier ptychography: small pictures, each through another pupil in the spectrum.

    ``y_p = F* (c S_p F x)``: S_p cuts the spectrum of the object around a position, c is the pupil
    (Zheng, Horstmeyer and Yang 2013, doi 10.1038/nphoton.2013.187; with an untrained prior
    Boominathan et al. 2018, arXiv 1811.04587).

    Parameters
    ----------
    positions
        Row and column of the middle of each pupil, in samples of the spectrum from the zero
        frequency, whole numbers: ``(pictures, 2)``. `pupil_grid` makes some.
    pupil
        c, real or complex ``(h, w)``, its middle at ``h // 2, w // 2``; `disc` makes one.
    size
        H and W of the object.
    complex_picture
        Whether the object is complex.

    Raises
    ------
    RequestError
        If the shapes do not fit, the pupil is empty or reaches out of the spectrum.
    """

    pupil: Tensor
    places: Tensor
    subset_axis = 1

    @in_usual_state()
    def __init__(
        self,
        positions: RealNumbers,
        pupil: Numbers,
        size: Sides,
        *,
        complex_picture: bool = False,
    ) -> None:
        super().__init__()
        middles: Tensor = positions
        if middles.ndim != 2 or middles.shape[1] != 2 or len(middles) == 0:
            raise RequestError(
                f"positions of shape {tuple(middles.shape)}: give (pictures, 2), row and column"
            )
        if not bool((middles == middles.round()).all()):
            raise RequestError("positions must be whole numbers of samples of the spectrum")
        opening = pupil.to(torch.complex64)
        if opening.ndim != 2 or not bool(opening.any()):
            raise RequestError(
                f"a pupil of shape {tuple(opening.shape)}: give finite (height, width), not all 0"
            )
        self.size = (int(size[0]), int(size[1]))
        self.complex_picture = complex_picture
        self.corners = _corners(middles.long(), tuple(opening.shape), self.size)
        rows, columns = (torch.arange(side) for side in opening.shape)
        row = self.corners[:, 0, None, None] + rows[:, None]
        column = self.corners[:, 1, None, None] + columns
        self.register_buffer("places", row * self.size[1] + column, persistent=False)
        self.register_buffer("pupil", opening, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Look through each pupil at ``(1, 1 or 2, H, W)``: complex ``(1, pictures, h, w)``."""
        spectrum = _centred(torch.fft.fft2, _wave(image, self.size)).flatten()
        seen = spectrum.index_select(0, self.places.flatten()).reshape(1, *self.places.shape)
        return _centred(torch.fft.ifft2, seen * self.pupil)

    def subset(self, chosen: Tensor) -> Self:
        """Return the operator of some pupils, by their indices."""
        some = with_buffers(self, places=self.places[chosen])
        some.corners = self.corners[chosen.to(self.corners.device)]
        return some

    def A(self, image: Tensor) -> Tensor:
        """Apply `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Put the spectrum together from all pupils: ``(1, 1 or 2, H, W)``."""
        return _back(self, measurement, (1, *self.places.shape))

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Apply `A_adjoint` and divide each frequency by the total transmission of the pupils."""
        back = self.A_adjoint(measurement)
        power = self.seen()
        if not self.complex_picture:
            # In a real picture, a frequency and its negative are seen as one.
            negative = [2 * (side // 2) + 1 - side for side in self.size]
            power = (power + power.flip(-2, -1).roll(negative, (-2, -1))) / 2
        spectrum = _centred(torch.fft.fft2, _wave(back, self.size))
        picture = _centred(torch.fft.ifft2, _divided(spectrum, power))
        if self.complex_picture:
            return torch.cat([picture.real, picture.imag], dim=1)
        return picture.real

    def seen(self) -> Tensor:
        """Sum the transmission of the pupils at each frequency, ``(H, W)``, 0 in the middle."""
        power = self.pupil.abs().square().expand(self.places.shape)
        total = torch.zeros(self.size[0] * self.size[1], device=power.device)
        return total.index_add(0, self.places.flatten(), power.flatten()).reshape(self.size)


@in_usual_state()
@checked
def disc(radius: float, side: Side) -> Tensor:
    """Make the pupil of a round lens: 1 up to `radius` samples from the middle, ``(side, side)``.

    Raises
    ------
    RequestError
        If the radius is not above 0 or the disc does not fit.
    """
    if not 0 < radius <= (side - 1) / 2:
        raise RequestError(
            f"a pupil of radius {radius:g} does not fit in {side} samples: give more than 0, "
            f"{(side - 1) / 2:g} at most"
        )
    away = torch.arange(side) - side // 2
    return (away[:, None] ** 2 + away**2 <= radius**2).float()


@in_usual_state()
@checked
def pupil_grid(
    count: Annotated[int, Within(1, 10_000)],
    radius: Annotated[float, Within(0, LONGEST_SIDE)],
    overlap: float,
) -> Tensor:
    """Lay ``count x count`` pupils on a square grid around the zero frequency.

    Parameters
    ----------
    count
        Pupils per row and per column.
    radius
        Of a pupil, in samples of the spectrum.
    overlap
        Share of a pupil's area that overlaps the next one, in [0, 1).

    Returns
    -------
    Whole numbers, ``(count^2, 2)``, as `Ptychography` takes them.

    Raises
    ------
    RequestError
        If the count is below 1, or the overlap is not in [0, 1).
    """
    if count < 1 or not 0 <= overlap < 1:
        raise RequestError(
            f"{count} pupils per row with overlap {overlap:g}: give 1 or more, and [0, 1)"
        )
    apart = np.linspace(0, 1, 1001)
    shared = 2 / np.pi * (np.arccos(apart) - apart * np.sqrt(1 - apart**2))
    spacing = 2 * radius * float(np.interp(-overlap, -shared, apart))
    steps = ((torch.arange(count) - (count - 1) / 2) * spacing).round().long()
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([rows.flatten(), columns.flatten()], dim=1)


def _back(
    operator: PaddedFourier | CodedDiffraction | Ptychography,
    measurement: Tensor,
    wanted: tuple[int, ...],
) -> Tensor:
    if tuple(measurement.shape) != wanted:
        raise RequestError(
            f"the measurement has the shape {tuple(measurement.shape)}, the operator wants "
            f"{wanted}: (1, patterns, height, width)"
        )
    return adjoint(operator, measurement, operator.size, 1 + operator.complex_picture)


def _wave(image: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(image.shape[-2:]) != size or image.shape[1] not in (1, 2):
        raise RequestError(
            f"the picture has the shape {tuple(image.shape)}: give (1, 1 or 2, {size[0]}, "
            f"{size[1]})"
        )
    return image if image.shape[1] == 1 else torch.complex(image[:, :1], image[:, 1:])


def _centred(transform: Any, wave: Tensor) -> Tensor:
    """Transform along the last two axes, the origin of both in the middle."""
    moved = torch.fft.ifftshift(wave, dim=(-2, -1))
    transformed: Tensor = torch.fft.fftshift(transform(moved, norm="ortho"), dim=(-2, -1))
    return transformed


def _divided(picture: Tensor, power: Tensor) -> Tensor:
    return torch.where(power > 1e-6 * power.max(), picture / power.clamp_min(1e-30), 0)


def _corners(middles: Tensor, pupil: tuple[int, ...], size: tuple[int, int]) -> Tensor:
    """Compute the first row and column that each pupil covers, ``(pictures, 2)``."""
    corners = middles + torch.tensor([s // 2 - p // 2 for s, p in zip(size, pupil, strict=True)])
    ends = corners + torch.tensor(pupil)
    out = (corners < 0) | (ends > torch.tensor(size))
    if bool(out.any()):
        worst = int(out.any(dim=1).nonzero()[0])
        raise RequestError(
            f"the pupil of {pupil[1]}x{pupil[0]} at position {middles[worst].tolist()} reaches out "
            f"of a spectrum of {size[1]}x{size[0]}"
        )
    return corners
