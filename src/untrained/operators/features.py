"""A forward operator: the features of a layer of a model."""

import difflib
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from untrained.operators.classifiers import Model, ModelError, one_line


class _Reached(Exception):
    """The layer has been computed: skip the rest of the network."""


class Features(nn.Module):
    """Forward operator: the activation of a layer of a model, nonlinear and differentiable.

    Parameters
    ----------
    model
        The model.
    layer
        Name of a module, as in `list_layers`; empty for the model's output.

    Raises
    ------
    ModelError
        If the layer is unknown; the message suggests the nearest names.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: Model, layer: str = "") -> None:
        super().__init__()
        names = [name for name, _ in model.module.named_modules()]
        if layer not in names:
            near = difflib.get_close_matches(layer, names, 3)
            hint = f"; did you mean {', '.join(near)}?" if near else "; --list-layers names them"
            raise ModelError(f"{model.name} has no layer {layer!r}{hint}")
        self._model = model.module
        self._name = f"layer {layer!r} of {model.name}"
        self._layer = model.module.get_submodule(layer)
        self.register_buffer("mean", torch.tensor(model.mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(model.std).view(1, -1, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Compute the activation for a picture ``(1, C, H, W)`` in [0, 1].

        Raises
        ------
        ModelError
            If the model cannot take the picture, or the layer does not give a single tensor.
        """
        caught: list[Any] = []

        def catch(_module: nn.Module, _inputs: Any, output: Any) -> None:
            caught.append(output)
            raise _Reached

        handle = self._layer.register_forward_hook(catch)
        try:
            self._model((image - self.mean) / self.std)
        except _Reached:
            pass
        except RuntimeError as error:
            if "memory" in str(error):
                raise
            size = f"{image.shape[-1]}x{image.shape[-2]} with {image.shape[1]} channels"
            what = f"the model cannot take a picture of {size}"
            raise ModelError(f"{what}: {one_line(error)}") from error
        finally:
            handle.remove()
        if not caught:
            raise ModelError(f"{self._name} is not used by the model: choose another layer")
        output = caught[0]
        if not isinstance(output, Tensor) or not output.is_floating_point():
            raise ModelError(f"{self._name} does not give one real tensor: choose another layer")
        return output


def checked_features(model: Model, layer: str, pixels: Tensor) -> tuple[Features, Tensor]:
    """Make the operator, check that gradients flow, and apply it to a picture.

    Raises
    ------
    ModelError
        As for `Features`; or if the picture is smaller than the model's input, or the layer's
        activation does not depend on it differentiably.
    """
    height, width = pixels.shape[-2:]
    if min(height, width) < model.size:
        raise ModelError(
            f"the picture is {width}x{height}, {model.name} wants {model.size}x{model.size} or more"
        )
    if len(model.mean) > 1 and pixels.shape[1] != len(model.mean):
        raise ModelError(
            f"the picture has {pixels.shape[1]} channels, {model.name} wants {len(model.mean)}"
        )
    operator = Features(model, layer)
    probe = pixels.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        activation = operator(probe)
    if not activation.requires_grad:
        raise ModelError(
            f"layer {layer!r} of {model.name} passes no gradient to the picture: choose another "
            "layer, or a model that is not quantised"
        )
    return operator, activation.detach()


def list_layers(model: Model, channels: int = 3) -> list[tuple[str, tuple[int, ...]]]:
    """List the layers in the order of the forward pass, with the shapes for one picture.

    The picture has the size of the model's input; layers without a single tensor are left out.
    """
    found: dict[str, tuple[int, ...]] = {}

    def note(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            found.setdefault(name, tuple(output.shape))

    handles = [
        module.register_forward_hook(partial(note, name))
        for name, module in model.module.named_modules()
        if name
    ]
    side = max(model.size, 32)
    try:
        with torch.no_grad():
            model.module(torch.zeros(1, channels, side, side))
    finally:
        for handle in handles:
            handle.remove()
    return list(found.items())
