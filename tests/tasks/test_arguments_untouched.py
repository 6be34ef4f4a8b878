"""No task changes what it is given: not while it describes a problem, not while that is fitted."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.restore import watch
from untrained.operators import CodedDiffraction, Radon, octanary_masks

SIZE = 16


def floats(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def with_gap():
    picture = photo() / np.float32(255)
    picture[3:5, 4:8] = np.nan
    return picture


def cross():
    fill = np.zeros((24, 20), np.float32)
    fill[4:8], fill[:, 9:12] = 1, 1
    return fill


def features():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3))


def projections():
    return Radon(np.linspace(0, 180, 9, endpoint=False), SIZE)


def masks():
    return CodedDiffraction(octanary_masks(3, (SIZE, SIZE), seed=0))


CASES = {
    "denoise": (tasks.denoise, [photo], {"sigma": 0.1}),
    "denoise with missing pixels": (tasks.denoise, [with_gap], {"sigma": 0.1}),
    "denoise counted light": (tasks.denoise, [photo], {"noise": "poisson-gaussian"}),
    "denoise impulses": (tasks.denoise, [photo], {"noise": "impulse"}),
    "denoise bands": (tasks.denoise, [lambda: floats(24, 20, 8)], {"sigma": 0.1}),
    "deblock": (tasks.deblock, [photo], {}),
    "upscale": (tasks.upscale, [photo], {"factor": 2}),
    "upscale by a broken factor": (tasks.upscale, [photo], {"factor": 1.5}),
    "inpaint": (tasks.inpaint, [photo, cross], {}),
    "inpaint by known pixels": (tasks.inpaint, [photo], {"known": cross}),
    "flash": (tasks.flash, [photo, lambda: photo() // 2], {"register": True}),
    "demosaic": (tasks.demosaic, [lambda: floats(24, 20)], {}),
    "deblur": (tasks.deblur, [photo, lambda: 2 * np.ones((3, 3), np.float32)], {}),
    "deblur blind": (tasks.deblur, [photo], {"blind": 3}),
    "reconstruct": (
        tasks.reconstruct,
        [lambda: projections()(torch.from_numpy(floats(1, 1, SIZE, SIZE))).numpy(), projections],
        {"weights": lambda: floats(1, 1, 9, 1) + 1, "initial": lambda: floats(SIZE, SIZE)},
    ),
    "phase": (
        tasks.phase,
        [lambda: masks()(torch.from_numpy(floats(1, 1, SIZE, SIZE))).abs().numpy(), masks],
        {"noise": 0.01},
    ),
    "invert": (tasks.invert, [photo, features], {"layer": "2"}),
    "dream": (tasks.dream, [features], {"target": "2:1", "size": 24}),
}


def in_torch(value):
    """A float tensor that shares memory with an array; pictures as (1, C, H, W)."""
    if not isinstance(value, np.ndarray):
        return value
    tensor = torch.from_numpy(value if value.dtype.kind == "f" else value / np.float32(255))
    if value.ndim == 3 and value.shape[-1] in (3, 8):
        return tensor.movedim(-1, 0)[None].contiguous()
    return tensor


def as_plane(value, task):
    """Planes as (1, 1, H, W) where a picture is meant, not a kernel."""
    plane = isinstance(value, Tensor) and value.ndim == 2 and task is not tasks.deblur
    return value[None, None] if plane else value


def contents(value):
    """The bytes of all that is in an argument."""
    if isinstance(value, nn.Module):
        tensors = [*value.parameters(), *value.buffers()]
        return [tensor.detach().numpy().tobytes() for tensor in tensors]
    if isinstance(value, np.ndarray | Tensor):
        return np.asarray(value).tobytes()
    return value


def test_every_task_is_among_the_cases():
    assert {task.__name__ for task, _, _ in CASES.values()} == set(dir(tasks))


@pytest.mark.parametrize("kind", ["NumPy", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_a_task_changes_no_argument(name, kind):
    task, makers, options = CASES[name]
    given = [make() for make in makers]
    named = {key: value() if callable(value) else value for key, value in options.items()}
    if kind == "torch":
        given = [as_plane(in_torch(value), task) for value in given]
        named = {key: as_plane(in_torch(value), task) for key, value in named.items()}
    before = [contents(value) for value in (*given, *named.values())]
    fit = watch(task(*given, **named), tiny_recipe(steps=1), device="cpu")
    assert len(list(fit)) == 1
    fit.restoration()
    assert [contents(value) for value in (*given, *named.values())] == before
