"""Deblocking: JPEG compression left blocks and ringing."""

from dataclasses import replace

import numpy as np

from untrained.arguments import checked
from untrained.operators import JpegIntervals
from untrained.picture.picture import Picture
from untrained.picture.taking import PictureLike
from untrained.problem.jpeg_traces import find_compression
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem
from untrained.system.torch_state import in_usual_state

_BLOCKS = 16
"""Side of the units that JPEG compresses: blocks of 8x8, two each way where colour is halved."""

_SHARE = 0.5
"""Width of the intervals in steps of the quantisation: the truth is mostly nearer than half a step
(narrow quantisation constraint set, Park and Lee 1999, doi 10.1109/76.780370)."""


@in_usual_state()
@checked
def deblock(image: PictureLike) -> Problem:
    """Describe the removal of compression artefacts.

    Of a JPEG file the quantisation tables are known; in samples decoded from one they can often be
    found. Then each cosine coefficient of the picture before compression lies in an interval around
    what was stored, which is all that a fit is asked for, and into which its picture is brought.
    Where there are none, the network takes up what comes before the artefacts (Ulyanov et al.
    2018). The picture is its own guide, for the recipes that use one.

    Parameters
    ----------
    image
        Any kind of picture, see `as_picture`.

    Raises
    ------
    PictureError
        If `image` is not a picture.
    """
    picture: Picture = image
    compression, where = picture.metadata.compression, ""
    if compression is None and picture.stored.dtype == np.uint8:
        compression, where = find_compression(picture.pixels), ", as the samples show"
    if compression is None:
        note = "no quantisation tables: give the JPEG file itself where there is one"
    else:
        note = f"{compression}{where}: every coefficient is kept within its interval"
        metadata = replace(picture.metadata, compression=compression)
        picture = replace(picture, metadata=metadata)
    return _described(picture, (note,))


def _described(picture: Picture, notes: tuple[str, ...] = ()) -> Problem:
    y, operator = observed(picture)
    measurement, knowledge = Measurement(y, operator), Knowledge(guide=picture.pixels)
    compression = picture.metadata.compression
    if compression is not None:
        intervals = JpegIntervals(y, compression, _SHARE)
        measurement = replace(measurement, data_term=intervals.misfit)
        knowledge = replace(knowledge, project=intervals.project)
    return Problem(
        task="deblock",
        picture=picture,
        measurement=measurement,
        size=(picture.height, picture.width),
        channels=picture.channels,
        knowledge=knowledge,
        variant="" if compression is None else "tables",
        notes=notes,
        cut=lambda window: _described(picture.cut(window)),
        tile_alignment=_BLOCKS,
    )
