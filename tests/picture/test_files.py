"""Files in and out, against Pillow, tifffile and imagecodecs on their own."""

import io
import os
import stat
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms

from untrained.picture.masks import as_mask
from untrained.picture.reading import read
from untrained.picture.samples import PictureError
from untrained.picture.taking import as_picture
from untrained.picture.writing import check_writable, write

RNG = np.random.default_rng(0)


def noise(dtype, *shape):
    if np.dtype(dtype).kind == "f":
        return RNG.random(shape).astype(dtype)
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


@cache
def icc():
    # The profile holds the second of its making.
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


LOSSLESS = [
    *[(".png", np.uint8, channels) for channels in (1, 2, 3, 4)],
    *[(".png", np.uint16, channels) for channels in (1, 2, 3, 4)],
    *[(".tif", kind, n) for kind in (np.uint8, np.uint16, np.float32) for n in (1, 2, 3, 4)],
    *[(".tif", kind, 1) for kind in (np.float16, np.float64, np.int16, np.uint32, np.int32)],
    (".webp", np.uint8, 3),
    (".webp", np.uint8, 4),
    (".bmp", np.uint8, 1),
    (".bmp", np.uint8, 3),
]


def save_with_others(path, samples):
    """Write with a library of its own, alpha as the last of 2 or 4 channels."""
    plain = samples[..., 0] if samples.shape[2] == 1 else samples
    if path.suffix == ".tif":
        extra = {"extrasamples": ["unassalpha"]} if samples.shape[2] in (2, 4) else {}
        colour = "rgb" if samples.shape[2] > 2 else "minisblack"
        tifffile.imwrite(path, plain, photometric=colour, **extra)
    elif samples.dtype == np.uint16:
        path.write_bytes(imagecodecs.png_encode(plain))
    else:
        Image.fromarray(plain).save(path, lossless=True, exact=True)


def load_with_others(path):
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".png":
        return imagecodecs.png_decode(path.read_bytes())
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize(("suffix", "dtype", "channels"), LOSSLESS)
@pytest.mark.parametrize("size", [(9, 7), (1, 1), (1, 8)])
def test_lossless_files_survive_exactly(tmp_path, suffix, dtype, channels, size):
    samples = noise(dtype, *size, channels)
    if channels in (2, 4):
        samples[0, 0, -1] = 0  # the colour under full transparency must survive too
    source, target = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    save_with_others(source, samples)
    picture = read(source)
    assert picture.channels == (channels if channels in (1, 3) else channels - 1)
    assert (picture.alpha is not None) == (channels in (2, 4))
    write(target, picture)
    assert np.array_equal(load_with_others(target).reshape(samples.shape), samples)
    assert load_with_others(target).dtype == dtype
    assert np.array_equal(read(target).stored, picture.stored)


def test_sixteen_bit_colour_png_is_not_cut_to_eight(tmp_path):
    path = tmp_path / "deep.png"
    path.write_bytes(imagecodecs.png_encode(np.array([[[1, 257, 65534]]], np.uint16)))
    assert read(path).stored.tolist() == [[[1, 257, 65534]]]
    assert read(path).pixels[0, 0, 0, 0].item() == pytest.approx(1 / 65535)


