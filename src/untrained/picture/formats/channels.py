"""Helpers of all decoders and encoders: number of pictures, orientation, alpha."""

from pathlib import Path

import numpy as np

from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError, Samples, as_dtype, opaque


def refuse_pages(path: Path, count: int) -> None:
    """Refuse a file of several pictures."""
    if count > 1:
        raise PictureError(f"{path} holds {count} pictures: give a file with one")


def split_alpha(samples: Samples, *, has_alpha: bool) -> tuple[Samples, Samples | None]:
    """Split into colour ``(H, W, C)`` and alpha ``(H, W)``, the last channel if `has_alpha`."""
    if samples.ndim == 2:
        samples = samples[..., None]
    samples = np.ascontiguousarray(samples)
    if not has_alpha:
        return samples, None
    return np.ascontiguousarray(samples[..., :-1]), np.ascontiguousarray(samples[..., -1])


def upright(samples: Samples, orientation: int) -> Samples:
    """Apply an EXIF orientation, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return np.ascontiguousarray(samples)


def interleaved(picture: Picture, *, premultiplied: bool = False) -> Samples:
    """Return the samples as files hold them: alpha last, grey without a channel axis.

    `premultiplied` says whether the file holds colours multiplied by alpha, if the picture does;
    else they are divided by it.
    """
    samples = picture.stored
    if picture.metadata.premultiplied and picture.alpha is not None:
        samples = _within_alpha(picture) if premultiplied else _divided_by_alpha(picture)
    if samples.dtype == bool:
        samples = samples.astype(np.uint8) * 255
    if picture.alpha is not None:
        samples = np.concatenate([samples, picture.alpha[..., None]], axis=2)
    native = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(native[..., 0] if native.shape[2] == 1 else native)


def _within_alpha(picture: Picture) -> Samples:
    """Keep restored colours in the range that premultiplied colours have."""
    if picture.alpha is None or picture.stored.dtype.kind not in "ui":
        return picture.stored
    return np.minimum(picture.stored, picture.alpha[..., None])


def _divided_by_alpha(picture: Picture) -> Samples:
    """Take the alpha out of premultiplied colours; black where it is 0."""
    if picture.alpha is None:
        return picture.stored
    alpha = picture.alpha[..., None].astype(np.float64) / opaque(picture.alpha.dtype)
    plain = np.where(alpha > 0, picture.stored / np.where(alpha > 0, alpha, 1.0), 0.0)
    return as_dtype(plain, picture.stored.dtype)
