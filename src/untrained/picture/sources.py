"""What pictures come as beside files and NumPy arrays, and how results become the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from untrained.picture.picture import Picture
from untrained.picture.samples import Samples


@dataclass(frozen=True, eq=False)
class OfTensor:
    """A torch tensor ``(H, W)``, ``(C, H, W)`` or ``(1, C, [D,] H, W)``."""

    like: Tensor
    """An empty tensor with its data type and device."""
    left_out: int = 0
    """How many of the first two axes it did not have."""
    kind: str = "torch"

    def back(self, picture: Picture) -> Tensor:
        """Return a tensor of this type with as many axes; C stays where it is not 1."""
        samples = picture.to_numpy()
        samples = samples[..., None] if picture.flat else samples
        tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(samples, -1, 0)))
        plane = tensor[0] if self.left_out == 2 and len(tensor) == 1 else tensor
        return (plane if self.left_out else tensor[None]).to(self.like)


@dataclass(frozen=True, eq=False)
class OfArray:
    """A NumPy array in the byte order of another machine."""

    dtype: np.dtype[Any]
    kind: str = "NumPy"

    def back(self, picture: Picture) -> Samples:
        """Return an array in that byte order."""
        return picture.to_numpy().astype(self.dtype)


@dataclass(frozen=True, eq=False)
class OfMasked:
    """A NumPy masked array: what is masked is missing."""

    dtype: np.dtype[Any]
    fill_value: Any
    kind: str = "NumPy, masked"

    def back(self, picture: Picture) -> Samples:
        """Return a masked array; its mask is what is still missing."""
        samples = picture.to_numpy().astype(self.dtype, copy=False)
        gaps = np.zeros(picture.size, bool)
        if picture.missing is not None:
            gaps = picture.missing[0, 0].numpy()
        mask = gaps if picture.flat else np.broadcast_to(gaps[..., None], samples.shape)
        return np.ma.MaskedArray(samples, mask.copy(), fill_value=self.fill_value)


@dataclass(frozen=True, eq=False)
class OfPillow:
    """An image of Pillow."""

    info: dict[Any, Any]
    kind: str = "Pillow"

    def back(self, picture: Picture) -> Any:
        """Return an image with the same notes; an array where Pillow has no such samples."""
        samples = np.squeeze(picture.to_numpy(), -1) if _one(picture) else picture.to_numpy()
        if samples.ndim == 3 and samples.dtype != np.uint8:
            return samples
        mode = "CMYK" if picture.cmyk else None
        if mode or (samples.ndim == 3 and samples.shape[-1] == 2):
            size = (picture.width, picture.height)
            image = Image.frombytes(mode or "LA", size, np.ascontiguousarray(samples).tobytes())
        else:
            image = Image.fromarray(np.ascontiguousarray(samples))
        image.info = dict(self.info)
        return image


@dataclass(frozen=True, eq=False)
class OfDataArray:
    """An xarray DataArray, or what has its `dims`, `values` and `copy`."""

    given: Any
    bands_first: bool
    kind: str = "xarray"

    def back(self, picture: Picture) -> Any:
        """Return one with the same axes and notes, without coordinates where the size differs."""
        samples = picture.to_numpy()
        if self.bands_first and samples.ndim == 3:
            samples = np.moveaxis(samples, -1, 0)
        if samples.shape == tuple(self.given.shape):
            return self.given.copy(data=samples)
        if samples.ndim != len(self.given.dims):
            return samples
        return type(self.given)(
            samples, dims=self.given.dims, name=self.given.name, attrs=self.given.attrs
        )


def _one(picture: Picture) -> bool:
    return picture.channels == 1 and picture.alpha is None and not picture.flat
