"""Read picture files without loss; the first bytes give the format."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from untrained.arguments import FilePath, checked
from untrained.errors import RequestError
from untrained.picture.formats.registry import HEAD, Format, in_words, known, recognised
from untrained.picture.limits import file_over_limit, limited, read_limit
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError
from untrained.system.files import FileTooLarge, open_regular, read_regular
from untrained.system.silence import without_logs, without_warnings
from untrained.system.words import one_line

_Decoded = TypeVar("_Decoded")

_CODECS = ("tifffile", "PIL", "pydicom", "h5py", "imagecodecs")
"""Packages that read files, and log what they find odd."""

_LONGEST = 240
"""Most characters of a codec's error in a message."""


@checked
def read(path: FilePath, *, pages: PagesAre = "auto", limit: int | str | None = None) -> Picture:
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
    limit
        Most memory for samples and pixels, in bytes or as ``8GB``; that of the environment
        variable UNTRAINED_READ_LIMIT if None, else 4 GiB or a quarter of the machine's memory.

    Raises
    ------
    PictureError
        With one line, if the file does not exist, is no regular file, is damaged, has an unknown
        format or is over the limit; if neither the file nor `pages` says what its pages are; or if
        `pages` is given and it has none.
    """
    with limited(limit):
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
    with _opened(path) as file:
        try:
            head = file.read(HEAD)
        except OSError as error:
            raise _unreadable(path, error) from error
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
        If the file is damaged or too large for the memory: what the codec raises. Other errors
        pass through, because they are bugs.
    """
    try:
        with without_warnings(), without_logs(*_CODECS):
            return work(path, _content(path, form))
    except RequestError as error:
        words = one_line(error)
        named = words if one_line(path) in words else f"{one_line(path)}: {words}"
        raise type(error)(named) from error
    except MemoryError as error:
        raise PictureError(f"{path} does not fit in memory: cut it into parts") from error
    except Exception as error:
        if not isinstance(error, form.errors()) and not _is_of_codec(error):
            raise
        what = one_line(error, _LONGEST) or type(error).__name__
        raise PictureError(f"{path} is damaged or not a {form.name} picture: {what}") from error


def _is_of_codec(error: Exception) -> bool:
    """Whether a codec raised it, which meets a damaged file with errors of any kind."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    module = "" if frame is None else str(frame.tb_frame.f_globals.get("__name__"))
    return module.split(".")[0] in _CODECS


def _opened(path: Path) -> BinaryIO:
    try:
        return open_regular(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _content(path: Path, form: Format) -> bytes:
    """Read a file whole, unless its format reads it in place."""
    if form.in_place:
        return b""
    try:
        return read_regular(path, read_limit())
    except FileTooLarge as error:
        raise file_over_limit(path, error.size) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> PictureError:
    return PictureError(f"cannot read {path}: {error.strerror or error}")
