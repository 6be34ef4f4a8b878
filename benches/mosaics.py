"""Pictures with truth as a sensor would have seen them: one colour a pixel.

Crops of scikit-image's samples, none of which served to choose settings; RGGB, without noise.
"""

from collections.abc import Iterator

import skimage.data

import untrained as ut
from untrained.evaluation.quality.cases import Case
from untrained.operators import Bayer

SIZE = 128
CROPS = {"astronaut": (0, 160), "coffee": (90, 120), "chelsea": (60, 90)}


def cases() -> Iterator[Case]:
    """Each of `CROPS` by its top row and left column; samples of 8 bits."""
    for name, (top, left) in CROPS.items():
        clean = getattr(skimage.data, name)()[top : top + SIZE, left : left + SIZE]
        yield mosaic(name, clean)


def mosaic(name: str, clean: object) -> Case:
    """Make a case of a picture ``(H, W, 3)`` of 8 bits."""
    truth = ut.as_picture(clean)
    seen = Bayer("RGGB", (truth.height, truth.width))(truth.pixels)
    plane = (255 * seen[0, 0]).round().byte().numpy()
    return Case(name, ut.tasks.demosaic(plane), truth.pixels)
