"""JPEG tables found in the decoded samples alone."""

import io

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from tests.helpers.tiny import photo
from untrained import tasks
from untrained.picture.formats import jpeg
from untrained.picture.taking import as_picture
from untrained.problem.jpeg_traces import find_compression


def decoded(samples, **options):
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "JPEG", **options)
    return jpeg.read("a.jpg", file.getvalue())


@pytest.fixture(scope="module")
def cat():
    return np.ascontiguousarray(skimage.data.chelsea()[30:190, 100:250])


@pytest.mark.parametrize("quality", [10, 30, 50, 85])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_quality_and_sampling_are_found(quality, subsampling, cat):
    given = decoded(cat, quality=quality, subsampling=subsampling)
    assert find_compression(given.pixels) == given.metadata.compression


@pytest.mark.parametrize(("top", "left"), [(8, 0), (5, 11), (16, 3)])
def test_so_are_the_places_of_the_blocks(top, left, cat):
    given = decoded(cat, quality=20)
    found = find_compression(given.pixels[..., top:, left:])
    assert found.tables == given.metadata.compression.tables
    assert found.origin == (top % 16, left % 16)


def test_grey_pictures_too(cat):
    given = decoded(cat[..., 1], quality=30)
    assert find_compression(given.pixels) == given.metadata.compression


def test_nothing_is_found_where_nothing_is(cat):
    noise = torch.rand(1, 3, 90, 80, generator=torch.Generator().manual_seed(0))
    resized = np.asarray(Image.fromarray(decoded(cat, quality=20).stored).resize((140, 150)))
    for samples in (cat, photo(100, 90), resized):
        assert find_compression(as_picture(np.asarray(samples)).pixels) is None
    assert find_compression(noise) is None
    assert find_compression(torch.full((1, 3, 64, 64), 0.5)) is None
    assert find_compression(noise[..., :20, :]) is None


def test_deblock_says_where_it_knows_from(cat):
    given = decoded(cat, quality=20)
    problem = tasks.deblock(np.asarray(given.stored))
    assert problem.variant == "tables"
    assert "JPEG quality 20, 4:2:0, as the samples show" in problem.notes[0]
    assert "no quantisation tables" in tasks.deblock(cat).notes[0]
