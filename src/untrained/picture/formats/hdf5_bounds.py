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
    """Refuse a file with links to others.

    Raises
    ------
    PictureError
        If it does; none of them was opened.
    """
    from h5py import h5l

    links: list[bytes] = []
    # What a callback raises is lost inside HDF5: it only notes the names.
    file.id.links.visit(links.append)
    for name in links:
        if file.id.links.get_info(name).type not in (h5l.TYPE_HARD, h5l.TYPE_SOFT):
            raise _elsewhere(path, f"link {name.decode('utf-8', 'replace')}")


def own_datasets(path: Path, file: Any) -> dict[str, Any]:
    """List the data sets by path, in the order of their names.

    Raises
    ------
    PictureError
        If one has its samples in another file.
    """
    import h5py

    names: list[bytes] = []
    h5py.h5o.visit(file.id, names.append)
    found = {}
    for name in names:
        item = file[name]
        if isinstance(item, h5py.Dataset):
            words = name.decode("utf-8", "replace")
            if item.external or item.is_virtual:
                raise _elsewhere(path, f"data set {words}")
            found[words] = item
    return found


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
    chunks: list[Any] = []
    dataset.id.chunk_iter(chunks.append)
    limit = read_limit()
    for info in chunks:
        if info.size > 2 * stated + _STEP:
            raise PictureError(
                f"{path} holds a chunk of {in_bytes(info.size)} for {in_bytes(stated)} of samples: "
                "save it anew"
            )
        if info.size * _RATIO <= limit:
            continue
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
