"""The registry of file formats: each is one file that registers itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from untrained.errors import RequestError
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.picture.region import sides_in_words
from untrained.picture.samples import PictureError, Samples
from untrained.system.silence import without_warnings

HEAD = 512
"""Number of bytes at the start of a file that identify its format."""


@dataclass(frozen=True)
class Holds:
    """The pictures that a format can hold; by default 8-bit grey and RGB."""

    types: tuple[str, ...] | None = ("bool", "uint8")
    """Data types of the samples; None for any."""
    channels: tuple[int, ...] | None = (1, 3)
    """Numbers of channels, without alpha; None for any."""
    alpha: bool = False
    cmyk: bool = False
    volumes: bool = False
    complex: bool = False
    side: int | None = None
    """Most pixels a side; None for any number."""
    dpi: float | None = None
    """Finest resolution in dots per inch; None for any, or where none is written."""
    metadata: frozenset[str] = frozenset()
    """The fields of `Metadata` that it keeps, also of pictures from other formats."""


_METADATA = {
    "exif": "EXIF",
    "icc": "the colour profile",
    "dpi": "the resolution",
    "xmp": "XMP",
    "comment": "the comment",
    "description": "the description",
    "tags": "further tags of the TIFF",
    "pixels_per_unit": "the size of a pixel",
}
"""What a file may hold beside samples, in words."""


def _any_picture(_picture: Picture) -> str | None:
    return None


def _as_it_is(picture: Picture) -> Picture:
    return picture


def _value_errors() -> tuple[type[Exception], ...]:
    return (ValueError,)


@dataclass(frozen=True)
class Format:
    """A file format: how it is recognised, read and written."""

    name: str
    """Usual spelling, for example PNG."""
    extensions: tuple[str, ...]
    """In lower case, with the dot; messages suggest the first."""
    matches: Callable[[bytes], bool]
    """Whether the first `HEAD` bytes of a file are of this format, and of no other."""
    decode: Callable[[Path, bytes, PagesAre], Picture]
    """Makes a picture from the bytes; raises PictureError or one of `errors`.

    The path is for messages, and for formats read `in_place`. The last argument says how to read
    several pages; a format without pages ignores it.
    """
    encode: Callable[[Picture], bytes] | None = None
    """Makes the bytes of a picture that it `holds`; None if the format is only read."""
    holds: Holds = Holds()
    errors: Callable[[], tuple[type[Exception], ...]] = _value_errors
    """Lists what the codec raises for a damaged file; a function, to import the codec late."""
    prepare: Callable[[Picture], Picture] = _as_it_is
    """Converts a picture before it is written; gets volumes only if the format holds them."""
    refusal: Callable[[Picture], str | None] = _any_picture
    """Any further reason, in one line, why a picture cannot be written; None if it can."""
    decode_array: Callable[[Path, bytes], Samples] | None = None
    """Makes an array of any shape from the bytes, if the format stores arrays."""
    in_place: bool = False
    """Whether to read from the path, because the file may be too large to load whole."""

    def why_not(self, picture: Picture) -> str | None:
        """Say why a picture cannot be written in this format, in one line; None if it can."""
        if self.encode is None:
            return f"{self.name} cannot be written"
        if picture.complex_type is not None and not self.holds.complex:
            return f"{self.name} cannot hold complex samples"
        if picture.is_volume and not self.holds.volumes:
            return f"{self.name} cannot hold volumes"
        picture = self.prepare(picture)
        if (reason := self.refusal(picture)) is not None:
            return reason
        depth = picture.stored.dtype
        if self.holds.types is not None and depth.name not in self.holds.types:
            return (
                f"{self.name} holds {self._depths()} pictures; this one has samples of type "
                f"{depth} ({8 * depth.itemsize} bits)"
            )
        if picture.cmyk and not self.holds.cmyk:
            return f"{self.name} cannot hold CMYK"
        channels = self.holds.channels
        if not picture.cmyk and channels is not None and picture.channels not in channels:
            return f"{self.name} cannot hold {picture.channels} channels"
        if picture.alpha is not None and not self.holds.alpha:
            return f"{self.name} cannot hold transparency"
        return self._why_too_large(picture)

    def left_out(self, picture: Picture) -> str | None:
        """Say in one sentence what of the file's metadata is not kept; None if all is."""
        info = picture.metadata
        lost = [
            words
            for name, words in _METADATA.items()
            if getattr(info, name) and name not in self.holds.metadata
        ]
        lost += info.left_out
        return f"{self.name} does not keep {in_words(lost, 'and')}" if lost else None

    def _why_too_large(self, picture: Picture) -> str | None:
        most, finest = self.holds.side, self.holds.dpi
        if most is not None and max(picture.size) > most:
            return (
                f"{self.name} holds at most {most} pixels a side; the result has "
                f"{sides_in_words(picture.size)}"
            )
        dpi = picture.metadata.known_dpi
        if finest is not None and dpi is not None and max(dpi) > finest:
            return (
                f"{self.name} holds at most {finest:.10g} dots per inch; the picture states "
                f"{max(dpi):.10g}"
            )
        return None

    def encoded(self, picture: Picture) -> bytes:
        """Encode a picture that this format can hold.

        Raises
        ------
        PictureError
            If the format cannot be written, or the codec refuses the picture or its metadata.
        """
        if self.encode is None:
            raise PictureError(f"{self.name} cannot be written")
        try:
            with without_warnings():
                return self.encode(self.prepare(picture))
        except (RequestError, MemoryError):
            raise
        except Exception as error:
            what = " ".join(str(error).split()) or type(error).__name__
            raise PictureError(
                f"{self.name} cannot hold this picture or what its file says of it ({what}): use "
                "another format, such as .npy"
            ) from error

    def _depths(self) -> str:
        bits = sorted({8 * np.dtype(name).itemsize for name in self.holds.types or ()})
        return f"{' and '.join(map(str, bits))}-bit"