def test_jpeg_is_written_finely_and_cmyk_comes_back(tmp_path):
    smooth = np.linspace(0, 255, 64 * 48 * 3).reshape(64, 48, 3).astype(np.uint8)
    write(tmp_path / "a.jpg", smooth)
    assert np.abs(read(tmp_path / "a.jpg").stored.astype(int) - smooth).mean() < 2
    ink = np.dstack([smooth, smooth[..., :1] // 2])
    Image.frombytes("CMYK", (48, 64), ink.tobytes()).save(tmp_path / "ink.jpg", quality=95)
    picture = read(tmp_path / "ink.jpg")
    assert (picture.cmyk, picture.channels) == (True, 4)
    for name in ("ink2.jpg", "ink2.tif"):
        write(tmp_path / name, picture)
        with Image.open(tmp_path / name) as image:
            assert image.mode == "CMYK"
            assert np.abs(np.asarray(image).astype(int) - ink).mean() < 3
        assert read(tmp_path / name).cmyk


def test_palettes_bits_and_transparent_colours_are_expanded(tmp_path):
    rgb = Image.fromarray(noise(np.uint8, 8, 8, 3))
    rgb.quantize(16).save(tmp_path / "p.png")
    assert read(tmp_path / "p.png").channels == 3
    rgb.convert("1").save(tmp_path / "bits.png")
    assert set(np.unique(read(tmp_path / "bits.png").stored)) == {0, 255}
    rgb.save(tmp_path / "clear.png", transparency=rgb.getpixel((3, 2)))
    assert read(tmp_path / "clear.png").alpha[2, 3] == 0
    rgb.quantize(16).save(tmp_path / "pt.png", transparency=rgb.quantize(16).getpixel((3, 2)))
    assert read(tmp_path / "pt.png").alpha[2, 3] == 0
    write(tmp_path / "out.png", read(tmp_path / "pt.png"))
    with Image.open(tmp_path / "out.png") as image:
        assert image.mode == "RGBA"


def test_odd_tiffs(tmp_path):
    bands = noise(np.uint16, 6, 5, 5)
    path = tmp_path / "t.tif"
    tifffile.imwrite(path, bands, photometric="minisblack", planarconfig="contig")
    assert np.array_equal(read(path).stored, bands)
    write(tmp_path / "out.tif", read(path))
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), bands)
    planes = noise(np.uint8, 3, 16, 16)
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate", tile=(16, 16))
    assert np.array_equal(read(path).stored, planes.transpose(1, 2, 0))
    white = noise(np.uint8, 4, 4)
    tifffile.imwrite(path, white, photometric="miniswhite")
    assert np.array_equal(read(path).stored[..., 0], 255 - white)
    Image.fromarray(white > 99).save(path)
    assert np.array_equal(read(path).stored[..., 0], np.where(white > 99, 255, 0))


def test_nan_in_a_float_tiff_is_missing(tmp_path):
    samples = noise(np.float32, 4, 4)
    samples[1, 2] = np.nan
    tifffile.imwrite(tmp_path / "f.tif", samples)
    picture = read(tmp_path / "f.tif")
    assert picture.missing[0, 0].nonzero().tolist() == [[1, 2]]
    write(tmp_path / "g.tif", picture)
    assert np.array_equal(tifffile.imread(tmp_path / "g.tif"), samples, equal_nan=True)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_exif_orientation_is_applied_once(tmp_path, orientation, suffix):
    from PIL import ImageOps

    image = Image.fromarray(np.kron(noise(np.uint8, 2, 3), np.ones((16, 16), np.uint8))).convert(
        "RGB"
    )
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Maker"
    source = tmp_path / f"in{suffix}"
    image.save(source, exif=exif, **({"lossless": True} if suffix == ".webp" else {}))
    with Image.open(source) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    picture = read(source)
    assert np.array_equal(picture.stored, expected)
    write(tmp_path / f"out{suffix}", picture)
    with Image.open(tmp_path / f"out{suffix}") as written:
        assert written.size == expected.shape[1::-1]
        assert written.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert written.getexif()[ExifTags.Base.Make] == "Maker"


def dressed(path):
    """A picture with an ICC profile, EXIF with a sub-block, and a resolution."""
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth] = 12
    image = Image.fromarray(noise(np.uint8, 10, 12, 3))
    image.save(path, exif=exif, icc_profile=icc(), dpi=(300, 300))


