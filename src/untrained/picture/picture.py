"""Picture: pixels for the fit, with the samples, alpha and metadata they came with.

A volume is a picture with one more axis, D, before H and W.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from untrained.picture.metadata import Metadata
from untrained.picture.region import Region, Size
from untrained.picture.samples import (
    PictureError,
    Samples,
    as_dtype,
    balanced_range,
    normalised,
    opaque,
    value_range,
)

_FEW_BANDS = 4
"""Up to this many channels an array is clearly a picture."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture: float32 pixels in [0, 1] and the samples, alpha and metadata they came with.

    ``pixels = (stored - offset) / scale``. Unsigned integers of 8 and 16 bits map to [0, 1] by the
    range of their type. Floats within [-0.5, 1.5] stay as they are. Other samples map to [0, 1] by
    their extremes.
    """

    pixels: Tensor
    """Float32 ``(1, C, [D,] H, W)``, colour only, missing pixels at the mean of their channel."""
    stored: Samples
    """``([D,] H, W, C)``, colour samples in their own data type."""
    alpha: Samples | None = None
    """``([D,] H, W)`` in the data type of the samples."""
    missing: Tensor | None = None
    """Bool ``(1, 1, [D,] H, W)``, True where a float sample is NaN; None if none is."""
    offset: float = 0.0
    scale: float = 1.0
    cmyk: bool = False
    flat: bool = False
    """Whether the given array had no channel axis."""
    complex_type: np.dtype[Any] | None = None
    """Data type of complex samples; real and imaginary parts alternate as channels."""
    like: Tensor | None = None
    """An empty tensor with the data type and device of the given one; None for other kinds."""
    display_range: tuple[float, float] | None = None
    """Values shown black and white, if the pixels are in units of their own and not in [0, 1]."""
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def size(self) -> Size:
        """H and W; D, H and W of a volume."""
        return tuple(int(side) for side in self.stored.shape[:-1])

    @property
    def is_volume(self) -> bool:
        """Whether it has a third axis, D."""
        return len(self.size) == 3

    @property
    def height(self) -> int:
        """H."""
        return self.size[-2]

    @property
    def width(self) -> int:
        """W."""
        return self.size[-1]

    @property
    def channels(self) -> int:
        """C, without alpha."""
        return int(self.stored.shape[-1])

    @property
    def kind(self) -> Literal["file", "numpy", "torch"]:
        """The kind of input that the user gave."""
        if self.metadata.format:
            return "file"
        return "numpy" if self.like is None else "torch"

    @property
    def transparent(self) -> Tensor | None:
        """Bool ``(1, 1, [D,] H, W)``, True where alpha is 0; None if it is 0 nowhere."""
        if self.alpha is None or not (self.alpha == 0).any():
            return None
        return torch.from_numpy(self.alpha == 0)[None, None]

    def cut(self, region: Region) -> "Picture":
        """Cut a region out of pixels, samples, alpha and missing pixels."""
        rows, columns = region.place[1:]
        missing = None if self.missing is None else self.missing[region.place]
        compression = self.metadata.compression
        return replace(
            self,
            metadata=replace(self.metadata, compression=compression and compression.cut(region)),
            pixels=self.pixels[region.place].contiguous(),
            stored=self.stored[..., rows, columns, :],
            alpha=None if self.alpha is None else self.alpha[..., rows, columns],
            missing=missing if missing is not None and missing.any() else None,
        )

    @property
    def shown(self) -> Tensor:
        """The pixels with black at 0 and white at 1."""
        if self.display_range is None:
            return self.pixels
        low, high = self.display_range
        return (self.pixels - low) / (high - low)

    def with_pixels(
        self, pixels: Tensor, *, kept: Tensor | None = None, filled: Tensor | None = None
    ) -> "Picture":
        """Make a picture with other pixels but the same kind, data type and metadata.

        Integers are rounded and clipped to the range of their type; floats are not clipped.

        Parameters
        ----------
        pixels
            ``(1, C, [D',] H', W')``; alpha and missing pixels are enlarged when the size differs.
        kept
            Bool ``(1, 1 or C, [D,] H, W)``, True where the stored samples stay bit for bit; only
            for the same size.
        filled
            Bool ``(1, 1, [D,] H, W)``, True where pixels are no longer missing or transparent.
            Missing pixels elsewhere stay NaN.
        """
        size = tuple(pixels.shape[2:])
        samples = pixels[0].movedim(0, -1).double().numpy() * self.scale + self.offset
        stored = as_dtype(samples, self.stored.dtype)
        if kept is not None:
            places = kept[0].movedim(0, -1).cpu().numpy()
            stored = np.where(places, self.stored, stored)
        missing = None if self.missing is None else _resized_mask(self.missing, size)
        alpha = None if self.alpha is None else _resized_alpha(self.alpha, size)
        if filled is not None:
            missing = None if missing is None else missing & ~filled
            alpha = None if alpha is None else np.where(_plane(filled), opaque(alpha.dtype), alpha)
        if missing is not None and missing.any():
            stored = np.where(_plane(missing)[..., None], np.array(np.nan, stored.dtype), stored)
        else:
            missing = None
        read_back, _ = normalised(stored, self.offset, self.scale)
        return replace(
            self,
            pixels=read_back,
            stored=stored,
            alpha=alpha,
            missing=missing,
            metadata=replace(self.metadata, compression=None),
        )

    def to_numpy(self) -> Samples:
        """Return ``([D,] H, W, C)`` in the given type, alpha last; without C if given so."""
        if self.alpha is not None:
            return np.concatenate([self.stored, self.alpha[..., None]], axis=-1)
        stored = self.stored
        if self.complex_type is not None:
            stored = np.ascontiguousarray(stored).view(self.complex_type)
        grey_file = self.kind == "file" and stored.shape[-1] == 1
        return stored[..., 0] if self.flat or grey_file else stored

    def in_kind(self) -> "Picture | Samples | Tensor":
        """Return the kind that the user gave: a Picture, a NumPy array, or a torch tensor."""
        if self.kind == "file":
            return self
        if self.like is None:
            return self.to_numpy()
        samples = self.to_numpy()
        tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(samples, -1, 0)))[None]
        return tensor.to(self.like)


def as_picture(value: Any, *, volumes: bool = False) -> Picture:
    """Convert any accepted kind of picture.

    Parameters
    ----------
    value
        A Picture; NumPy ``(H, W)`` or ``(H, W, C)``, bool, integer, float or complex; or a floating
        or complex torch tensor ``(1, C, H, W)``. No channel counts as alpha.
    volumes
        Whether to accept volumes too: NumPy ``(D, H, W, C)``, torch ``(1, C, D, H, W)``, or a
        Picture from `as_volume` or `read`.

    Raises
    ------
    PictureError
        If the shape or the values do not fit a picture.
    TypeError
        If it is anything else.
    """
    picture = _taken(value)
    if picture.is_volume and not volumes:
        raise PictureError(
            f"a volume of shape {picture.stored.shape} is not a picture: only denoise, inpaint "
            "and upscale take volumes"
        )
    return picture


def as_volume(value: Any) -> Picture:
    """Convert a volume, even from an array that could be a picture with many channels.

    Parameters
    ----------
    value
        NumPy ``(D, H, W)`` or ``(D, H, W, C)``, a torch tensor ``(1, C, D, H, W)``, or a Picture
        that is a volume. D counts the slices.

    Raises
    ------
    PictureError
        If the shape or the values do not fit a volume.
    TypeError
        If it is anything else.
    """
    if isinstance(value, np.ndarray) and value.ndim == 3:
        return make_picture(value[..., None].copy(), flat=True)
    picture = _taken(value)
    if not picture.is_volume:
        raise PictureError(
            f"a picture of shape {picture.stored.shape} is not a volume: give (D, H, W) or "
            "(D, H, W, C), in torch (1, C, D, H, W)"
        )
    return picture


def in_words(picture: Picture) -> tuple[str, ...]:
    """Say how an ambiguous array or file was read; empty if it is not ambiguous."""
    sides, bands = f"{picture.width}x{picture.height}", picture.channels
    if picture.is_volume:
        channels = "" if bands == 1 else f" with {bands} channels"
        return (f"taken as a volume of {picture.size[0]} slices of {sides}{channels}",)
    if picture.complex_type is None and bands > _FEW_BANDS:
        return (f"taken as a picture of {sides} with {bands} bands",)
    return ()


def _taken(value: Any) -> Picture:
    if isinstance(value, Picture):
        return value
    if isinstance(value, Tensor):
        known = value.is_floating_point() or value.is_complex()
        if value.ndim not in (4, 5) or value.shape[0] != 1 or not known:
            raise PictureError(
                f"a tensor of shape {tuple(value.shape)} and {value.dtype} is not a picture: give "
                "floating (1, C, H, W), for a volume (1, C, D, H, W)"
            )
        planes = value.detach().cpu()[0].movedim(0, -1)
        exact = planes.float() if planes.dtype == torch.bfloat16 else planes
        return make_picture(exact.numpy().copy(), like=value.detach().new_empty(0))
    if isinstance(value, np.ndarray):
        if value.ndim not in (2, 3, 4):
            raise PictureError(
                f"an array of shape {value.shape} is not a picture: give (H, W) or (H, W, C), for "
                "a volume (D, H, W, C)"
            )
        stored = value[..., None] if value.ndim == 2 else value
        return make_picture(stored.copy(), flat=value.ndim == 2)
    raise TypeError(
        f"a {type(value).__name__} is not a picture: give an array, a tensor, or a file through "
        "read()"
    )


def make_picture(
    stored: Samples,
    *,
    alpha: Samples | None = None,
    cmyk: bool = False,
    flat: bool = False,
    like: Tensor | None = None,
    metadata: Metadata | None = None,
) -> Picture:
    """Make a picture from stored samples ``([D,] H, W, C)``.

    Each complex channel becomes two real ones, with 0 at mid-grey.

    Raises
    ------
    PictureError
        If it has no pixels or no numbers, an infinite sample, or only NaN.
    """
    if 0 in stored.shape:
        raise PictureError(f"a picture of shape {stored.shape} has no pixels: give at least one")
    if stored.dtype.kind not in "buifc":
        raise PictureError(
            f"samples of type {stored.dtype} are not numbers: give integers, floats or complex"
        )
    complex_type = stored.dtype if stored.dtype.kind == "c" else None
    if complex_type is not None:
        stored = np.ascontiguousarray(stored).view(stored.real.dtype)
    offset, scale = value_range(stored) if complex_type is None else balanced_range(stored)
    pixels, missing = normalised(stored, offset, scale)
    return Picture(
        pixels=pixels,
        stored=stored,
        alpha=alpha,
        missing=missing,
        offset=offset,
        scale=scale,
        cmyk=cmyk,
        flat=flat,
        complex_type=complex_type,
        like=like,
        metadata=metadata or Metadata(),
    )


def make_measured(
    pixels: Tensor, display_range: tuple[float, float], like: Tensor | None
) -> Picture:
    """Make a picture in units of its own, not mapped to [0, 1].

    Parameters
    ----------
    pixels
        Float ``(1, C, H, W)``.
    display_range
        Values to show black and white.
    like
        An empty tensor with the type and device of the result; None for NumPy, ``(H, W)`` if C is
        1.
    """
    stored = np.ascontiguousarray(pixels[0].permute(1, 2, 0).float().cpu().numpy())
    return Picture(
        pixels=pixels.float().cpu(),
        stored=stored,
        flat=like is None and stored.shape[2] == 1,
        like=like,
        display_range=display_range,
    )


def in_grey_levels(picture: Picture) -> Picture:
    """Convert a picture in units to 16 bits: its display range runs from black to white."""
    levels = (picture.shown[0].permute(1, 2, 0).double().numpy() * 65535).round()
    stored = np.clip(levels, 0, 65535).astype(np.uint16)
    return make_picture(stored, flat=picture.flat)


def _plane(mask: Tensor) -> NDArray[np.bool_]:
    return np.asarray(mask[0, 0].cpu().numpy(), dtype=bool)


def _resized_mask(mask: Tensor, size: Size) -> Tensor:
    return F.interpolate(mask.float(), size=size, mode="nearest") > 0.5


def _resized_alpha(alpha: Samples, size: Size) -> Samples:
    if alpha.shape == size:
        return alpha
    plane = torch.from_numpy(alpha.astype(np.float64))[None, None]
    mode = "bicubic" if len(size) == 2 else "trilinear"
    larger = F.interpolate(plane, size=size, mode=mode, align_corners=False)[0, 0].numpy()
    return as_dtype(np.clip(larger, 0, opaque(alpha.dtype)), alpha.dtype)
