"""TIFFs whose directories loop, or state what they do not hold, end in one line at once."""

import io
import struct
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

import untrained as ut
from untrained.picture.samples import PictureError

GREY = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
GREY += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64)]


def directory(following, tags=GREY, order="<"):
    packed = b"".join(struct.pack(order + "HHII", *tag) for tag in tags)
    return struct.pack(order + "H", len(tags)) + packed + struct.pack(order + "I", following)


def tiff(*directories, first=72):
    """A TIFF of 64 samples and directories that follow them."""
    return b"II*\0" + struct.pack("<I", first) + bytes(64) + b"".join(directories)


LENGTH = len(directory(0))


def refused_soon(path, data, words, **options):
    path.write_bytes(data)
    start = time.monotonic()
    with pytest.raises(PictureError, match=words) as caught:
        ut.read(path, **options)
    assert time.monotonic() - start < 3
    assert "\n" not in str(caught.value)


def test_a_picture_made_so_is_read(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(directory(0)))
    assert ut.read(tmp_path / "a.tif").size == (8, 8)


@pytest.mark.parametrize("pages", ["auto", "volume"])
def test_a_chain_of_pages_that_bites_its_tail(tmp_path, pages):
    path = tmp_path / "a.tif"
    for data in (
        tiff(directory(72)),
        tiff(directory(72 + LENGTH), directory(72)),
        tiff(directory(72 + LENGTH), directory(72 + LENGTH)),
    ):
        refused_soon(path, data, "form a loop", pages=pages)


def test_a_long_big_motorola_chain_that_bites_its_tail(tmp_path):
    header = b"MM\0+" + struct.pack(">HHQ", 8, 0, 16)
    for at in (16, 40):
        body = struct.pack(">QQ", 0, 40) + bytes(8) + struct.pack(">QQ", 0, at)
        refused_soon(tmp_path / "a.tif", header + body, "form a loop")


@pytest.mark.parametrize("target", [72, 72 + LENGTH + 12])
def test_smaller_pages_that_lead_back(tmp_path, target):
    inner = [*GREY, (330, 4, 1, target)]
    data = tiff(directory(0, [*GREY, (330, 4, 1, 72 + LENGTH + 12)]), directory(0, inner))
    refused_soon(tmp_path / "a.tif", data, "form a loop")


def test_absurd_counts_of_pages_and_tags(tmp_path):
    path = tmp_path / "a.tif"
    pages = b"".join(struct.pack("<HI", 0, 72 + 6 * n) for n in range(1, 200_000))
    refused_soon(path, tiff(pages), "more than 20000 pages")
    crowded = directory(0, [(40000 + n, 7, 100_000, 8) for n in range(3000)])
    refused_soon(path, tiff(crowded) + bytes(100_000), "more bytes of tags than it holds")
    texts = directory(0, [(270, 2, 90_000, 8)] * 3)
    refused_soon(path, tiff(texts) + bytes(90_000), "more bytes of tags than it holds")
    fields = directory(0, [*GREY, (34665, 4, 1, 72 + LENGTH + 12)])
    refused_soon(path, tiff(fields, crowded) + bytes(100_000), "more bytes of tags than it holds")


def test_a_tile_is_no_larger_than_its_page_says(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (3000, 3000)).save(buffer, "JPEG")
    jpeg = buffer.getvalue()
    tags = [(c, k, n, {259: 7, 262: 6, 277: 3, 279: len(jpeg)}.get(c, v)) for c, k, n, v in GREY]
    tags = [tag if tag[0] != 273 else (273, 4, 1, 72 + LENGTH) for tag in tags]
    refused_soon(tmp_path / "a.tif", tiff(directory(0, tags), jpeg), "3000x3000 pixels, more than")
    tiled = [*GREY[:5], (277, 3, 1, 1), (322, 4, 1, 1 << 20), (323, 4, 1, 1 << 20)]
    tiled += [(324, 4, 1, 8), (325, 4, 1, 64)]
    refused_soon(tmp_path / "a.tif", tiff(directory(0, tiled)), "a tile, which take 1.1 TB")


