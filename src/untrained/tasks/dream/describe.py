"""Activation maximisation: a picture that excites a class, a channel or a layer of a model."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.arguments import Within, checked, naming
from untrained.operators.classifiers import Model, ModelError, as_model
from untrained.operators.features import Features, checked_features
from untrained.picture.metadata import Metadata
from untrained.picture.picture import Picture, make_picture
from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem
from untrained.system.torch_state import in_usual_state

FITTED_SCALES = (1.0, 0.9)
_LARGEST = 22_360
"""Longest side of a picture: half a billion pixels."""
_MOST_CHANNELS = 1024
SHIFTS = ((0, 0), (-7, 0), (7, 0), (0, -7), (0, 7))
SCALES = (1.0, 0.85, 1.2)


class Views(nn.Module):
    """Forward operator: features of a picture in some sizes, one after another in the batch.

    Excited at one size alone, a class may hang on single pixels and be lost in a resized picture.

    Parameters
    ----------
    features
        From ``(1, C, H, W)`` to ``(1, ...)``.
    scales
        Factors on the size.
    """

    def __init__(self, features: nn.Module, scales: tuple[float, ...] = FITTED_SCALES) -> None:
        super().__init__()
        self._features = features
        self._scales = scales

    def forward(self, image: Tensor) -> Tensor:
        """Compute the features ``(len(scales), ...)`` of a picture ``(1, C, H, W)``."""
        return torch.cat([self._features(_resized(image, scale)) for scale in self._scales])


@in_usual_state()
@checked
def dream(
    model: Model | nn.Module,
    target: str,
    *,
    size: Annotated[int, Within(1, _LARGEST)] | None = None,
    channels: Annotated[int, Within(1, _MOST_CHANNELS)] = 3,
) -> Problem:
    """Describe activation maximisation (Ulyanov et al. 2018).

    Parameters
    ----------
    model
        From `load_model`, or any module that takes ``(1, C, H, W)`` in [0, 1].
    target
        A class by name or index, maximised as its log-odds; or ``LAYER:CHANNEL``, or ``LAYER:`` for
        all of a layer, maximised in the mean.
    size
        Height and width of the picture; the model's own when None.
    channels
        C.

    Raises
    ------
    ModelError
        If the class, layer or channel is unknown, or the size too small.
    RequestError
        If the size is not positive.
    """
    chosen = as_model(model)
    side = max(chosen.size, 32) if size is None else size
    canvas = np.full((side, side, channels), 128, np.uint8)
    picture = make_picture(canvas, metadata=Metadata(format="PNG"))
    layer, colon, channel = target.rpartition(":")
    operator, activation = checked_features(chosen, layer if colon else "", picture.pixels)
    if colon:
        index = _channel(channel, activation)
        notes = (f"mean activation of {target} of {chosen.name}",)
        data_term: Callable[[Tensor, Tensor], Tensor] = _inactivity
        self_check = partial(_activity, operator=operator, index=index)
    else:
        with naming("target"):
            index = chosen.class_index(target)
        if activation.ndim != 2 or index >= activation.shape[1]:
            raise ModelError(f"{chosen.name} has no class {index}: its output is no list of them")
        name = chosen.classes[index] if chosen.classes else str(index)
        notes = (f"class {index} of {chosen.name}: {name}",)
        data_term = _odds_against
        self_check = partial(_probability, operator=operator, index=index)
    return Problem(
        task="dream",
        picture=picture,
        measurement=Measurement(torch.tensor(float(index)), Views(operator), data_term=data_term),
        size=(side, side),
        channels=channels,
        self_check=self_check,
        notes=notes,
    )


def _channel(channel: str, activation: Tensor) -> int:
    """Index of a channel, or -1 for all."""
    if not channel:
        return -1
    count = activation.shape[1]
    if not channel.isdecimal() or int(channel) >= count:
        raise ModelError(f"channel {channel!r} is not there: give 0 to {count - 1}")
    return int(channel)


def _odds_against(logits: Tensor, target: Tensor) -> Tensor:
    """Minus the log-odds of the class; unlike a probability it does not saturate."""
    index = int(target)
    others = torch.cat([logits[:, :index], logits[:, index + 1 :]], dim=1)
    return (torch.logsumexp(others, dim=1) - logits[:, index]).mean()


def _inactivity(activation: Tensor, target: Tensor) -> Tensor:
    index = int(target)
    return -(activation if index < 0 else activation[:, index]).mean()


def probabilities(picture: Tensor, operator: Features, index: int) -> list[float]:
    """Probability of a class for a picture ``(1, C, H, W)``, shifted and resized.

    All views have the size of the picture: edges are repeated where a shift uncovers them, a
    smaller picture is framed in mid-grey, a larger one cropped.
    """
    with torch.no_grad():
        views = [
            _shifted(_resized(picture, scale), down, right)
            for scale in SCALES
            for down, right in SHIFTS
        ]
        return [float(F.softmax(operator(view), dim=1)[0, index]) for view in views]


def _resized(image: Tensor, scale: float) -> Tensor:
    """Scale about the centre: framed in mid-grey when smaller, cropped when larger."""
    if scale == 1:
        return image
    height, width = image.shape[-2:]
    resized = F.interpolate(
        image, scale_factor=scale, mode="bilinear", align_corners=False, antialias=True
    )
    gaps = [width - resized.shape[-1], height - resized.shape[-2]]
    pads = [part for gap in gaps for part in (gap // 2, gap - gap // 2)]
    return F.pad(resized, pads, value=0.5)


def _shifted(image: Tensor, down: int, right: int) -> Tensor:
    reach = max(abs(down), abs(right))
    padded = F.pad(image, (reach,) * 4, mode="replicate")
    top, left = reach - down, reach - right
    return padded[..., top : top + image.shape[-2], left : left + image.shape[-1]]


def _probability(picture: Picture, *, operator: Features, index: int) -> str:
    found = probabilities(picture.pixels, operator.cpu(), index)
    least, middle = min(found), float(np.median(found))
    return (
        f"probability of the class for the picture as written {found[0]:.4f}; for {len(found)} "
        f"shifted and resized ones {least:.4f} at least, {middle:.4f} in the median"
    )


def _activity(picture: Picture, *, operator: Features, index: int) -> str:
    with torch.no_grad():
        value = -float(_inactivity(operator.cpu()(picture.pixels), torch.tensor(float(index))))
    return f"mean activation for the picture as written {value:.4g}"