@pytest.mark.parametrize("source", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".tif", ".webp"])
def test_profile_and_exif_are_kept_across_formats(tmp_path, source, target):
    dressed(tmp_path / f"in{source}")
    write(tmp_path / f"out{target}", read(tmp_path / f"in{source}"))
    with Image.open(tmp_path / f"out{target}") as image:
        assert image.info["icc_profile"] == icc()
        assert image.getexif()[ExifTags.Base.Model] == "Camera"
        if source != ".webp" and target != ".webp":
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_exif_sides_follow_the_picture(tmp_path):
    import torch

    dressed(tmp_path / "in.jpg")
    picture = read(tmp_path / "in.jpg")
    write(tmp_path / "out.jpg", picture.with_pixels(torch.zeros(1, 3, 20, 24)))
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth] == 24


def test_chunks_of_a_png_are_kept_at_both_depths(tmp_path):
    from PIL import PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "mine")
    texts.add(b"gAMA", (45455).to_bytes(4, "big"))
    Image.fromarray(noise(np.uint8, 4, 4)).save(
        tmp_path / "in.png", pnginfo=texts, icc_profile=icc(), dpi=(72, 72)
    )
    shallow = read(tmp_path / "in.png")
    deep = as_picture(noise(np.uint16, 4, 4, 3))
    write(tmp_path / "out8.png", shallow)
    write(tmp_path / "out16.png", type(deep)(**(vars(deep) | {"metadata": shallow.metadata})))
    for name in ("out8.png", "out16.png"):
        with Image.open(tmp_path / name) as image:
            image.load()
            assert image.text["Title"] == "mine"
            assert image.info["gamma"] == pytest.approx(0.45455)
            assert image.info["icc_profile"] == icc()
            assert image.info["dpi"] == pytest.approx((72, 72), abs=0.1)
    assert np.array_equal(read(tmp_path / "out16.png").stored, deep.stored)
    assert read(tmp_path / "out16.png").metadata.icc == icc()


def whole_png():
    buffer = io.BytesIO()
    Image.fromarray(noise(np.uint8, 40, 40, 3)).save(buffer, "PNG")
    return buffer.getvalue()


