"""Quality and sampling as read from a JPEG, and what is left alone."""

import io

import pytest
from PIL import Image

from tests.helpers.tiny import photo
from untrained import tasks
from untrained.picture.formats import jpeg
from untrained.picture.jpeg_tables import tables


def read(samples, mode=None, **options):
    file = io.BytesIO()
    image = Image.fromarray(samples)
    (image if mode is None else image.convert(mode)).save(file, "JPEG", **options)
    return jpeg.read("a.jpg", file.getvalue())


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 75, 92, 100])
@pytest.mark.parametrize(("subsampling", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_the_quality_is_read(quality, subsampling, name):
    compression = read(photo(), quality=quality, subsampling=subsampling).metadata.compression
    assert str(compression) == f"JPEG quality {quality}, {name}"
    assert compression.tables[0] == tables(quality)[0]
    assert compression.tables == tables(quality)


def test_other_tables_are_of_about_a_quality():
    table = [min(255, step + 1) for step in tables(30)[0]]
    compression = read(photo(), qtables=[table, table]).metadata.compression
    assert str(compression) == "JPEG quality about 30, 4:2:0"
    assert str(read(photo()[..., 0], quality=20).metadata.compression) == "JPEG quality 20, grey"


def test_what_is_no_plain_jpeg_has_none():
    assert read(photo(), mode="CMYK", quality=20).metadata.compression is None
    kept = read(photo(), quality=20, keep_rgb=True)
    assert kept.metadata.compression is None
    assert "no quantisation tables" in tasks.deblock(kept).notes[0]


def test_a_picture_with_other_pixels_is_no_longer_of_the_file():
    picture = read(photo(), quality=20)
    assert picture.with_pixels(picture.pixels).metadata.compression is None


def test_deblock_is_told_the_quality_and_agrees_with_the_file():
    problem = tasks.deblock(read(photo(40, 50), quality=10))
    assert "JPEG quality 10, 4:2:0" in problem.notes[0]
    assert problem.variant == "tables"
    smooth = problem.measurement.y.mean().expand_as(problem.measurement.y)
    assert float(problem.measurement.error(smooth, problem.measurement.y)) > 1e-3
    assert float(problem.measurement.error(problem.projected(smooth), problem.measurement.y)) < 1e-9
    assert float(problem.measurement.error(problem.measurement.y, problem.measurement.y)) < 1e-6
    plain = tasks.deblock(photo(40, 50))
    assert plain.knowledge.project is None
    assert plain.variant == ""
    assert float(plain.measurement.error(smooth, problem.measurement.y)) > 1e-3