_KNOWN: dict[str, Format] = {}


def register(form: Format) -> Format:
    """Register a format, for `read` and `write` and on the command line.

    Raises
    ------
    ValueError
        If its name or one of its extensions is taken.
    """
    for other in _KNOWN.values():
        taken = set(form.extensions) & set(other.extensions)
        if other.name == form.name or taken:
            raise ValueError(f"{form.name} {sorted(taken)} is registered already by {other.name}")
    _KNOWN[form.name] = form
    return form


def known() -> Iterator[Format]:
    """Yield the formats in order of their names."""
    yield from sorted(_KNOWN.values(), key=lambda form: form.name.lower())


def recognised(head: bytes) -> Format | None:
    """Find the format of a file by its first bytes."""
    return next((form for form in known() if form.matches(head)), None)


def by_extension(path: Path) -> Format:
    """Find the format to write from the extension of a path.

    Raises
    ------
    PictureError
        If no format with this extension can be written.
    """
    writable = [form for form in known() if form.encode is not None]
    for form in writable:
        if path.suffix.lower() in form.extensions:
            return form
    extensions = (extension for form in writable for extension in form.extensions)
    raise PictureError(
        f"{path.name} has no extension of a known format: use one of {', '.join(extensions)}"
    )


def check_holds(form: Format, picture: Picture) -> None:
    """Refuse a picture that the format cannot hold; suggest formats that can.

    Raises
    ------
    PictureError
        If the format cannot hold it; one line.
    """
    reason = form.why_not(picture)
    if reason is None:
        return
    others = [other.extensions[0] for other in known() if other.why_not(picture) is None]
    raise PictureError(f"{reason}: use {in_words(others)}" if others else reason)


def in_words(names: list[str], last: str = "or") -> str:
    """Join names for a sentence: a, b or c."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
