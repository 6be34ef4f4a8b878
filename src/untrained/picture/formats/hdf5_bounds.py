"""Check an HDF5 file before its data sets are read: other files, chunks that inflate too far.

HDF5 follows external links and external storage to any file, and a filter may make a chunk of any
size of a few bytes.
"""

import math
import zlib
from pathlib import Path
from typing import Any

from untrained.picture.limits import check_bytes, in_bytes, read_limit
from untrained.picture.samples import PictureError

_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3
_PLAIN = tuple(
    [*before, _DEFLATE, *after] for before in ((), (_SHUFFLE,)) for after in ((), (_CHECKSUM,))
)
"""Filters under which a chunk is one stream of zlib, perhaps with a checksum behind it."""

_RATIO = 1032
"""Deflate makes at most so many bytes of one."""

_STEP = 2**20


def check_own(path: Path, file: Any) -> None:
    """Refuse a file that names others: links, external storage, virtual data sets.

    Raises
    ------
    PictureError
        If it does; none of them was opened.
    """
    import h5py

    def see_link(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            raise _elsewhere(path, f"link {name}")

    def see(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
            raise _elsewhere(path, f"data set {name}")

    file.visititems_links(see_link)
    file.visititems(see)


def check_chunks(path: Path, dataset: Any) -> None:
    """Refuse chunks over the limit, as stored or once inflated.

    Raises
    ------
    PictureError
        If one is, or if filters are stacked so that this cannot be told.
    """
    if dataset.chunks is None:
        return
    stated = math.prod(dataset.chunks) * dataset.dtype.itemsize
    check_bytes(path, stated, "a chunk")
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(at)[0] for at in range(plan.get_nfilters())]
    if filters.count(_DEFLATE) > 1:
        raise PictureError(f"{path} deflates its chunks twice: save it anew")
    if _DEFLATE not in filters:
        return
    suspects = []
    limit = read_limit()

    def see(info: Any) -> None:
        if info.size * _RATIO > limit:
            suspects.append(info)

    dataset.id.chunk_iter(see)
    for info in suspects:
        if filters not in _PLAIN:
            check_bytes(path, info.size * _RATIO, "a chunk")
        _check_inflated(path, dataset.id.read_direct_chunk(info.chunk_offset)[1], stated)


def _check_inflated(path: Path, data: bytes, stated: int) -> None:
    """Refuse a chunk that inflates to more than it states."""
    stream, inflated = zlib.decompressobj(), 0
    while data and not stream.eof and inflated <= stated:
        inflated += len(stream.decompress(data, _STEP))
        data = stream.unconsumed_tail
    if inflated > stated:
        raise PictureError(
            f"{path} holds a chunk that inflates to more than its {in_bytes(stated)}: save it anew"
        )


def _elsewhere(path: Path, what: str) -> PictureError:
    return PictureError(
        f"{path} names another file for its {what}, and others are not opened: give a file that "
        "holds its own data (h5repack, or h5py's copy)"
    )
