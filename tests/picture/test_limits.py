"""Files that ask for more memory than they may are refused before they are decoded."""

import contextlib
import io
import struct
import tracemalloc
import zipfile
import zlib

import imagecodecs
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import ExifTags, Image

import untrained as ut
from tests.app.test_cli import run
from tests.fuzz import corpus
from tests.helpers import reading_memory
from untrained.errors import RequestError
from untrained.picture import limits, measurements
from untrained.picture.samples import PictureError

SIDE = 1000


def large(kind):
    """A small file of a picture of a million pixels."""
    return large_files()[kind]


def large_files():
    buffers = {name: io.BytesIO() for name in ("a.png", "a.jpg", "a.webp", "a.bmp", "a.tif")}
    black = Image.new("RGB", (SIDE, SIDE))
    for name, kind in (("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP"), ("a.bmp", "BMP")):
        black.save(buffers[name], kind)
    samples = np.zeros((SIDE, SIDE, 3), np.uint8)
    tifffile.imwrite(buffers["a.tif"], samples, photometric="rgb", compression="zlib")
    for name, save in (("a.npy", np.save), ("a.npz", np.savez_compressed)):
        buffers[name] = io.BytesIO()
        save(buffers[name], samples)
    files = {name: buffer.getvalue() for name, buffer in buffers.items()}
    deep = struct.pack(">IIBBBBB", SIDE, SIDE, 16, 2, 0, 0, 0)
    content = zlib.compress(bytes(SIDE * (6 * SIDE + 1)))
    files["deep.png"] = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", deep), (b"IDAT", content), (b"IEND", b""))
    )
    return files


def hdf5(fill):
    return corpus._hdf5(fill)


KINDS = ("a.png", "deep.png", "a.jpg", "a.webp", "a.bmp", "a.tif", "a.npy", "a.npz")


