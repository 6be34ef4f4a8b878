"""Save and load a fit, bit for bit: plain tensors and JSON, no code, and a checksum over all."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from untrained.errors import RequestError
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.fit_like import FitLike
from untrained.fitting.memory import ran_out
from untrained.fitting.out_of_memory import begin
from untrained.fitting.tile_size import read_tile, stays_whole
from untrained.problem.problem import Problem
from untrained.recipes import FitKeywords, FitOptions, Recipe

_FORMAT = "untrained fit 5"
_AGAIN = "start again with --overwrite"
_MISMATCHES = (
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What reading something that is built otherwise raises, in Python and in torch."""


class CheckpointError(RequestError):
    """A saved fit that cannot be read, or belongs to another picture or other settings."""


def fingerprint(problem: Problem) -> str:
    """Hash all that a fit sees of a problem: measurement, operator, noise level, size."""
    measurement, operator = problem.measurement, problem.measurement.operator
    digest = hashlib.sha256(repr((problem.task, problem.size, measurement.noise)).encode())
    guide = [] if problem.knowledge.guide is None else [problem.knowledge.guide]
    tensors = [measurement.y, *guide, *operator.buffers()]
    tensors += [weights.detach() for weights in operator.parameters()]
    for tensor in tensors:
        digest.update(repr(tuple(tensor.shape)).encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).tobytes())
    return digest.hexdigest()


def save_fit(path: Path, fit: FitLike) -> None:
    """Save a fit atomically: write a temporary file, then rename it to `path`.

    Raises
    ------
    OSError
        If the disk is full or the folder not writable.
    """
    tensors: dict[str, Tensor] = {}
    tree = _without_tensors(fit.state_dict(), tensors, "")
    header = {
        "format": _FORMAT,
        "fingerprint": fingerprint(fit.problem),
        "recipe": fit.recipe.model_dump_json(),
        "seed": str(fit.seed),
        "device": fit.engine.device.type,
        "tile": fit.tile,
        "torch": torch.__version__,
        "state": json.dumps(tree),
    }
    header["checksum"] = _checksum(header, tensors)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save_file(tensors, temporary, metadata=header)
        temporary.replace(path)
    except SafetensorError as error:
        raise OSError(f"cannot save the fit to {path}: {error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _checksum(header: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """Hash the header but for the checksum, and each tensor with its name, type and shape."""
    words = sorted(item for item in header.items() if item[0] != "checksum")
    digest = hashlib.sha256(json.dumps(words).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _header(path: Path) -> dict[str, str]:
    """Read the words of a saved fit of this version.

    Raises
    ------
    CheckpointError
        If it is no such file.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} is not a saved fit: there is no such file")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
    except (OSError, SafetensorError, *_MISMATCHES) as error:
        raise CheckpointError(f"{path} is not a saved fit, or damaged: {_AGAIN}") from error
    if header.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is not a saved fit of this version: {_AGAIN}")
    return header


def _tensors(path: Path, header: dict[str, str]) -> dict[str, Tensor]:
    """Read the tensors of a saved fit.

    Raises
    ------
    CheckpointError
        If they or the header are not as they were saved.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        whole = header.get("checksum") == _checksum(header, tensors)
    except (OSError, SafetensorError, *_MISMATCHES) as error:
        raise CheckpointError(f"{path} is damaged: {_AGAIN}") from error
    if not whole:
        raise CheckpointError(f"{path} is damaged, its checksum is another: {_AGAIN}")
    return tensors


def reason_for_other_bits(path: Path) -> str | None:
    """Say why a saved fit may not go on bit for bit here; None where it does.

    Raises
    ------
    CheckpointError
        If the file is not a saved fit.
    """
    then = _header(path).get("torch", "an unknown version")
    if then == torch.__version__:
        return None
    return (
        f"the fit was saved with torch {then}, this is torch {torch.__version__}: the result may "
        "differ in its last bits from an uninterrupted one"
    )


def load_fit(
    path: Path, problem: Problem, recipe: Recipe, **options: Unpack[FitKeywords]
) -> FitLike:
    """Load a saved fit.

    Parameters
    ----------
    path
        A file that `save_fit` wrote.
    problem, recipe, options
        The same as when the fit began.

    Raises
    ------
    CheckpointError
        If the file is not a saved fit, or damaged, or belongs to another problem, recipe, seed,
        device or tile.
    """
    header = _header(path)
    tensors = _tensors(path, header)
    chosen = FitOptions(**options)
    engine = choose_engine(chosen.device, recipe.precision)
    tile = read_tile(chosen.tile)
    now = {
        "fingerprint": ("picture", fingerprint(problem)),
        "recipe": ("recipe", recipe.model_dump_json()),
        "seed": ("seed", str(chosen.seed)),
        "device": ("device", engine.device.type),
        "tile": ("tile", Fit.tile if stays_whole(problem, tile) else str(tile)),
    }
    for key, (what, value) in now.items():
        if header.get(key) != value:
            raise CheckpointError(
                f"{path} was saved with another {what}: give the same {what}, or {_AGAIN}"
            )
    try:
        state = _with_tensors(json.loads(header["state"]), tensors)
        if tensors:
            raise ValueError(f"{len(tensors)} tensors belong to nothing")
        fit = begin(problem, recipe, seed=chosen.seed, engine=engine, tile=tile, state=state)
        _check_pictures(fit)
    except RequestError:
        raise
    except _MISMATCHES as error:
        if ran_out(error):
            raise
        raise CheckpointError(f"{path} is no fit of this kind inside: {_AGAIN}") from error
    return fit


def _check_pictures(fit: FitLike) -> None:
    """Check what is handed over as it is: what the network is given is checked as it loads."""
    pictures = [] if fit.last is None else [fit.last.picture, fit.last.image, fit.last.average]
    pictures += [] if fit.stop is None else [fit.stop.picture]
    shape = (1, fit.problem.channels, *fit.problem.size)
    for picture in pictures:
        if tuple(picture.shape) != shape or not picture.is_floating_point():
            raise ValueError(f"a picture of shape {tuple(picture.shape)}, not {shape}")


def _without_tensors(value: Any, tensors: dict[str, Tensor], name: str) -> Any:
    """Move the tensors of a nested state into a flat table, leaving their names in their place."""
    if isinstance(value, Tensor):
        tensors[name] = value.detach().cpu().clone().contiguous()
        return {"tensor": name}
    if isinstance(value, dict):
        return {
            "items": [
                [key, _without_tensors(item, tensors, f"{name}.{key}")]
                for key, item in value.items()
            ]
        }
    if isinstance(value, list | tuple):
        return [_without_tensors(v, tensors, f"{name}.{i}") for i, v in enumerate(value)]
    return value


def _with_tensors(tree: Any, tensors: dict[str, Tensor]) -> Any:
    """Put the tensors back in their places, each once."""
    if isinstance(tree, list):
        return [_with_tensors(value, tensors) for value in tree]
    if isinstance(tree, dict):
        if "tensor" in tree:
            return tensors.pop(tree["tensor"])
        return {key: _with_tensors(value, tensors) for key, value in tree["items"]}
    return tree
