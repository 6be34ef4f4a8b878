"""Take any kind of picture: files, arrays, tensors, images of Pillow and others."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from untrained.arguments import Reads, checked, short
from untrained.picture.metadata import Metadata
from untrained.picture.picture import Picture, make_picture
from untrained.picture.reading import read
from untrained.picture.samples import PictureError, Samples
from untrained.picture.sources import OfArray, OfDataArray, OfMasked, OfPillow, OfTensor

KINDS = "a path, a Picture, an array, a tensor or an image of Pillow"
"""What counts as a picture, in words."""

_BANDS = ("band", "bands", "channel", "channels", "c")
"""Names of the axis of channels in xarray."""

_PLAIN_MODES = ("L", "LA", "RGB", "RGBA", "CMYK", "1", "F", "I", "I;16", "I;16L", "I;16B")
"""Modes of Pillow whose samples are taken as they are."""


@checked
def as_picture(value: Any, *, volumes: bool = False) -> Picture:
    """Convert any accepted kind of picture.

    Parameters
    ----------
    value
        One of

        * a path of a file, or a Picture, or a Restoration;
        * NumPy ``(H, W)`` or ``(H, W, C)``, bool, integer, float or complex, in any byte order and
          layout, read-only or not; what is masked in a masked array is missing;
        * a torch tensor ``(H, W)``, ``(C, H, W)`` or ``(1, C, H, W)`` of any of these types, on any
          device;
        * an image of Pillow (no rotation by EXIF is applied), an xarray DataArray, or another
          object that NumPy can turn into an array.

        Floats are missing where they are NaN. No channel of an array counts as alpha.
    volumes
        Whether to accept volumes too: NumPy ``(D, H, W, C)``, torch ``(1, C, D, H, W)``, or a
        Picture from `as_volume` or `read`.

    Raises
    ------
    PictureError
        If the kind, the shape or the values are not those of a picture.
    """
    picture = _taken(value)
    if picture.is_volume and not volumes:
        raise PictureError(
            f"a volume of shape {picture.stored.shape} is not a picture: only denoise, inpaint "
            "and upscale take volumes"
        )
    return picture


@checked
def as_volume(value: Any) -> Picture:
    """Convert a volume, even from an array that could be a picture with many channels.

    Parameters
    ----------
    value
        NumPy ``(D, H, W)`` or ``(D, H, W, C)``, a torch tensor ``(D, H, W)`` or
        ``(1, C, D, H, W)``, a path of a file with pages, or a Picture that is a volume. D counts
        the slices.

    Raises
    ------
    PictureError
        If the kind, the shape or the values are not those of a volume.
    """
    if isinstance(value, Tensor) and value.ndim == 3:
        whole = _of_tensor(value[None, None])
        return replace(whole, source=OfTensor(value.detach().new_empty(0), left_out=2))
    if isinstance(value, np.ndarray) and value.ndim == 3:
        return replace(_of_array(value[..., None]), flat=True)
    if isinstance(value, str | os.PathLike):
        return read(value, pages="volume")
    picture = _taken(value)
    if not picture.is_volume:
        raise PictureError(
            f"a picture of shape {picture.stored.shape} is not a volume: give (D, H, W) or "
            "(D, H, W, C), in torch (1, C, D, H, W)"
        )
    return picture


PictureLike = Annotated[Any, Reads(as_picture, KINDS)]
"""An argument that is a picture."""
PictureOrVolume = Annotated[Any, Reads(partial(as_picture, volumes=True), KINDS)]
"""An argument that is a picture or a volume."""


def _taken(value: Any) -> Picture:
    restored = getattr(value, "restored", value)
    if isinstance(restored, Picture):
        return restored
    for kind, take in _TAKES.items():
        if isinstance(value, kind):
            return take(value)
    if not isinstance(value, type) and hasattr(value, "__array__"):
        labelled = hasattr(value, "dims") and hasattr(value, "values") and hasattr(value, "copy")
        return _of_data_array(value) if labelled else _of_array(np.asarray(value))
    raise PictureError(f"{short(value)} is not a picture: give {KINDS}")


def _of_tensor(value: Tensor) -> Picture:
    _check_dense(value)
    if value.ndim not in (2, 3, 4, 5):
        raise PictureError(
            f"a tensor of shape {tuple(value.shape)} is not a picture: give (H, W), (C, H, W) or "
            "(1, C, H, W), for a volume (1, C, D, H, W)"
        )
    if value.ndim > 3 and len(value) > 1:
        raise PictureError(
            f"a tensor of shape {tuple(value.shape)} is a batch of {len(value)} pictures: give one "
            "at a time, as in [denoise(each) for each in batch]"
        )
    left_out = max(0, 4 - value.ndim)
    whole = value[(None,) * left_out][0]
    source = OfTensor(value.detach().new_empty(0), left_out)
    return _made(to_numpy(whole.movedim(0, -1)), source=source)


def to_numpy(value: Tensor) -> Samples:
    """Copy a tensor to a NumPy array of its own type, bfloat16 to float32.

    Raises
    ------
    PictureError
        If it has no values, or of a kind that NumPy does not have.
    """
    _check_dense(value)
    plain = value.detach().resolve_conj().resolve_neg().cpu()
    exact = plain.float() if plain.dtype == torch.bfloat16 else plain
    try:
        return exact.numpy().copy()
    except TypeError as error:
        raise PictureError(
            f"samples of type {value.dtype} are not numbers that we read: give floats or integers"
        ) from error


def _check_dense(value: Tensor) -> None:
    dense = value.layout == torch.strided and not (value.is_quantized or value.is_nested)
    if value.is_meta or not dense:
        kind = "on the device meta" if value.is_meta else "sparse, nested or quantised"
        raise PictureError(
            f"a tensor that is {kind} has no samples to read: give a dense one with values"
        )


def _of_array(value: Samples, source: Any = None) -> Picture:
    if value.ndim not in (2, 3, 4):
        raise PictureError(
            f"an array of shape {value.shape} is not a picture: give (H, W) or (H, W, C), for "
            "a volume (D, H, W, C)"
        )
    if isinstance(value, np.ma.MaskedArray):
        plain, source = value.data, OfMasked(value.dtype, value.fill_value)
        gaps = np.ma.getmaskarray(value)
        missing = gaps if value.ndim == 2 else gaps.any(axis=-1)
    else:
        plain, missing = np.asarray(value), None
        swapped = not value.dtype.isnative
        source = OfArray(value.dtype) if swapped and source is None else source
    return _made(
        plain[..., None] if plain.ndim == 2 else plain,
        flat=value.ndim == 2,
        source=source,
        missing=missing if missing is not None and missing.any() else None,
    )


def _made(stored: Samples, **about: Any) -> Picture:
    """Make a picture of samples of its own, in native byte order."""
    native = stored.astype(stored.dtype.newbyteorder("="), order="C", copy=True)
    missing = about.get("missing")
    if missing is not None and missing.all():
        raise PictureError("every pixel of the picture is masked: leave one that is known")
    return make_picture(native, **about)


def _of_pillow(value: Image.Image) -> Picture:
    clear = "transparency" in value.info
    image = value
    if value.mode in ("P", "PA") or (clear and value.mode in ("L", "RGB")):
        alpha = clear or value.mode == "PA"
        image = value.convert("LA" if value.mode == "L" else "RGBA" if alpha else "RGB")
    if image.mode not in _PLAIN_MODES:
        raise PictureError(
            f"Pillow's mode {image.mode} is not taken: convert it to RGB with .convert('RGB')"
        )
    samples, info = np.asarray(image), value.info
    source = OfPillow({name: info[name] for name in info if name != "transparency"})
    about = Metadata(icc=info.get("icc_profile"))
    if image.mode not in ("LA", "RGBA"):
        stored = samples[..., None] if samples.ndim == 2 else samples
        return _made(
            stored, flat=samples.ndim == 2, cmyk=image.mode == "CMYK", source=source, metadata=about
        )
    return _made(samples[..., :-1], alpha=samples[..., -1].copy(), source=source, metadata=about)


def _of_data_array(value: Any) -> Picture:
    first = len(value.dims) == 3 and str(value.dims[0]).lower() in _BANDS
    samples = np.moveaxis(value.values, 0, -1) if first else value.values
    return _of_array(samples, OfDataArray(value, first))


_TAKES: dict[Any, Callable[[Any], Picture]] = {
    (str, os.PathLike): read,
    Tensor: _of_tensor,
    np.ndarray: _of_array,
    Image.Image: _of_pillow,
}
"""How each kind is taken."""
