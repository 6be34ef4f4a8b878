"""Files of several pages: what they are taken for, and that they come back as they were."""

import json

import h5py
import numpy as np
import pytest
import tifffile

import untrained as ut
from untrained.app.cli import main
from untrained.errors import RequestError
from untrained.picture.masks import as_mask
from untrained.picture.measurements import read_array
from untrained.picture.reading import read
from untrained.picture.writing import write

SLICES = np.random.default_rng(0).integers(0, 65535, (5, 12, 9), dtype=np.uint16)
CHANNELS = np.random.default_rng(1).integers(0, 255, (5, 2, 12, 9), dtype=np.uint8)
COLOURS = np.random.default_rng(2).integers(0, 255, (4, 12, 9, 3), dtype=np.uint8)
UM = {"spacing": 1.5, "unit": "um", "Labels": list("abcde"), "Info": "a note"}
SIZES = {"PhysicalSizeX": 0.3, "PhysicalSizeXUnit": "µm", "PhysicalSizeZ": 2.0}


def status(*words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code


def described(path):
    """All that a reader would learn of a file."""
    with tifffile.TiffFile(path) as file:
        page, series = file.pages[0], file.series[0]
        says = file.imagej_metadata if file.is_imagej else page.description
        resolution = [page.tags.valueof(number) for number in (282, 283, 296)]
        return series.axes, series.shape, series.dtype, len(file.pages), resolution, says


@pytest.mark.parametrize(
    ("samples", "options", "pages", "shape"),
    [
        (SLICES, {"imagej": True, "metadata": {"axes": "ZYX"} | UM}, "auto", (5, 12, 9, 1)),
        (SLICES, {"imagej": True, "metadata": {"axes": "CYX"}}, "auto", (12, 9, 5)),
        (SLICES, {"imagej": True, "metadata": {"axes": "CYX"}}, "volume", (5, 12, 9, 1)),
        (SLICES, {"imagej": True, "metadata": {"axes": "TYX"}}, "volume", (5, 12, 9, 1)),
        (CHANNELS, {"imagej": True, "metadata": {"axes": "ZCYX"}}, "auto", (5, 12, 9, 2)),
        (COLOURS, {"imagej": True, "metadata": {"axes": "ZYXS"}}, "auto", (4, 12, 9, 3)),
        (
            CHANNELS.swapaxes(0, 1).astype(np.float32),
            {"ome": True, "metadata": {"axes": "CZYX"} | SIZES},
            "auto",
            (5, 12, 9, 2),
        ),
        (SLICES.astype(float), {"metadata": {"axes": "ZYX"}}, "auto", (5, 12, 9, 1)),
        (SLICES, {"metadata": None, "description": "scan 7"}, "volume", (5, 12, 9, 1)),
        (SLICES, {"metadata": None, "photometric": "miniswhite"}, "bands", (12, 9, 5)),
    ],
)
def test_pages_come_back_as_they_were(tmp_path, samples, options, pages, shape):
    kind = {"photometric": "rgb" if samples.shape[-1] == 3 else "minisblack"} | options
    tifffile.imwrite(tmp_path / "a.tif", samples, resolution=(4, 5), **kind)
    picture = read(tmp_path / "a.tif", pages=pages)
    assert picture.stored.shape == shape
    write(tmp_path / "b.tif", picture.with_pixels(picture.pixels))
    back = tifffile.imread(tmp_path / "b.tif")
    np.testing.assert_allclose(back, samples, rtol=0 if samples.dtype.kind == "u" else 1e-6)
    assert described(tmp_path / "a.tif") == described(tmp_path / "b.tif")


def test_an_enlarged_volume_has_smaller_voxels(tmp_path):
    image_j = {"imagej": True, "metadata": {"axes": "ZYX"} | UM}
    tifffile.imwrite(tmp_path / "a.tif", SLICES, resolution=(4, 5), **image_j)
    tifffile.imwrite(tmp_path / "o.tif", SLICES, ome=True, metadata={"axes": "ZYX"} | SIZES)
    for name in ("a.tif", "o.tif"):
        picture = read(tmp_path / name)
        larger = picture.with_pixels(picture.pixels.repeat_interleave(2, -1).tile(1, 1, 2, 2, 1))
        write(tmp_path / f"large-{name}", larger)
    axes, shape, _, _, resolution, says = described(tmp_path / "large-a.tif")
    assert (axes, shape, resolution[:2]) == ("ZYX", (10, 24, 18), [(8, 1), (10, 1)])
    assert (says["spacing"], says["unit"], says["Info"]) == (0.75, "um", "a note")
    assert "Labels" not in says
    assert 'PhysicalSizeX="0.15"' in described(tmp_path / "large-o.tif")[-1]
    assert 'PhysicalSizeZ="1.0"' in described(tmp_path / "large-o.tif")[-1]


@pytest.mark.parametrize(
    ("samples", "axes", "pages", "words"),
    [
        (SLICES, None, "auto", "holds 5 pages: say --pages volume or --pages bands"),
        (SLICES, "TYX", "auto", "holds 5 times: say --pages"),
        (SLICES[0], "YX", "volume", "has no pages"),
        (SLICES[0], "YX", "bands", "has no pages"),
        (SLICES, "ZYX", "slices", "unknown pages 'slices': choose from auto, volume, bands"),
        (CHANNELS, "TZYX", "volume", "5 times and 2 slices"),
        (CHANNELS, "ZCYX", "bands", "cannot be read as bands"),
    ],
)
def test_it_is_never_guessed_what_pages_are(tmp_path, samples, axes, pages, words):
    told = {"metadata": {"axes": axes}, "imagej": True} if axes else {"metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="minisblack", **told)
    with pytest.raises(RequestError, match=words) as caught:
        read(tmp_path / "a.tif", pages=pages)
    assert "\n" not in str(caught.value)


def test_pages_of_several_sizes_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in (SLICES[0], SLICES[0, :7]):
            file.write(page, photometric="minisblack")
    with pytest.raises(ut.PictureError, match="pages of sizes 9x12, 9x7"):
        read(tmp_path / "a.tif", pages="volume")


@pytest.mark.parametrize("name", ["a.npy", "a.h5"])
@pytest.mark.parametrize(
    ("samples", "pages", "shape"),
    [
        (SLICES, "auto", (5, 12, 9)),
        (SLICES, "volume", (5, 12, 9, 1)),
        (SLICES, "bands", (12, 9, 5)),
        (COLOURS, "auto", (4, 12, 9, 3)),
    ],
)
def test_arrays_come_back_as_they_were(tmp_path, name, samples, pages, shape):
    if name == "a.npy":
        np.save(tmp_path / name, samples)
    else:
        with h5py.File(tmp_path / name, "w") as file:
            file["reconstruction"] = samples
    picture = read(tmp_path / name, pages=pages)
    assert picture.stored.shape == shape
    write(tmp_path / f"b{name}", picture)
    assert np.array_equal(read_array(tmp_path / f"b{name}"), samples)


def test_new_volumes_say_that_they_are(tmp_path):
    for samples in (SLICES, SLICES.astype(np.int32), COLOURS):
        write(tmp_path / "a.tif", ut.as_volume(samples), overwrite=True)
        again = read(tmp_path / "a.tif")
        assert np.array_equal(again.stored.reshape(samples.shape), samples)
        assert again.is_volume
    with pytest.raises(ut.PictureError, match="PNG cannot hold volumes"):
        write(tmp_path / "a.png", ut.as_volume(SLICES))


def test_a_mask_is_of_slices_or_of_one(tmp_path):
    whole = (SLICES > 30000).astype(np.uint8) * 255
    tifffile.imwrite(tmp_path / "whole.tif", whole, photometric="minisblack", metadata=None)
    tifffile.imwrite(tmp_path / "one.tif", whole[0])
    found = as_mask(tmp_path / "whole.tif", (5, 12, 9)).white
    assert np.array_equal(found[0, 0].numpy(), whole > 0)
    assert np.array_equal(
        as_mask(tmp_path / "one.tif", (5, 12, 9)).white[0, 0, 3].numpy(), whole[0] > 0
    )


def test_the_command_line_takes_volumes_and_bands(tmp_path, capsys):
    tifffile.imwrite(tmp_path / "a.tif", SLICES, photometric="minisblack", metadata=None)
    given, options = str(tmp_path / "a.tif"), ["--steps", "2", "--json"]
    assert status("denoise", given, str(tmp_path / "b.tif"), *options) == 2
    assert "--pages volume" in capsys.readouterr().err
    for pages in ("volume", "bands"):
        out = str(tmp_path / f"{pages}.tif")
        words = ("denoise", given, out, "--pages", pages, "--reference", given)
        assert status(*words, *options) == 0
        told = capsys.readouterr()
        assert json.loads(told.out.splitlines()[-1])["psnr"] > 3
        assert f"taken as a {'volume' if pages == 'volume' else 'picture'}" in told.err
        assert tifffile.imread(out).shape == SLICES.shape