def test_strips_that_are_absurdly_many_or_share_their_bytes(tmp_path):
    path = tmp_path / "a.tif"
    sides = [(256, 4, 1, 8), *GREY[2:5], (277, 3, 1, 1), (278, 4, 1, 1)]
    for count, length, words in (
        (1_500_000, 8, "1500000 strips"),
        (1000, 400_000, "share their bytes"),
    ):
        base = 72 + LENGTH
        tags = [*sides, (257, 4, 1, count), (273, 4, count, base), (279, 4, count, base)]
        tags[-1] = (279, 4, count, base + 4 * count)
        numbers = struct.pack("<I", base) * count + struct.pack("<I", length) * count
        data = tiff(directory(0, sorted(tags)), numbers) + bytes(400_000)
        path.write_bytes(data)
        with pytest.raises(PictureError, match=words):
            ut.read(path)


def ome(path, xml):
    tifffile.imwrite(path, np.ones((2, 8, 8), np.uint8), description=xml, metadata=None)


PIXELS = (
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" {root}>'
    '<Image ID="I:0"><Pixels ID="P:0" DimensionOrder="XYCZT" Type="uint8" SizeX="8" SizeY="8" '
    'SizeC="1" SizeZ="{slices}" SizeT="1"><Channel ID="C:0" SamplesPerPixel="1"/>{data}</Pixels>'
    "</Image></OME>"
)


def test_an_ome_tiff_is_read_alone_and_counts_what_there_can_be(tmp_path):
    other, path = tmp_path / "other.ome.tif", tmp_path / "a.ome.tif"
    tifffile.imwrite(other, np.full((8, 8), 77, np.uint8))
    data = "".join(
        f'<TiffData IFD="0" FirstZ="{at}" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{at}'
        "</UUID></TiffData>"
        for at, name in enumerate(("a.ome.tif", "other.ome.tif"))
    )
    ome(path, PIXELS.format(root='UUID="urn:uuid:0"', slices=2, data=data))
    refused_soon(path, path.read_bytes(), "part of an OME-TIFF of several files")
    refused_soon(path, path.read_bytes(), "part of an OME-TIFF of several files", pages="volume")
    ome(path, PIXELS.format(root="", slices=2, data='<TiffData IFD="0" PlaneCount="2"/>'))
    assert ut.read(path).size == (2, 8, 8)
    ome(path, PIXELS.format(root="", slices=2 * 10**9, data='<TiffData IFD="0"/>'))
    refused_soon(path, path.read_bytes(), "counts 2000000000 planes")
    ome(path, PIXELS.format(root="", slices=2, data='<TiffData IFD="0" PlaneCount="99999999"/>'))
    refused_soon(path, path.read_bytes(), "counts 99999999 planes")


def test_what_tifffile_logs_is_not_printed(tmp_path, capfd, caplog):
    (tmp_path / "a.tif").write_bytes(tiff(directory(10**6)))
    assert ut.read(tmp_path / "a.tif").size == (8, 8)
    (tmp_path / "b.tif").write_bytes(tiff(directory(0, [*GREY, (40000, 77, 9, 9)])))
    ut.read(tmp_path / "b.tif")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_smaller_pages_that_are_listed_and_chained_are_no_loop(tmp_path):
    sides = (32, 16, 8)
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as file:
        for side in sides:
            samples = np.full((side, side), side, np.uint8)
            inner = {"subifds": 2} if side == 32 else {"subfiletype": 1}
            file.write(samples, **inner)
    assert ut.read(tmp_path / "pyramid.tif").size == (32, 32)


def test_directories_with_very_many_ways_are_refused(tmp_path):
    # Each lists the next one twice: 2^40 ways to the last.
    pages = b""
    for number in range(40):
        after = 8 + 40 * (number + 1)
        pages += struct.pack("<H HHII I", 1, 330, 4, 2, 8 + 40 * number + 20, 0)
        pages += bytes(2) + struct.pack("<II", after, after) + bytes(12)
    data = b"II*\0" + struct.pack("<I", 8) + pages
    refused_soon(tmp_path / "a.tif", data, "ways to its pages")
