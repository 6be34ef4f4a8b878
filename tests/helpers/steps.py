"""Hand-written steps for tests of averaging and stopping: no network needed."""

import torch

from untrained.fitting.step import Step


def make_step(index, image=None, *, picture=None, loss=1.0, seconds=0.0):
    image = torch.zeros(1, 1, 2, 2) if image is None else image
    return Step(
        index=index,
        loss=loss,
        image=image,
        average=image,
        picture=image if picture is None else picture,
        seconds=seconds,
        progress=0.0,
    )
