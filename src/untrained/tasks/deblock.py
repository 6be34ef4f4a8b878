"""Deblocking: JPEG compression left blocks and ringing."""

from dataclasses import replace
from typing import Any

import numpy as np

from untrained.operators import JpegIntervals
from untrained.picture.picture import Picture, as_picture
from untrained.problem.jpeg_traces import find_compression
from untrained.problem.problem import Problem, observed

_BLOCKS = 16
"""Side of the units that JPEG compresses: blocks of 8x8, two each way where colour is halved."""

_SHARE = 0.5
"""Width of the intervals in steps of the quantisation: the truth is mostly nearer than half a step
(narrow quantisation constraint set, Park and Lee 1999, doi 10.1109/76.780370)."""


def deblock(image: Any) -> Problem:
    """Describe the removal of compression artefacts.

    Of a JPEG file the quantisation tables are known; in samples decoded from one they can often be
    found. Then each cosine coefficient of the picture before compression lies in an interval around
    what was stored, which is all that a fit is asked for, and into which its picture is brought.
    Where there are none, the network takes up what comes before the artefacts (Ulyanov et al.
    2018). The picture is its own guide, for the recipes that use one.

    Parameters
    ----------
    image
        Picture, NumPy ``(H, W[, C])`` or torch ``(1, C, H, W)``.

    Raises
    ------
    PictureError
        If `image` is not a picture.
    """
    picture = as_picture(image)
    compression, where = picture.metadata.compression, ""
    if compression is None and picture.stored.dtype == np.uint8:
        compression, where = find_compression(picture.pixels), ", as the samples show"
    if compression is None:
        note = "no quantisation tables: give the JPEG file itself where there is one"
    else:
        note = f"{compression}{where}: every coefficient is kept within its interval"
        told = replace(picture.metadata, compression=compression)
        picture = replace(picture, metadata=told)
    return _described(picture, (note,))


def _described(picture: Picture, notes: tuple[str, ...] = ()) -> Problem:
    measurement, operator = observed(picture)
    problem = Problem(
        task="deblock",
        picture=picture,
        measurement=measurement,
        operator=operator,
        size=(picture.height, picture.width),
        guide=picture.pixels,
        notes=notes,
        cut=lambda window: _described(picture.cut(window)),
        grain=_BLOCKS,
    )
    compression = picture.metadata.compression
    if compression is None:
        return problem
    intervals = JpegIntervals(measurement, compression, _SHARE)
    return replace(problem, misfit=intervals.misfit, agree=intervals.project, variant="tables")