def whole(kind):
    samples = noise(np.uint16 if kind == "deep" else np.uint8, 40, 40, 3)
    buffer = io.BytesIO()
    if kind == "deep":
        return imagecodecs.png_encode(samples)
    if kind == "tif":
        tifffile.imwrite(buffer, samples, photometric="rgb", compression="zlib")
    else:
        Image.fromarray(samples).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["png", "deep", "jpeg", "tif", "webp", "bmp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_cut_files_are_refused_in_one_line(tmp_path, kind, share):
    path = tmp_path / "cut"
    data = whole(kind)
    path.write_bytes(data)
    assert read(path).channels == 3
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(PictureError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"GIF89a", b"%PDF-1.4", b"II*\0junk", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "f.png"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=r"f\.png"):
        read(path)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(PictureError, match="No such file"):
        read(tmp_path / "none.png")
    with pytest.raises(PictureError, match="folder"):
        read(tmp_path)


def test_pictures_too_large_are_refused_by_their_header(tmp_path):
    header = b"BM" + (54).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    sides = (40).to_bytes(4, "little") + 2 * (30000).to_bytes(4, "little")
    bmp = header + sides + (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    tags = [(256, 30000), (257, 30000), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1)]
    tags += [(278, 30000), (279, 100)]
    entries = b"".join(
        tag.to_bytes(2, "little") + b"\x04\0\x01\0\0\0" + value.to_bytes(4, "little")
        for tag, value in tags
    )
    tiff = b"II*\0\x08\0\0\0" + len(tags).to_bytes(2, "little") + entries + bytes(4)
    for name, data in (("a.bmp", bmp), ("a.tif", tiff)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PictureError, match="over the limit of"):
            read(tmp_path / name)


def test_large_pictures_below_the_limit_raise_no_warning(tmp_path):
    Image.new("1", (10000, 9500)).save(tmp_path / "large.png")
    assert read(tmp_path / "large.png").width == 10000
    assert Image.MAX_IMAGE_PIXELS is not None


def test_several_pages_are_refused(tmp_path):
    frames = [Image.fromarray(noise(np.uint8, 8, 8, 3)) for _ in range(3)]
    for name in ("a.png", "a.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    for name in ("a.png", "a.webp"):
        with pytest.raises(PictureError, match="holds 3 pictures"):
            read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "samples", "words"),
    [
        ("a.jpg", noise(np.uint16, 2, 2, 3), "16 bits.*png"),
        ("a.webp", noise(np.float32, 2, 2), "32 bits.*tif"),
        ("a.png", noise(np.float32, 2, 2), "32 bits.*tif"),
        ("a.png", noise(np.uint8, 2, 2, 5), "5 channels"),
        ("a.gif", noise(np.uint8, 2, 2), r"\.png"),
        ("a", noise(np.uint8, 2, 2), r"\.png"),
        ("none/a.png", noise(np.uint8, 2, 2), "does not exist"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(tmp_path, name, samples, words):
    with pytest.raises(PictureError, match=words):
        check_writable(tmp_path / name, as_picture(samples))
    assert list(tmp_path.iterdir()) == []


def test_transparency_is_not_dropped_silently(tmp_path):
    Image.fromarray(noise(np.uint8, 2, 2, 4)).save(tmp_path / "in.png")
    with pytest.raises(PictureError, match="transparency"):
        check_writable(tmp_path / "out.jpg", read(tmp_path / "in.png"))


def test_existing_files_are_not_replaced_unless_asked(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with pytest.raises(PictureError, match="--overwrite"):
        write(path, noise(np.uint8, 2, 2))
    assert path.read_bytes() == b"mine"
    write(path, noise(np.uint8, 2, 2), overwrite=True)
    assert read(path).height == 2


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, noise(np.uint8, 2, 2), overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"old"


def test_permissions_and_links(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.png", noise(np.uint8, 2, 2))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "a.png")
    write(link, noise(np.uint8, 5, 5), overwrite=True)
    assert link.is_symlink()
    assert read(tmp_path / "a.png").height == 5


def test_the_mask_of_the_process_is_never_set(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda _mask: pytest.fail("other threads would see it"))
    write(tmp_path / "a.png", noise(np.uint8, 2, 2))
    write(tmp_path / "a.png", noise(np.uint8, 2, 2), overwrite=True)


def test_a_replaced_file_keeps_its_permissions(tmp_path):
    write(tmp_path / "a.png", noise(np.uint8, 2, 2))
    (tmp_path / "a.png").chmod(0o604)
    write(tmp_path / "a.png", noise(np.uint8, 2, 2), overwrite=True)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o604


def test_masks(tmp_path):
    grey = np.array([[0, 127], [128, 255]], np.uint8)
    Image.fromarray(grey).save(tmp_path / "m.png")
    expected = [[False, False], [True, True]]
    assert as_mask(tmp_path / "m.png", (2, 2)).white[0, 0].tolist() == expected
    assert as_mask(str(tmp_path / "m.png"), (2, 2)).white.shape == (1, 1, 2, 2)
    assert as_mask(grey, (2, 2)).white[0, 0].tolist() == expected
    assert as_mask(grey > 127, (2, 2)).white[0, 0].tolist() == expected
    assert as_mask(np.array([[0.2, 0.8]]), (1, 2)).white[0, 0].tolist() == [[False, True]]
    with pytest.raises(PictureError, match=r"2x2.*3x2"):
        as_mask(grey, (2, 3))


def test_reading_touches_nothing(tmp_path):
    path = Path(tmp_path / "a.png")
    path.write_bytes(whole_png())
    before = path.stat().st_mtime_ns
    read(path)
    assert path.stat().st_mtime_ns == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("true.npy", {"descr": "<f4", "fortran_order": False, "shape": (True, 8)}),
        ("void.npy", {"descr": "|V0", "fortran_order": False, "shape": (4, 4)}),
    ],
)
def test_odd_headers_of_arrays_are_refused_by_the_name_of_the_file(tmp_path, name, content):
    header = repr(content).encode().ljust(117) + b"\n"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PictureError, match=name):
        read(tmp_path / name)
