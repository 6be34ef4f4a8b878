"""Sampled Fourier transforms: magnetic resonance imaging with one or more coils."""

from typing import Self

import torch
from torch import Tensor, nn

from untrained.arguments import checked
from untrained.errors import RequestError
from untrained.operators.subsets import with_buffers
from untrained.picture.arrays import Numbers, RealNumbers
from untrained.picture.region import Side
from untrained.system.torch_state import in_usual_state


@checked
class FourierSubsampling(nn.Module):
    """Measure part of k-space: ``y_c = M F (s_c x)`` (Pruessmann et al. 1999, doi MRM 42:952).

    F is the orthonormal Fourier transform with the zero frequency in the middle, as fastMRI stores
    it. The picture is real with one channel, or complex with two: its real and imaginary part.

    Parameters
    ----------
    mask
        M, bool or 0 and 1: ``(H, W)``, or ``(W,)`` for whole lines of k-space.
    coils
        Sensitivities ``(coils, H, W)``, real or complex; None for one coil of even sensitivity.
    height
        H, needed for a mask ``(W,)`` without coils.
    complex_picture
        Whether the picture is complex: `A_adjoint` gives two channels.

    Raises
    ------
    RequestError
        If mask and coils do not fit each other, or the mask is empty.
    """

    mask: Tensor
    coils: Tensor | None

    @in_usual_state()
    def __init__(
        self,
        mask: RealNumbers,
        coils: Numbers | None = None,
        *,
        height: Side | None = None,
        complex_picture: bool = False,
    ) -> None:
        super().__init__()
        sensitivities = None if coils is None else coils.to(torch.complex64)
        if sensitivities is not None and sensitivities.ndim != 3:
            raise RequestError(
                f"coils of shape {tuple(sensitivities.shape)}: give (coils, height, width)"
            )
        if sensitivities is not None:
            height = int(sensitivities.shape[-2])
        self.register_buffer("mask", _plane(mask, height), persistent=False)
        if sensitivities is not None and sensitivities.shape[-2:] != self.mask.shape:
            raise RequestError(
                f"the mask is {_by(self.mask)}, the sensitivities {_by(sensitivities)}: they must "
                "match"
            )
        self.register_buffer("coils", sensitivities, persistent=False)
        self.complex_picture = complex_picture
        lines = bool((self.mask == self.mask[:1]).all())
        self.parts_axis = -1 if lines else None
        """The axis whose entries are lines of k-space, if whole lines are measured."""
        self.subset_axis = None if sensitivities is None else 1
        """The axis of coils, if there are some: the transform needs all lines at once."""

    def forward(self, image: Tensor) -> Tensor:
        """Measure ``(1, 1, H, W)`` or ``(1, 2, H, W)``: complex ``(1, coils, H, W)``."""
        if image.shape[-2:] != self.mask.shape or image.shape[1] not in (1, 2):
            raise RequestError(
                f"the picture has the shape {tuple(image.shape)}, the mask is {_by(self.mask)}: "
                "give (1, 1 or 2, height, width)"
            )
        picture = image if image.shape[1] == 1 else torch.complex(image[:, :1], image[:, 1:])
        seen = picture if self.coils is None else picture * self.coils
        sampled: Tensor = self.mask * _transform(seen)
        return sampled

    def subset(self, chosen: Tensor) -> Self:
        """Return the operator of some coils, by their indices."""
        return with_buffers(self, coils=None if self.coils is None else self.coils[chosen])

    def A(self, image: Tensor) -> Tensor:
        """Apply `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Fill with zeros, transform back and add the coils: ``(1, 1 or 2, H, W)``."""
        self._check(measurement)
        back = _transform_back(self.mask * measurement)
        if self.coils is not None:
            back = (back * self.coils.conj()).sum(dim=1, keepdim=True)
        return torch.cat([back.real, back.imag], dim=1) if self.complex_picture else back.real

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Apply `A_adjoint` and divide by the total sensitivity (Roemer et al. 1990)."""
        picture = self.A_adjoint(measurement)
        if self.coils is None:
            return picture
        power = self.coils.abs().square().sum(dim=0)
        return torch.where(power > 1e-6 * power.max(), picture / power.clamp_min(1e-30), 0)

    def _check(self, measurement: Tensor) -> None:
        count = 1 if self.coils is None else len(self.coils)
        wanted = (1, count, *self.mask.shape)
        if tuple(measurement.shape) != wanted:
            raise RequestError(
                f"the k-space has the shape {tuple(measurement.shape)}, the mask "
                f"{'' if self.coils is None else 'and coils '}want {wanted}"
            )


def _transform(image: Tensor) -> Tensor:
    shifted = torch.fft.ifftshift(image, dim=(-2, -1))
    spectrum = torch.fft.fft2(shifted, norm="ortho")
    middle: Tensor = torch.fft.fftshift(spectrum, dim=(-2, -1))
    return middle


def _transform_back(spectrum: Tensor) -> Tensor:
    shifted = torch.fft.ifftshift(spectrum, dim=(-2, -1))
    image = torch.fft.ifft2(shifted, norm="ortho")
    middle: Tensor = torch.fft.fftshift(image, dim=(-2, -1))
    return middle


def _plane(mask: Tensor, height: int | None) -> Tensor:
    if mask.ndim == 1 and height is not None:
        mask = mask[None].expand(height, -1)
    if mask.ndim != 2:
        raise RequestError(f"a mask of shape {tuple(mask.shape)}: give (height, width)")
    values = mask.float()
    if not bool(((values == 0) | (values == 1)).all()):
        raise RequestError("the mask of k-space has values besides 0 and 1: give bool, or 0 and 1")
    if not bool(values.any()):
        raise RequestError("the mask of k-space is empty: give one with a measured sample")
    return values.contiguous()


def _by(plane: Tensor) -> str:
    return f"{plane.shape[-1]}x{plane.shape[-2]}"
