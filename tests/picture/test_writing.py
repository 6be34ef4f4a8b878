"""What formats can hold is kept; what they cannot is refused before the long work, in one line."""

import math
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image
from pydicom.data import get_testdata_file

from untrained.errors import RequestError
from untrained.picture import writing
from untrained.picture.formats.registry import by_extension, known
from untrained.picture.metadata import Metadata, Pages
from untrained.picture.picture import make_picture
from untrained.picture.reading import read
from untrained.picture.samples import PictureError

EVERY = sorted(form.extensions[0] for form in known())
TEXTS = ("0.2 µm", "Привет, 世界", "a\x01\x1b[31m\nb", "x" * 100_000)


def picture(dtype="uint8", shape=(6, 5, 3), **metadata):
    samples = np.arange(math.prod(shape)).reshape(shape) % 50
    return make_picture(samples.astype(dtype), metadata=Metadata(**metadata))


def volume(dtype="uint16", kind="imagej", size=(3, 6, 5), **more):
    pages = Pages(axes="ZYX", letters="ZYX", size=size, kind=kind, **more)
    return picture(dtype, (3, 6, 5, 1), format="TIFF", pages=pages)


def there_and_back(path, given, **how):
    writing.check_writable(path, given)
    writing.write(path, given)
    found = read(path, **how)
    assert np.array_equal(found.stored, given.stored)
    return found.metadata


@pytest.mark.parametrize("text", TEXTS)
def test_text_of_any_kind_is_kept_in_tiff(tmp_path, text):
    assert there_and_back(tmp_path / "a.tif", picture(description=text)).description == text
    plain = replace(volume(kind="plain"), metadata=replace(volume().metadata, description=text))
    plain = replace(
        plain, metadata=replace(plain.metadata, pages=replace(plain.metadata.pages, kind="plain"))
    )
    found = there_and_back(tmp_path / "b.tif", plain, pages="volume")
    assert found.description == text


def test_latin_text_of_a_tiff_is_read_and_written(tmp_path):
    grey = np.zeros((4, 5), np.uint8)
    for name, coding in (("a.tif", "utf-8"), ("b.tif", "latin-1")):
        text = "pixel size 0.2 µm".encode(coding)
        tifffile.imwrite(tmp_path / name, grey, description=text, metadata=None)
        writing.write(tmp_path / f"out-{name}", read(tmp_path / name))
        assert "0.2 µm" in read(tmp_path / f"out-{name}").metadata.description


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_exif_text_keeps_its_bytes(tmp_path, name):
    exif = Image.Exif()
    exif[315], exif[33432] = "Žofia Ångström".encode(), "© Ž. Å.".encode()
    given = picture(exif=exif.tobytes())
    path = tmp_path / name
    for _ in range(2):
        writing.write(path, given, overwrite=True)
        given = read(path)
    assert "Žofia Ångström".encode() in path.read_bytes()
    assert "© Ž. Å.".encode() in path.read_bytes()


NOTES = {"unit": "µm", "Info": "größe 世界", "spacing": 0.5, "who": "Привет"}


def test_imagej_notes_that_are_not_ascii_are_kept(tmp_path):
    given = volume(notes=tuple(NOTES.items()))
    found = dict(there_and_back(tmp_path / "a.tif", given).pages.notes)
    assert {name: found[name] for name in NOTES} == NOTES


@pytest.mark.parametrize("dtype", ["uint32", "int16", "int32", "float64", "float16", "bool"])
def test_imagej_pages_of_any_type_keep_their_dialect(tmp_path, dtype):
    given = volume(dtype, notes=(("unit", "um"), ("spacing", 0.5)))
    path = tmp_path / "a.tif"
    writing.check_writable(path, given)
    writing.write(path, given)
    found = read(path)
    assert found.metadata.pages.kind == "imagej"
    assert dict(found.metadata.pages.notes)["spacing"] == 0.5
    wanted = given.stored.astype(np.uint8) * 255 if dtype == "bool" else given.stored
    assert np.array_equal(found.stored, wanted)


@pytest.mark.parametrize("dtype", ["float16", "uint64", "int64"])
def test_ome_pages_of_other_types_are_written(tmp_path, dtype):
    there_and_back(tmp_path / "a.tif", volume(dtype, kind="ome"))


def test_malformed_sizes_in_ome_xml_do_not_hinder(tmp_path):
    given = volume(kind="ome", size=(3, 3, 3), xml='<OME PhysicalSizeX="abc" PhysicalSizeY="2"/>')
    there_and_back(tmp_path / "a.tif", given)
    there_and_back(tmp_path / "b.tif", volume(notes=(("spacing", "wide"),), size=(6, 6, 5)))


@pytest.mark.parametrize("extension", [e for e in EVERY if e not in (".dcm", ".npy", ".h5")])
@pytest.mark.parametrize("dpi", [(0, 0), (math.inf, 1.0), (math.nan, 72), (-3, 4), (1e-30, 1e-30)])
def test_a_resolution_that_is_none_is_left_out(tmp_path, extension, dpi):
    for dtype in ("uint8", "uint16") if extension in (".png", ".tif") else ("uint8",):
        path = tmp_path / f"{dtype}{extension}"
        writing.check_writable(path, picture(dtype, dpi=dpi))
        writing.write(path, picture(dtype, dpi=dpi))
        assert read(path).size == (6, 5)
    for kind in ("imagej", "ome", "shaped") if extension == ".tif" else ():
        path = tmp_path / f"{kind}.tif"
        writing.write(path, volume(kind=kind, resolution=(*dpi, 2)))
        assert read(path).size == (3, 6, 5)


