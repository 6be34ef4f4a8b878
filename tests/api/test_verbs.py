"""The verbs of the library."""

import numpy as np
from PIL import Image

import untrained as ut
from tests.helpers.tiny import photo, tiny_recipe


def test_inpaint_reads_its_masks_from_files(tmp_path):
    fill = np.zeros((24, 20), np.uint8)
    fill[5:9, 6:12] = 255
    Image.fromarray(fill).save(tmp_path / "fill.png")
    Image.fromarray(255 - fill).save(tmp_path / "known.png")
    recipe = tiny_recipe(steps=1)
    by_pixels = ut.inpaint(photo(), fill, recipe=recipe).picture
    for masks in ({"fill": tmp_path / "fill.png"}, {"known": str(tmp_path / "known.png")}):
        assert np.array_equal(ut.inpaint(photo(), **masks, recipe=recipe).picture, by_pixels)
    assert np.array_equal(by_pixels[fill == 0], photo()[fill == 0])
    assert not np.array_equal(by_pixels, photo())
