"""DICOM in units, and back with everything else as it was."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import untrained as ut
from tests.app.test_cli import run
from tests.helpers.tiny import tiny_recipe
from untrained.picture import reading, writing
from untrained.picture.samples import PictureError

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: extra science")

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
SLICE = SAMPLES / "CT_small.dcm"
CHANGED = {
    *("PixelData", "SOPInstanceUID", "ImageType", "DerivationDescription"),
    *("SmallestImagePixelValue", "LargestImagePixelValue"),
}


def again(picture, folder):
    writing.write(folder / "out.dcm", picture)
    return pydicom.dcmread(folder / "out.dcm")


def test_samples_are_in_hounsfield_units():
    picture, dataset = reading.read(SLICE), pydicom.dcmread(SLICE)
    assert (dataset.RescaleSlope, dataset.RescaleIntercept) == (1, -1024)
    assert picture.stored.dtype == np.float32
    assert np.array_equal(picture.stored[..., 0], dataset.pixel_array - 1024.0)


@pytest.mark.parametrize(
    ("slope", "intercept"), [("1", "-1024"), ("0.123457", "-3.21"), ("-2", "0")]
)
def test_what_was_not_changed_is_stored_as_it_was(tmp_path, slope, intercept):
    dataset = pydicom.dcmread(SLICE)
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
    dataset.save_as(tmp_path / "in.dcm")
    picture = reading.read(tmp_path / "in.dcm")
    pixels = picture.pixels.clone()
    pixels[..., 5, 6] += 0.1
    kept = (picture.pixels == pixels).clone()
    back = again(picture.with_pixels(pixels, kept=kept), tmp_path)
    expected = dataset.pixel_array.copy()
    others = np.ones(expected.shape, bool)
    others[5, 6] = False
    assert np.array_equal(back.pixel_array[others], expected[others])
    step = 0.1 * picture.scale / float(slope)
    assert back.pixel_array[5, 6] - expected[5, 6] == pytest.approx(step, abs=1)


def test_everything_else_is_kept_and_it_is_a_new_derived_instance(tmp_path):
    before, back = pydicom.dcmread(SLICE), again(reading.read(SLICE), tmp_path)
    assert back.SOPInstanceUID != before.SOPInstanceUID
    assert back.file_meta.MediaStorageSOPInstanceUID == back.SOPInstanceUID
    assert back.ImageType == ["DERIVED", *before.ImageType[1:]]
    assert "untrained" in back.DerivationDescription
    for element in before:
        if element.keyword not in CHANGED:
            assert back[element.tag] == element
    assert {element.keyword for element in back} - {e.keyword for e in before} <= CHANGED


def test_the_same_pixels_are_the_same_file(tmp_path):
    picture = reading.read(SLICE)
    writing.write(tmp_path / "a.dcm", picture)
    writing.write(tmp_path / "b.dcm", picture)
    writing.write(tmp_path / "c.dcm", picture.with_pixels(picture.pixels * 0.5))
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.dcm", "b.dcm", "c.dcm"))
    assert a == b
    one, other = (pydicom.dcmread(io.BytesIO(data)) for data in (a, c))
    assert one.SOPInstanceUID != other.SOPInstanceUID


def test_values_beyond_the_type_are_clipped(tmp_path):
    picture = reading.read(SLICE)
    back = again(picture.with_pixels(picture.pixels * 100 - 50), tmp_path)
    assert (back.pixel_array.min(), back.pixel_array.max()) == (-32768, 32767)


def test_a_larger_picture_covers_the_same_area(tmp_path):
    before = pydicom.dcmread(SLICE)
    larger = ut.upscale(reading.read(SLICE), 2, recipe=tiny_recipe(steps=1), device="cpu")
    back = again(larger, tmp_path)
    assert back.pixel_array.shape == (256, 256)
    assert [2 * each for each in back.PixelSpacing] == pytest.approx(list(before.PixelSpacing))
    rows = np.array(before.ImageOrientationPatient[:3], float)
    columns = np.array(before.ImageOrientationPatient[3:], float)
    corners = []
    for dataset in (before, back):
        down, across = map(float, dataset.PixelSpacing)
        centre = np.array(dataset.ImagePositionPatient, float)
        corners.append(centre - rows * across / 2 - columns * down / 2)
    np.testing.assert_allclose(*corners, atol=1e-5)


@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "MR_small_bigendian.dcm"])
def test_compressed_and_big_endian_files_are_read_and_written_plain(tmp_path, name):
    before, back = pydicom.dcmread(SAMPLES / name), again(reading.read(SAMPLES / name), tmp_path)
    assert not back.file_meta.TransferSyntaxUID.is_encapsulated
    assert np.array_equal(back.pixel_array, before.pixel_array)


def test_colour_keeps_its_bytes(tmp_path):
    dataset = pydicom.dcmread(SLICE)
    colours = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    dataset.set_pixel_data(colours, "RGB", 8)
    dataset.save_as(tmp_path / "in.dcm")
    picture = reading.read(tmp_path / "in.dcm")
    assert picture.stored.dtype == np.uint8
    assert np.array_equal(picture.stored, colours)
    assert np.array_equal(again(picture, tmp_path).pixel_array, colours)


def test_the_command_line_takes_and_gives_dicom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("tiny.json").write_text(tiny_recipe(steps=2).model_dump_json())
    words = ("denoise", SLICE, "out.dcm", "--sigma", "10", "--recipe", "tiny.json")
    words = (*words, "--json", "--quiet")
    assert run(*words, "--reference", SLICE) == 0
    assert json.loads(capsys.readouterr().out)["psnr"] > 5
    assert pydicom.dcmread("out.dcm").pixel_array.shape == (128, 128)
    assert run("denoise", SLICE, "out.tif", "--recipe", "tiny.json", "--quiet") == 0
    assert reading.read("out.tif").stored.min() < -100


def broken(folder, **changes):
    dataset = pydicom.dcmread(SLICE)
    for name, value in changes.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    dataset.save_as(folder / "in.dcm")
    return folder / "in.dcm"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PixelData": None}, "without integer pixel data"),
        ({"PhotometricInterpretation": "YBR_FULL"}, "YBR_FULL: only MONOCHROME1"),
        ({"NumberOfFrames": 3}, "holds 3 pictures"),
        ({"RescaleSlope": 0}, "slope of 0"),
        ({"ModalityLUTSequence": []}, "by a table"),
        ({"Rows": 60000, "Columns": 60000}, "over the limit of"),
        ({"Rows": 1000}, "damaged"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(tmp_path, changes, words):
    with pytest.raises(PictureError, match=words) as caught:
        reading.read(broken(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_dicom_is_only_written_of_dicom(tmp_path):
    with pytest.raises(PictureError, match="read from DICOM"):
        writing.check_writable(tmp_path / "out.dcm", ut.as_picture(np.zeros((4, 4))))
    with pytest.raises(PictureError, match=r"use \.dcm, .* or \.tif"):
        writing.check_writable(tmp_path / "out.png", reading.read(SLICE))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(PictureError, match=r"need pydicom.*pip install 'untrained\[science\]'"):
        reading.read(SLICE)
