"""Feature inversion: a picture whose features in a layer are those of the picture given."""

from functools import partial

import torch
from torch import Tensor, nn

from untrained.arguments import checked
from untrained.noise import relative_squared_error
from untrained.operators.classifiers import Model, as_model
from untrained.operators.features import Features, checked_features
from untrained.picture.picture import Picture
from untrained.picture.taking import PictureLike
from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem
from untrained.system.torch_state import in_usual_state


@in_usual_state()
@checked
def invert(image: PictureLike, model: Model | nn.Module, layer: str) -> Problem:
    """Describe the inversion of a picture's features: its natural pre-image.

    Only the features are fitted (Mahendran and Vedaldi 2015; Ulyanov et al. 2018), so
    the result shows what the layer has kept of the picture.

    Parameters
    ----------
    image
        Any kind of picture, see `as_picture`, at its own size.
    model
        From `load_model`, or any module that takes ``(1, C, H, W)`` in [0, 1].
    layer
        Name of a module in it.

    Raises
    ------
    ModelError
        If the layer is unknown, the picture too small, or no gradient comes back.
    PictureError
        If `image` is not a picture.
    """
    picture: Picture = image
    chosen = as_model(model)
    operator, features = checked_features(chosen, layer, picture.pixels)
    shape = "x".join(str(side) for side in features.shape[1:])
    return Problem(
        task="invert",
        picture=picture,
        measurement=Measurement(features, operator, data_term=relative_squared_error),
        size=(picture.height, picture.width),
        channels=picture.channels,
        self_check=partial(_self_check, operator=operator, features=features),
        notes=(f"features {layer} of {chosen.name}, {shape}",),
    )


def _self_check(picture: Picture, *, operator: Features, features: Tensor) -> str:
    with torch.no_grad():
        error = relative_squared_error(operator.to(features.device)(picture.pixels), features)
    return f"the features of the picture as written are off by {float(error):.3g} (relative square)"
