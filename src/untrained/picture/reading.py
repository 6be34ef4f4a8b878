"""Read picture files without loss; the first bytes give the format."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from untrained.arguments import FilePath, checked
from untrained.errors import RequestError
from untrained.picture.formats.registry import HEAD, Format, in_words, known, recognised
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError
from untrained.system.silence import without_warnings

_Decoded = TypeVar("_Decoded")


@checked
def read(path: FilePath, *, pages: PagesAre = "auto") -> Picture:
    """Read a picture, or a volume.

    Parameters
    ----------
    path
        A file of any known format (`untrained info` lists them): PNG, JPEG, TIFF and more. EXIF
        orientation is applied.
    pages
        How to read the pages of a TIFF: ``volume``, as slices; ``bands``, as channels of one
        picture; ``auto``, as the file names its axes (Z or C in ImageJ and OME). An NPY of three
        axes is ``(H, W, C)``; with ``volume`` ``(D, H, W)``, with ``bands`` ``(C, H, W)``.

    Raises
    ------
    PictureError
        With one line, if the file does not exist, is damaged or has an unknown format; if neither
        the file nor `pages` says what its pages are; or if `pages` is given and it has none.
    """
    picture = decoded(Path(path), pages)
    if (pages == "volume" and not picture.is_volume) or (
        pages == "bands" and picture.metadata.pages is None
    ):
        raise PictureError(f"{path} is one picture of {picture.channels} channels: it has no pages")
    return picture


def decoded(path: Path, pages: PagesAre = "auto") -> Picture:
    """Read a picture or a volume as `read` does, but accept a file without pages."""
    form = format_of(path)
    return decode(path, form, lambda path, data: form.decode(path, data, pages))


def format_of(path: Path) -> Format:
    """Recognise the format of a file.

    Raises
    ------
    PictureError
        If it cannot be read, or its format is unknown.
    """
    if path.is_dir():
        raise PictureError(f"{path} is a folder: give a picture file")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror}") from error
    if not head:
        raise PictureError(f"{path} is empty: give a picture file")
    form = recognised(head)
    if form is None:
        names = in_words([form.name for form in known()])
        raise PictureError(f"{path} has no known format: give {names}")
    return form


def decode(path: Path, form: Format, work: Callable[[Path, bytes], _Decoded]) -> _Decoded:
    """Read a file and decode it with `work`; report the errors of the codec in one line.

    Raises
    ------
    PictureError
        If the file is damaged or too large for the memory. Other errors pass through, because they
        are bugs.
    """
    try:
        data = b"" if form.in_place else path.read_bytes()
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror}") from error
    try:
        with without_warnings():
            return work(path, data)
    except RequestError:
        raise
    except MemoryError as error:
        raise PictureError(f"{path} does not fit in memory: cut it into parts") from error
    except Exception as error:
        if not isinstance(error, form.errors()):
            raise
        what = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path} is damaged or not a {form.name} picture: {what}") from error
