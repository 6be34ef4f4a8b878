"""Picture files in, without losing a bit: the format is recognised by the first bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from untrained.errors import RequestError
from untrained.picture.formats.registry import HEAD, Format, in_words, known, recognised
from untrained.picture.metadata import PAGES_ARE, PagesAre
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError
from untrained.system.silence import without_warnings

_Decoded = TypeVar("_Decoded")


def read(path: str | Path, *, pages: PagesAre = "auto") -> Picture:
    """Read a picture, or a volume.

    Parameters
    ----------
    path
        A file of any known format (`untrained info` lists them): PNG, JPEG, TIFF and more. EXIF
        orientation is applied.
    pages
        What the pages of a TIFF are: ``volume``, slices of one; ``bands`` of one picture; or
        ``auto``, what its axes say (Z or C, as ImageJ and OME note them). Of an NPY of three axes
        ``(H, W, C)`` is read, with ``volume`` ``(D, H, W)``, with ``bands`` ``(C, H, W)``.

    Raises
    ------
    PictureError
        If there is no such file or it is no whole picture of these formats; if it has pages and
        nothing says what they are, or `pages` says something and it has none. One line.
    """
    if pages not in PAGES_ARE:
        raise PictureError(f"unknown pages {pages!r}: choose from {', '.join(PAGES_ARE)}")
    picture = decoded(Path(path), pages)
    if (pages == "volume" and not picture.is_volume) or (
        pages == "bands" and picture.metadata.pages is None
    ):
        raise PictureError(f"{path} is one picture of {picture.channels} channels: it has no pages")
    return picture


def decoded(path: Path, pages: PagesAre = "auto") -> Picture:
    """Read a picture or a volume, as `read`, whether or not it has the pages."""
    form = format_of(path)
    return decode(path, form, lambda path, data: form.decode(path, data, pages))


def format_of(path: Path) -> Format:
    """Recognise the format of a file.

    Raises
    ------
    PictureError
        If it cannot be read, or is of no known format.
    """
    if path.is_dir():
        raise PictureError(f"{path} is a folder: give a picture file")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror}") from error
    if not head:
        raise PictureError(f"{path} is empty")
    form = recognised(head)
    if form is None:
        names = in_words([form.name for form in known()])
        raise PictureError(f"{path} is not a file of a known format: give {names}")
    return form


def decode(path: Path, form: Format, work: Callable[[Path, bytes], _Decoded]) -> _Decoded:
    """Read a file and decode it by `work`; what the codec raises is told in one line.

    Raises
    ------
    PictureError
        If the file is damaged or too large for the memory. Other errors come through: they are
        faults of the program.
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
        raise PictureError(f"{path} does not fit in memory") from error
    except Exception as error:
        if not isinstance(error, form.errors()):
            raise
        what = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path} is damaged or not a {form.name} picture: {what}") from error
