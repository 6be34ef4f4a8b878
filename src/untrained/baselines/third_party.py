"""Third-party networks: the Deep Image Prior of deepinv, and trained restorers via spandrel."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from untrained.baselines.registry import baseline
from untrained.errors import NotApplicable, RequestError
from untrained.operators.classifiers import UNREADABLE, one_line
from untrained.operators.weights_file import opened_weights
from untrained.problem.problem import Problem
from untrained.system.silence import without_warnings


@baseline(
    "deepinv-dip",
    "DIP of deepinv",
    ("denoise", "upscale", "inpaint"),
    needs="deepinv",
    takes=("steps", "seed", "device"),
    foreign=True,
)
def deepinv_dip(problem: Problem, *, steps: int, seed: int, device: str) -> Tensor:
    """Fit the ConvDecoder of deepinv to the measurement, with the settings of its own demo.

    64 channels, a 2x2 input, Adam with learning rate 0.01, no averaging, no stop rule.
    Tachella et al. 2025 (arXiv:2505.20160); network of Darestani and Heckel 2021 (doi
    10.1109/TCI.2021.3097596).
    """
    import deepinv

    channels, start = 64, (2, 2)
    operator = copy.deepcopy(problem.measurement.operator).to(device)
    with _seeded(seed, device):
        decoder = deepinv.models.ConvDecoder(
            img_size=(problem.channels, *problem.size), in_size=start, channels=channels
        )
        prior = deepinv.models.DeepImagePrior(
            decoder.to(device), img_size=(channels, *start), iterations=steps, learning_rate=0.01
        )
        physics = deepinv.physics.Physics(A=lambda image, **_: operator(image))
        result: Tensor = prior(problem.measurement.y.to(device), physics)
    return result


@baseline(
    "trained",
    "trained model",
    None,
    needs="spandrel",
    takes=("device", "weights"),
    foreign=True,
)
def trained(problem: Problem, *, weights: dict[str, Any], device: str) -> Tensor:
    """Apply the user's trained restorer; spandrel recognises its architecture."""
    import spandrel

    if problem.rendering.filled is not None:
        raise NotApplicable("a trained restorer cannot fill gaps")
    try:
        model = spandrel.ModelLoader(device=device).load_from_state_dict(dict(weights))
    except spandrel.UnsupportedModelError as error:
        raise NotApplicable(
            "spandrel does not recognise the architecture of these weights"
        ) from error
    if not isinstance(model, spandrel.ImageModelDescriptor):
        raise NotApplicable("the model does not map one picture to one picture")
    times = problem.size[0] // problem.picture.height
    if model.scale != times:
        raise NotApplicable(f"it enlarges by {model.scale}, but the task needs {times}")
    image = problem.picture.pixels.to(device)
    if model.input_channels == model.output_channels == problem.channels:
        return _applied(model, image)
    if model.input_channels == model.output_channels == 1:
        return torch.cat([_applied(model, plane) for plane in image.split(1, dim=1)], dim=1)
    if model.input_channels == model.output_channels == 3 and problem.channels == 1:
        return _applied(model, image.expand(1, 3, -1, -1)).mean(dim=1, keepdim=True)
    raise NotApplicable(
        f"it maps {model.input_channels} channels to {model.output_channels}, but the picture has "
        f"{problem.channels}"
    )


def _applied(model: Any, image: Tensor) -> Tensor:
    # A copy leaves inference mode behind.
    result: Tensor = model(image.contiguous().clamp(0, 1)).clone()
    return result


def read_weights(path: Path) -> dict[str, Any]:
    """Read the weights of a trained model, without running code from the file.

    Raises
    ------
    RequestError
        If the file cannot be read, or holds anything but weights.
    """
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        with without_warnings(), opened_weights(path) as file:
            if path.suffix.lower() == ".safetensors":
                return dict(load_file(path))
            weights = torch.load(file, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise RequestError(f"{path} is not a safetensors file: {one_line(error)}") from error
    except RequestError:
        raise
    except MemoryError as error:
        raise RequestError(f"{path} does not fit in memory: give another model") from error
    except OSError as error:
        raise RequestError(f"cannot read the model {path}: {error.strerror or error}") from error
    except UNREADABLE as error:
        raise RequestError(
            f"{path} is not a file of weights alone: give a .pth or .safetensors state dictionary"
        ) from error
    if not isinstance(weights, dict):
        raise RequestError(f"{path} holds a {type(weights).__name__}: give a state dictionary")
    return weights


@contextmanager
def _seeded(seed: int, device: str) -> Iterator[None]:
    """Seed the global random state, for a package that takes no generator, then restore it."""
    devices = range(torch.cuda.device_count()) if device == "cuda" else ()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
