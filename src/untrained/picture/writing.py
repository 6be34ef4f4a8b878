"""Write picture files whole or not at all; check before the long work that they can be written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from untrained.arguments import FilePath, checked
from untrained.errors import RequestError
from untrained.picture.formats.registry import by_extension, check_holds
from untrained.picture.picture import Picture
from untrained.picture.region import Size
from untrained.picture.samples import PictureError
from untrained.picture.taking import PictureOrVolume
from untrained.system.output_files import check_file_place, create_file, replace_file, shown


def check_writable(
    path: str | Path,
    picture: Picture,
    *,
    size: Size | None = None,
    overwrite: bool = False,
    beside: tuple[str, ...] = (),
) -> None:
    """Check before the long work that a picture like this one can be written.

    A blank picture of the size, type and metadata of the result is encoded in memory. It takes as
    much memory as the result, and about 30 ms a megapixel of three channels (16-bit PNG: 90).

    Parameters
    ----------
    path
        Where it will be written.
    picture
        The input, or any other picture of the type and metadata of the result.
    size
        Of the result; that of `picture` when None.
    overwrite
        Whether an existing file may be replaced.
    beside
        What is added to the name for files that are written beside it.

    Raises
    ------
    PictureError
        If the folder does not exist or is not writable, the file exists and `overwrite` is false,
        it is something else than a file, the extension is unknown, or its format cannot hold the
        picture.
    """
    path = Path(path)
    check_place(path, overwrite=overwrite, beside=beside)
    blank = _blank(picture, picture.size if size is None else size)
    form = by_extension(path)
    check_holds(form, blank)
    form.encoded(blank)


def check_place(path: Path, *, overwrite: bool = False, beside: tuple[str, ...] = ()) -> None:
    """Check that a file can be written here, or replaced; as `check_writable`."""
    try:
        check_file_place(path, beside=beside)
    except RequestError as error:
        raise PictureError(str(error)) from error
    if path.exists() and not overwrite:
        raise PictureError(f"{shown(path)} exists: choose another name or give --overwrite")


@checked
def write(path: FilePath, picture: PictureOrVolume, *, overwrite: bool = False) -> None:
    """Write a picture, whole or not at all.

    Parameters
    ----------
    path
        The extension gives the format. JPEG is written at quality 95 without chroma subsampling,
        WebP without loss.
    picture
        A Restoration, or any kind of picture or volume, see `as_picture`.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    PictureError
        As for `check_writable`.
    OSError
        If the disk is full or fails, or a file has appeared meanwhile; the old file is untouched.
    """
    path = Path(path)
    check_place(path, overwrite=overwrite)
    content = encoded(path, picture)
    (replace_file if overwrite else create_file)(path, content)


def left_out(path: Path, picture: Picture) -> tuple[str, ...]:
    """Say what of a file's metadata a result in the format of this extension will not keep."""
    words = by_extension(path).left_out(picture)
    return () if words is None else (words,)


def encoded(path: Path, picture: Picture) -> bytes:
    """Encode a picture in the format of an extension.

    Raises
    ------
    PictureError
        If the extension is unknown or its format cannot hold the picture.
    """
    form = by_extension(path)
    check_holds(form, picture)
    return form.encoded(picture)


def _blank(picture: Picture, size: Size) -> Picture:
    """Make a black picture of another size but the same kind, data type and metadata."""
    alpha = picture.alpha
    return replace(
        picture,
        pixels=torch.zeros((1, picture.channels, *size)),
        stored=np.zeros((*size, picture.channels), picture.stored.dtype),
        alpha=None if alpha is None else np.zeros(size, alpha.dtype),
        missing=None,
        metadata=replace(picture.metadata, compression=None),
    )