def test_the_finest_resolutions_are_kept_or_refused(tmp_path):
    finest = {".bmp": 5e7, ".jpg": 65535.0, ".png": 1e8, ".tif": 1e10}
    for extension, dpi in finest.items():
        path = tmp_path / f"a{extension}"
        writing.check_writable(path, picture(dpi=(dpi, dpi)))
        writing.write(path, picture(dpi=(dpi, dpi)))
        found = read(path).metadata.dpi
        assert found == pytest.approx((dpi, dpi), rel=1e-3)
        with pytest.raises(PictureError, match="dots per inch; the picture states") as refused:
            writing.check_writable(tmp_path / f"b{extension}", picture(dpi=(3 * dpi, 1.0)))
        assert ".npy" in str(refused.value)
    with pytest.raises(PictureError, match="pixels a unit"):
        writing.check_writable(tmp_path / "c.tif", volume(resolution=(1e10, 1e10, 2)))


def large_exif():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[37500] = b"\1" * 70_000
    exif[271] = "Cam"
    return exif.tobytes()


def test_what_a_format_cannot_hold_is_refused_and_another_is_named(tmp_path):
    refused = {
        "a.jpg": (picture(exif=large_exif()), "EXIF block of at most 65533 bytes", ".png"),
        "b.jpg": (picture(icc=b"\1" * 17_000_000), "profile of at most", ".tif"),
        "c.tif": (picture("longdouble"), "longdouble|float128", ".npy"),
        "d.tif": (picture("complex64"), "complex", ".npy"),
        "e.webp": (picture(shape=(2, 16_384, 3)), "16383 pixels a side", ".png"),
        "f.jpg": (picture(shape=(65_501, 1, 1)), "65500 pixels a side", ".png"),
        "g.png": (picture("uint16", (1, 1_000_001, 1)), "1000000 pixels a side", ".tif"),
    }
    for name, (given, reason, other) in refused.items():
        for check in (writing.check_writable, writing.write):
            with pytest.raises(PictureError, match=reason) as error:
                check(tmp_path / name, given)
            assert "\n" not in str(error.value)
            assert other in str(error.value)
    assert not list(tmp_path.iterdir())


def test_the_size_of_the_result_counts_not_that_of_the_input(tmp_path):
    small = picture(shape=(2, 100, 3))
    writing.check_writable(tmp_path / "a.webp", small)
    with pytest.raises(PictureError, match="16383"):
        writing.check_writable(tmp_path / "a.webp", small, size=(4, 20_000))


def test_any_fault_of_a_codec_is_one_line(tmp_path):
    odd = {
        "a.png": picture(exif=b"Exif\0\0junkjunk"),
        "b.tif": volume(kind="shaped", notes=(("a", object()),)),
        "c.tif": volume(kind="ome", xml="<OME \udcff/>"),
    }
    for name, given in odd.items():
        with pytest.raises(PictureError, match="cannot hold this picture") as error:
            writing.check_writable(tmp_path / name, given)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("spacing", [b"a\\b ", b"0.5 "])
def test_a_dicom_that_cannot_be_enlarged_is_refused_before(tmp_path, spacing):
    from pydicom.dataelem import RawDataElement

    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    tag = pydicom.tag.Tag("PixelSpacing")
    dataset._dict[tag] = RawDataElement(tag, "DS", len(spacing), spacing, 0, False, True)
    dataset.save_as(tmp_path / "a.dcm")
    given = read(tmp_path / "a.dcm")
    writing.check_writable(tmp_path / "b.dcm", given)
    with pytest.raises(PictureError, match="DICOM cannot hold"):
        writing.check_writable(tmp_path / "b.dcm", given, size=(256, 256))


def test_a_large_tiff_gets_offsets_of_64_bits(tmp_path, monkeypatch):
    from untrained.picture.formats import tiff_pages

    monkeypatch.setattr(tiff_pages, "CLASSIC", 100)
    for given in (picture("float32"), volume(kind="shaped")):
        data = by_extension(Path("a.tif")).encoded(given)
        assert struct.unpack("<H", data[2:4]) == (43,)


@pytest.mark.parametrize("dtype", [">u2", "<u2"])
def test_samples_of_either_byte_order_become_the_same_png(tmp_path, dtype):
    samples = (np.arange(30).reshape(6, 5) * 2000).astype(dtype)
    writing.write(tmp_path / "a.png", samples)
    assert np.array_equal(read(tmp_path / "a.png").stored[..., 0], samples)


def test_writing_refuses_what_has_appeared_and_what_is_no_file(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "f.png")
    (tmp_path / "n.png").symlink_to("/dev/null")
    for name in ("f.png", "n.png"):
        with pytest.raises(PictureError, match=r"FIFO|device"):
            writing.write(tmp_path / name, picture(), overwrite=True)
    with pytest.raises(RequestError, match="the path of a file"):
        writing.write(tmp_path / "a\0.png", picture())
    late = tmp_path / "late.png"
    encoded = writing.encoded

    def appears(*given):
        late.write_text("mine")
        return encoded(*given)

    monkeypatch.setattr(writing, "encoded", appears)
    with pytest.raises(FileExistsError):
        writing.write(late, picture())
    assert late.read_text() == "mine"
