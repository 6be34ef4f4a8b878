"""Picture: pixels for the fit, with the samples, alpha and metadata they came with.

A volume is a picture with one more axis, D, before H and W.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional as F

from untrained.picture.metadata import Metadata
from untrained.picture.preview import thumbnail
from untrained.picture.region import Region, Size, sides_in_words
from untrained.picture.samples import (
    PictureError,
    Samples,
    as_dtype,
    balanced_range,
    normalised,
    opaque,
    value_range,
)
from untrained.system.torch_state import in_usual_state

_FEW_BANDS = 4
"""Up to this many channels an array is clearly a picture."""


class Source(Protocol):
    """What a picture came as, and how a result becomes the same."""

    @property
    def kind(self) -> str:
        """Its name, for people."""
        ...

    def back(self, picture: "Picture") -> Any:
        """Turn a picture into that kind."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
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
    """Bool ``(1, 1, [D,] H, W)``, True where a float sample is NaN or the pixel was masked; None if
    none is."""
    offset: float = 0.0
    scale: float = 1.0
    cmyk: bool = False
    flat: bool = False
    """Whether the given array had no channel axis."""
    complex_type: np.dtype[Any] | None = None
    """Data type of complex samples; real and imaginary parts alternate as channels."""
    source: Source | None = None
    """What it came as, to go back to; None for a file or a NumPy array."""
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
    def kind(self) -> str:
        """The kind of input that the user gave: file, NumPy or that of `source`."""
        if self.metadata.format:
            return "file"
        return "NumPy" if self.source is None else self.source.kind

    @property
    def transparent(self) -> Tensor | None:
        """Bool ``(1, 1, [D,] H, W)``, True where alpha is 0; None if it is 0 nowhere."""
        if self.alpha is None or not (self.alpha == 0).any():
            return None
        return torch.from_numpy(self.alpha == 0)[None, None]

    def without_hidden_colours(self) -> "Picture":
        """Give pixels of alpha 0 the colour of the nearest other, so that none can bleed out.

        Premultiplied colours are 0 there, and right.
        """
        if self.alpha is None or self.metadata.premultiplied or not self.alpha.any():
            return self
        hidden = self.alpha == 0
        if not hidden.any():
            return self
        places = distance_transform_edt(hidden, return_distances=False, return_indices=True)
        stored = self.stored[tuple(places)]
        pixels, missing = normalised(stored, self.offset, self.scale)
        return replace(self, pixels=pixels, stored=stored, missing=missing)

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
            if alpha is not None:
                alpha = np.where(_plane(filled), alpha.dtype.type(opaque(alpha.dtype)), alpha)
        if missing is not None and not missing.any():
            missing = None
        if missing is not None and stored.dtype.kind == "f":
            stored = np.where(_plane(missing)[..., None], np.array(np.nan, stored.dtype), stored)
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

    def in_kind(self) -> Any:
        """Return the kind that the user gave: a Picture of a file, an array, a tensor ..."""
        if self.kind == "file":
            return self
        return self.to_numpy() if self.source is None else self.source.back(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the samples as `to_numpy` does."""
        return np.array(self.to_numpy(), dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        """Say kind, size, type and range in one line."""
        return f"Picture({described(self)}, {self.kind})"

    def _repr_png_(self) -> bytes:
        """Show it in a notebook."""
        return thumbnail(self.shown)


def described(picture: Picture) -> str:
    """Say size, channels, type and range of a picture in words."""
    known = picture.stored[~np.isnan(picture.stored)]
    channels = f"{picture.channels} channel{'' if picture.channels == 1 else 's'}"
    reach = f"{known.min():.4g} to {known.max():.4g}" if known.size else "all missing"
    kind = picture.complex_type or picture.stored.dtype
    return f"{sides_in_words(picture.size)}, {channels}, {kind}, {reach}"


def in_words(picture: Picture) -> tuple[str, ...]:
    """Say how an ambiguous array or file was read; empty if it is not ambiguous."""
    sides, bands = f"{picture.width}x{picture.height}", picture.channels
    if picture.is_volume:
        channels = "" if bands == 1 else f" with {bands} channels"
        return (f"taken as a volume of {picture.size[0]} slices of {sides}{channels}",)
    if picture.complex_type is None and bands > _FEW_BANDS:
        return (f"taken as a picture of {sides} with {bands} bands",)
    return ()


@in_usual_state()
def make_picture(
    stored: Samples,
    *,
    alpha: Samples | None = None,
    cmyk: bool = False,
    flat: bool = False,
    source: Source | None = None,
    missing: NDArray[np.bool_] | None = None,
    metadata: Metadata | None = None,
) -> Picture:
    """Make a picture from stored samples ``([D,] H, W, C)``, in native byte order.

    Each complex channel becomes two real ones, with 0 at mid-grey. Pixels that are missing, a
    `missing` of ``([D,] H, W)``, do not count for the range.

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
    known = stored if missing is None else _without(stored, missing)
    if complex_type is not None:
        offset, scale = balanced_range(known)
    else:
        whole_range = stored.dtype in (np.uint8, np.uint16)
        offset, scale = value_range(stored if whole_range else known)
    stored = known if stored.dtype.kind == "f" else stored
    pixels, holes = normalised(known, offset, scale)
    return Picture(
        pixels=pixels,
        stored=stored,
        alpha=alpha,
        missing=holes,
        offset=offset,
        scale=scale,
        cmyk=cmyk,
        flat=flat,
        complex_type=complex_type,
        source=source,
        metadata=metadata or Metadata(),
    )


def make_measured(
    pixels: Tensor, display_range: tuple[float, float], source: Source | None
) -> Picture:
    """Make a picture in units of its own, not mapped to [0, 1].

    Parameters
    ----------
    pixels
        Float ``(1, C, H, W)``.
    display_range
        Values to show black and white.
    source
        What to go back to; None for NumPy, ``(H, W)`` if C is 1.
    """
    stored = np.ascontiguousarray(pixels[0].permute(1, 2, 0).float().cpu().numpy())
    return Picture(
        pixels=pixels.float().cpu(),
        stored=stored,
        flat=source is None and stored.shape[2] == 1,
        source=source,
        display_range=display_range,
    )


def in_grey_levels(picture: Picture) -> Picture:
    """Convert a picture in units to 16 bits: its display range runs from black to white."""
    levels = (picture.shown[0].permute(1, 2, 0).double().numpy() * 65535).round()
    stored = np.clip(levels, 0, 65535).astype(np.uint16)
    return make_picture(stored, flat=picture.flat)


def _without(stored: Samples, missing: NDArray[np.bool_]) -> Samples:
    """The samples as floats, NaN where pixels are missing."""
    floats = stored if stored.dtype.kind == "f" else stored.astype(np.float64)
    return np.where(missing[..., None], np.array(np.nan, floats.dtype), floats)


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