@pytest.mark.parametrize("name", KINDS)
def test_every_format_obeys_the_limit_and_says_how_to_raise_it(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(large(name))
    with pytest.raises(PictureError, match=r"over the limit of 2 MB.*--read-limit \d+MB") as caught:
        ut.read(path, limit="2MB")
    assert limits.VARIABLE in str(caught.value)
    assert "limit=" in str(caught.value)
    assert ut.read(path, limit="40MB").size == (SIDE, SIDE)


def test_the_environment_and_the_command_line_set_the_limit_of_all_they_read(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(large("a.png"))
    np.save(tmp_path / "k.npy", np.ones((900, 900)))
    Image.new("L", (16, 16)).save(tmp_path / "small.png")
    monkeypatch.setenv(limits.VARIABLE, "2 MB")
    with pytest.raises(PictureError, match="limit of 2 MB"):
        ut.read("a.png")
    assert run("denoise", "a.png", "out.png", "--read-limit", "1 MB") == 2
    assert "limit of 1 MB" in capsys.readouterr().err
    words = ("reconstruct", "deblur", "small.png", "out.png", "--kernel", "k.npy", "--steps", "1")
    assert run(*words) == 2
    assert "k.npy takes 6.48 MB of memory, over the limit of 2 MB" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()
    monkeypatch.setenv(limits.VARIABLE, "much")
    with pytest.raises(RequestError, match="UNTRAINED_READ_LIMIT 'much' is no size"):
        ut.read("a.png")
    assert run("denoise", "a.png", "out.png", "--read-limit", "-3") == 2
    assert "--read-limit '-3' is no size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "size"),
    [("8GB", 8 * 10**9), ("2 GiB", 2**31), ("500mb", 5 * 10**8), ("1.5k", 1500), (77, 77)],
)
def test_sizes_in_words(words, size):
    assert limits.size_from_words(words, "limit") == size


@pytest.mark.parametrize("words", ["", "0", "-1", "x", "8 GBB", True, 1.5e300, "nan", "1e3"])
def test_what_is_no_size_is_refused(words):
    with pytest.raises(RequestError, match="is no size"):
        limits.size_from_words(words, "limit")


def test_the_default_is_a_quarter_of_the_memory_at_most(monkeypatch):
    from untrained.system import machine

    monkeypatch.delenv(limits.VARIABLE, raising=False)
    for total, expected in ((8 * 2**30, 2 * 2**30), (2**40, 4 * 2**30), (None, 4 * 2**30)):
        monkeypatch.setattr(machine, "whole_memory", lambda total=total: total)
        assert limits.read_limit() == expected


def test_a_webp_of_34_bytes_is_judged_by_what_it_states(tmp_path):
    sides = (16383 - 1) | (16383 - 1) << 14
    body = b"WEBPVP8L" + struct.pack("<I", 14) + b"\x2f" + struct.pack("<I", sides) + bytes(9)
    (tmp_path / "a.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(PictureError, match="16383x16383 pixels"):
        ut.read(tmp_path / "a.webp", limit=limits.MOST)


def test_a_zip_file_that_states_less_than_it_holds_inflates_to_what_it_states(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(300 * 2**20))
    data = buffer.getvalue().replace(struct.pack("<I", 300 * 2**20), struct.pack("<I", 1000))
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(PictureError, match="damaged"), little_memory():
        ut.read(tmp_path / "a.npz")


def test_a_deflated_dicom_is_inflated_bit_by_bit(tmp_path):
    data = corpus.corpus()["dicom"]["deflated.dcm"]
    start = data.index(b"1.2.840.10008.1.2.1.99") + 22
    end = next(at for at in range(start, len(data)) if inflates(data[at:]))
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    (tmp_path / "a.dcm").write_bytes(
        data[:end] + deflate.compress(bytes(300 * 2**20)) + deflate.flush()
    )
    with pytest.raises(PictureError, match="deflated data set"), little_memory():
        ut.read(tmp_path / "a.dcm", limit="20MB")


@contextlib.contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20 * 2**20


def inflates(data):
    try:
        return len(zlib.decompress(data, -zlib.MAX_WBITS)) > 100
    except zlib.error:
        return False


def test_profiles_and_exif_that_swell_are_refused(tmp_path):
    profile = b"a\0\0" + zlib.compress(bytes(100 * 2**20))
    png = corpus.corpus()["png"]["deep3.png"]
    tags = b"".join(struct.pack("<HHII", 40000 + n, 7, 10**5, 8) for n in range(3000))
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 3000) + tags + bytes(10**5)
    for name, body, words in (
        (b"iCCP", profile, "a colour profile of more than"),
        (b"eXIf", exif, "states more bytes of tags than it holds"),
    ):
        packed = struct.pack(">I", len(body)) + name + body
        chunk = packed + struct.pack(">I", zlib.crc32(name + body))
        (tmp_path / "a.png").write_bytes(png[:33] + chunk + png[33:])
        with pytest.raises(PictureError, match=words):
            ut.read(tmp_path / "a.png")
    shallow = corpus.corpus()["png"]["RGB.png"]
    (tmp_path / "a.png").write_bytes(shallow[:33] + chunk + shallow[33:])
    with pytest.raises(PictureError, match="states more bytes of tags"):
        ut.read(tmp_path / "a.png")
    jpeg = corpus.corpus()["jpeg"]["RGB.jpg"]
    body = b"Exif\0\0" + exif.replace(struct.pack("<I", 10**5), struct.pack("<I", 10**4))[:60000]
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    (tmp_path / "a.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    with pytest.raises(PictureError, match="states more bytes of tags"):
        ut.read(tmp_path / "a.jpg")


def test_more_chunks_and_scans_than_any_encoder_writes_are_refused(tmp_path):
    png = corpus.corpus()["png"]["RGB.png"]
    empty = struct.pack(">I", 0) + b"abCd" + struct.pack(">I", zlib.crc32(b"abCd"))
    (tmp_path / "a.png").write_bytes(png[:33] + 50_000 * empty + png[33:])
    with pytest.raises(PictureError, match="more than 10000 chunks"):
        ut.read(tmp_path / "a.png")
    jpeg = corpus.corpus()["jpeg"]["progressive.jpg"]
    scan = jpeg[jpeg.index(b"\xff\xda") : -2]
    (tmp_path / "a.jpg").write_bytes(jpeg[:-2] + 500 * scan + jpeg[-2:])
    with pytest.raises(PictureError, match="scans"):
        ut.read(tmp_path / "a.jpg")


def test_data_sets_of_hdf5_are_judged_by_their_shape_and_chunks(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(hdf5(lambda file: file.create_dataset("a", (9000, 9000), "f8")))
    with pytest.raises(PictureError, match=r"9000x9000, which take 648 MB.*limit of 50 MB"):
        ut.read(path, limit="50MB")
    path.write_bytes(hdf5(lambda file: file.create_dataset("kspace", (9, 9000, 900), "c8")))
    with pytest.raises(PictureError, match=r"9000x900, which take 64.8 MB"):
        measurements.read_kspace(path, limit="50MB")
    assert measurements.read_kspace(path, limit="80MB").samples.shape == (9000, 900)

    def swelling(file):
        made = file.create_dataset("a", (64, 64), "f4", chunks=(64, 64), compression="gzip")
        made.id.write_direct_chunk((0, 0), zlib.compress(bytes(300 * 2**20))[: 2**19])

    path.write_bytes(hdf5(swelling))
    with pytest.raises(PictureError, match=r"chunk that inflates|larger|for 16.4 kB"):
        ut.read(path, limit="50MB")


MORE = ("f.tif", "f.npy", "nan.npy", "a.h5", "a.dcm", "turn.jpg")

FACTOR = 4
"""Most memory to read a picture, beyond its file, in bytes of its samples and pixels."""


def test_reading_takes_at_most_four_times_the_pictures_own_bytes(tmp_path):
    paths = [tmp_path / name for name in (*KINDS, *MORE)]
    for path in paths:
        path.write_bytes(repeated(path.name, 1600))
    for path, found in zip(paths, reading_memory.measured(*paths, limit="2GB"), strict=True):
        assert found.own > 12 * 10**6
        assert found.own < found.peak < FACTOR * found.own + path.stat().st_size, path.name


def repeated(name, side):
    """A file of a picture of this side."""
    plane = np.add.outer(np.arange(side), np.arange(side)) % 65536
    rgb = np.stack([plane % 256, plane // 3 % 256, plane // 5 % 256], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    if name == "deep.png":
        return imagecodecs.png_encode(np.stack([plane] * 3, axis=-1).astype(np.uint16), level=1)
    if name == "a.h5":
        return hdf5(lambda file: file.create_dataset("a", data=rgb, compression="gzip"))
    if name == "a.dcm":
        dataset = pydicom.dcmread(io.BytesIO(corpus.corpus()["dicom"]["deflated.dcm"]))
        dataset.Rows = dataset.Columns = side
        dataset.PixelData = plane.astype(np.uint16).tobytes()
        dataset.save_as(buffer)
    elif name == "nan.npy":
        np.save(buffer, np.where(plane == 9, np.nan, plane).astype(np.float32))
    elif name == "f.npy":
        np.save(buffer, plane.astype(np.float32))
    elif name == "f.tif":
        tifffile.imwrite(buffer, plane.astype(np.float32), compression="zlib")
    elif name == "a.tif":
        tifffile.imwrite(buffer, rgb, photometric="rgb", compression="zlib")
    elif name in ("a.npy", "a.npz"):
        (np.save if name == "a.npy" else np.savez_compressed)(buffer, rgb)
    else:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6 if name == "turn.jpg" else 1
        kind = {"a.png": "PNG", "a.webp": "WEBP", "a.bmp": "BMP"}.get(name, "JPEG")
        Image.fromarray(rgb).save(buffer, kind, exif=exif, lossless=True, quality=1)
    return buffer.getvalue()
