"""What a file holds beside its samples comes back, or is told before the fit."""

import io

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image

from untrained.picture import writing
from untrained.picture.reading import read
from untrained.picture.samples import PictureError

SAMPLES = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'


def exif():
    block = Image.Exif()
    block[ExifTags.Base.Make.value] = "Maker"
    block.get_ifd(ExifTags.IFD.Exif).update({33434: 0.01, 36867: "2026:11:27 12:00:00"})
    block.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (48.0, 8.0, 30.5)})
    return block


def photograph(path, **options):
    Image.fromarray(SAMPLES).save(path, exif=exif(), **options)
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.png", "a.tif"])
def test_xmp_and_exif_come_back_in_every_format_of_photographs(tmp_path, name):
    picture = read(photograph(tmp_path / "in.jpg", xmp=XMP))
    writing.write(tmp_path / name, picture)
    again = read(tmp_path / name)
    assert again.metadata.xmp == XMP
    kept = Image.Exif()
    kept.load(again.metadata.exif)
    assert kept.get_ifd(ExifTags.IFD.Exif)[36867] == "2026:11:27 12:00:00"
    assert float(kept.get_ifd(ExifTags.IFD.Exif)[33434]) == pytest.approx(0.01)
    assert [float(part) for part in kept.get_ifd(ExifTags.IFD.GPSInfo)[2]] == [48, 8, 30.5]
    assert kept[ExifTags.Base.Make.value] == "Maker"
    with Image.open(tmp_path / name) as other:
        assert other.getexif().get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"


def test_the_comment_of_a_jpeg_comes_back(tmp_path):
    picture = read(photograph(tmp_path / "in.jpg", comment=b"a comment"))
    writing.write(tmp_path / "out.jpg", picture)
    assert read(tmp_path / "out.jpg").metadata.comment == b"a comment"
    assert writing.left_out(tmp_path / "o.png", picture) == ("PNG does not keep the comment",)
    assert writing.left_out(tmp_path / "o.jpg", picture) == ()


def test_what_a_format_does_not_keep_is_told(tmp_path):
    picture = read(photograph(tmp_path / "in.jpg", xmp=XMP, dpi=(300, 300)))
    (words,) = writing.left_out(tmp_path / "o.npy", picture)
    assert words == "NPY does not keep EXIF, the resolution and XMP"
    assert writing.left_out(tmp_path / "o.tif", picture) == ()


def test_the_first_picture_of_a_phones_jpeg_is_read_and_the_second_is_told(tmp_path):
    small = Image.fromarray(SAMPLES).resize((16, 12))
    Image.fromarray(SAMPLES).save(
        tmp_path / "p.jpg", "MPO", save_all=True, append_images=[small], quality=95
    )
    picture = read(tmp_path / "p.jpg")
    assert picture.size == (24, 32)
    assert picture.metadata.compression is not None
    (words,) = writing.left_out(tmp_path / "o.jpg", picture)
    assert "a further picture" in words


GEO = [
    (33550, "d", 3, (0.5, 0.25, 0.0), True),
    (33922, "d", 6, (2.0, 4.0, 0.0, 11.5, 48.1, 0.0), True),
    (34735, "H", 4, (1, 1, 0, 0), True),
    (42113, "s", 0, "-9999", True),
    ("IPTCNAA", 7, 8, b"\x1c\x02\x00\x00\x02\x00\x04A", True),
]


def test_tags_of_maps_and_archives_come_back_and_follow_the_pixels(tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", SAMPLES, photometric="rgb", metadata=None, extratags=GEO)
    picture = read(tmp_path / "in.tif")
    assert writing.left_out(tmp_path / "o.png", picture) == (
        "PNG does not keep further tags of the TIFF",
    )
    writing.write(tmp_path / "same.tif", picture)
    larger = picture.with_pixels(picture.pixels.repeat_interleave(2, 2).repeat_interleave(4, 3))
    writing.write(tmp_path / "large.tif", larger)
    with tifffile.TiffFile(tmp_path / "same.tif") as file:
        tags = file.pages[0].tags
        assert tags.valueof(33550) == (0.5, 0.25, 0)
        assert tags.valueof(34735) == (1, 1, 0, 0)
        assert tags.valueof(42113) == "-9999"
        assert bytes(tags.valueof(33723)) == b"\x1c\x02\x00\x00\x02\x00\x04A"
    with tifffile.TiffFile(tmp_path / "large.tif") as file:
        assert file.pages[0].tags.valueof(33550) == (0.125, 0.125, 0)
        assert file.pages[0].tags.valueof(33922) == (8, 8, 0, 11.5, 48.1, 0)


def test_the_size_of_a_pixel_in_imagejs_unit_comes_back(tmp_path):
    tifffile.imwrite(
        tmp_path / "in.tif",
        SAMPLES[..., 0],
        imagej=True,
        resolution=(5.0, 4.0),
        metadata={"unit": "micron"},
    )
    picture = read(tmp_path / "in.tif")
    larger = picture.with_pixels(picture.pixels.repeat_interleave(2, 2).repeat_interleave(2, 3))
    for each, factor in ((picture, 1), (larger, 2)):
        writing.write(tmp_path / "out.tif", each, overwrite=True)
        with tifffile.TiffFile(tmp_path / "out.tif") as file:
            page = file.pages[0]
            assert page.resolution == pytest.approx((5.0 * factor, 4.0 * factor))
            assert page.tags.valueof(296) == 1
            assert "unit=micron" in page.description


def test_premultiplied_colours_stay_so_in_tiff_and_look_the_same_in_png(tmp_path):
    alpha = np.linspace(0, 255, 32).astype(np.uint8)[None].repeat(24, 0)
    stored = np.dstack([(SAMPLES * (alpha[..., None] / 255)).round().astype(np.uint8), alpha])
    tifffile.imwrite(
        tmp_path / "in.tif", stored, photometric="rgb", extrasamples=["assocalpha"], metadata=None
    )
    picture = read(tmp_path / "in.tif")
    writing.write(tmp_path / "out.tif", picture)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert int(file.pages[0].extrasamples[0]) == 1
        assert np.array_equal(file.pages[0].asarray(), stored)
    writing.write(tmp_path / "out.png", picture)
    with Image.open(tmp_path / "out.png") as image:
        plain = np.asarray(image).astype(int)
    seen = plain[..., :3] * (plain[..., 3:] / 255)
    assert np.abs(seen - stored[..., :3]).max() <= 1
    brighter = picture.with_pixels(picture.pixels + 0.5)
    writing.write(tmp_path / "out.tif", brighter, overwrite=True)
    found = tifffile.imread(tmp_path / "out.tif")
    assert (found[..., :3] <= found[..., 3:]).all()


def test_lab_is_refused_by_name(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(SAMPLES, "RGB").convert("LAB").save(buffer, "TIFF")
    (tmp_path / "lab.tif").write_bytes(buffer.getvalue())
    with pytest.raises(PictureError, match="CIELAB: convert it"):
        read(tmp_path / "lab.tif")
