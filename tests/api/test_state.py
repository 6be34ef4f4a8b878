"""The library inside other programs: it works in any state of theirs, and leaves it as it was."""

import multiprocessing
import random
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

import untrained as ut
from tests.helpers.tiny import photo, tiny_recipe

TINY = {"recipe": tiny_recipe(steps=2), "device": "cpu"}
SIDE = 16


def unit():
    return photo(SIDE, SIDE)[..., 1] / np.float32(255)


def scan():
    return ut.Radon(np.arange(0, 180, 30), SIDE)


def masks():
    return ut.CodedDiffraction(ut.octanary_masks(3, (SIDE, SIDE)))


@cache
def sinogram():
    return scan()(torch.from_numpy(unit())[None, None])


@cache
def amplitudes():
    return masks()(torch.from_numpy(unit())[None, None]).abs()


@cache
def features():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3))


def with_gap():
    image = unit().copy()
    image[3:5, 4:8] = np.nan
    return image


VERBS = {
    "denoise": lambda **o: ut.denoise(photo(SIDE, SIDE), sigma=0.1, **o),
    "denoise counted light": lambda **o: ut.denoise(unit(), noise="poisson-gaussian", **o),
    "denoise bands": lambda **o: ut.denoise(np.stack([unit()] * 6, -1), sigma=0.1, **o),
    "denoise with a gap": lambda **o: ut.denoise(with_gap(), **o),
    "denoise a volume": lambda **o: ut.denoise(ut.as_volume(np.stack([unit()] * 3)), **o),
    "deblock": lambda **o: ut.deblock(photo(SIDE, SIDE), **o),
    "deblur": lambda **o: ut.deblur(unit(), np.ones((3, 3)), **o),
    "deblur blind": lambda **o: ut.deblur(unit(), blind=3, **o),
    "demosaic": lambda **o: ut.demosaic(unit(), **o),
    "inpaint": lambda **o: ut.inpaint(unit(), unit() > 0.6, **o),
    "upscale": lambda **o: ut.upscale(unit(), 2, **o),
    "upscale by 1.5": lambda **o: ut.upscale(unit(), 1.5, **o),
    "flash": lambda **o: ut.flash(photo(SIDE, SIDE), photo(SIDE, SIDE) // 2, **o),
    "reconstruct": lambda **o: ut.reconstruct(sinogram(), scan(), noise=0.5, **o),
    "phase": lambda **o: ut.phase(amplitudes(), masks(), noise=0.01, **o),
    "invert": lambda **o: ut.invert(photo(SIDE, SIDE), features(), "2", **o),
    "dream": lambda **o: ut.dream(features(), "2:1", size=SIDE, **o),
}


def in_float64():
    return default(torch.get_default_dtype, torch.set_default_dtype, torch.float64)


class default:
    """A context with another default."""

    def __init__(self, get, put, value):
        self.get, self.put, self.value = get, put, value

    def __enter__(self):
        self.before = self.get()
        self.put(self.value)

    def __exit__(self, *_):
        after = self.get()
        self.put(self.before)
        assert after == self.value, "the caller's default was changed"


STATES = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "float64": in_float64,
    "the device meta": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "deterministic": lambda: default(
        torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, True
    ),
    "numbers raise": lambda: np.errstate(all="raise"),
}
made = {}


def usual(name):
    """The picture of a verb in the usual state, made once."""
    if name not in made:
        made[name] = VERBS[name](**TINY).image
    return made[name]


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("state", STATES)
def test_every_verb_gives_the_same_bits_in_any_state(name, state):
    expected = usual(name)
    with STATES[state]():
        grad, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        result = VERBS[name](**TINY)
        assert torch.is_grad_enabled() == grad
        assert torch.is_inference_mode_enabled() == inference
    assert torch.equal(result.image, expected)


def test_presets_work_without_gradients():
    settings = {"sigma": 0.1, "steps": 2, "device": "cpu"}
    with torch.inference_mode():
        restricted = ut.denoise(photo(), **settings).image
    assert torch.equal(restricted, ut.denoise(photo(), **settings).image)


def test_what_was_made_without_gradients_is_taken():
    with torch.inference_mode():
        operator, picture, tensor = scan(), ut.as_picture(photo()), torch.from_numpy(unit())
        y, kernel = sinogram().clone(), ut.blur(np.ones((3, 3)))
        settings = ut.tasks.inpaint(tensor, tensor > 0.6)
    assert torch.equal(ut.reconstruct(y, operator, noise=0.5, **TINY).image, usual("reconstruct"))
    assert ut.deblock(picture, **TINY).image.shape == (1, 3, 24, 20)
    assert torch.equal(ut.inpaint(tensor, tensor > 0.6, **TINY).image, usual("inpaint"))
    assert torch.equal(ut.restore(settings, **TINY).image, usual("inpaint"))
    blurred = kernel(torch.ones(1, 1, SIDE, SIDE))
    assert ut.reconstruct(blurred, kernel, bounds=(0, 20), **TINY).image.shape[-1] == SIDE


def test_a_model_is_left_as_it_was():
    model = features().train()
    ut.invert(photo(SIDE, SIDE), model, "2", **TINY)
    assert model.training
    assert all(weights.requires_grad for weights in model.parameters())


def test_steps_may_be_taken_without_gradients():
    fit = ut.watch(ut.tasks.denoise(photo(), sigma=0.1), tiny_recipe(steps=3), device="cpu")
    with torch.no_grad():
        for step in fit:
            assert not torch.is_grad_enabled()
            assert step.picture.shape == (1, 3, 24, 20)
        assert fit.restoration().steps == 3


def state():
    """All that a program may have set."""
    return {
        "torch's generator": torch.get_rng_state().tolist(),
        "NumPy's generator": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "Python's generator": random.getstate(),
        "threads": torch.get_num_threads(),
        "default type": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "gradients": torch.is_grad_enabled(),
        "determinism": torch.are_deterministic_algorithms_enabled(),
        "precision of products": torch.get_float32_matmul_precision(),
        "warnings": list(warnings.filters),
        "errors of NumPy": np.geterr(),
        "threads of Python": threading.active_count(),
    }


@pytest.mark.parametrize("name", VERBS)
def test_no_state_of_the_program_is_changed(name):
    before = state()
    VERBS[name](**TINY)
    after = state()
    assert [key for key in before if before[key] != after[key]] == []


def test_loading_and_fitting_leave_the_filters_of_warnings_and_the_backend_alone():
    code = """
import sys, warnings
import numpy as np
import untrained as ut
before = list(warnings.filters)
ut.denoise(np.eye(16, dtype=np.float32), sigma=0.1, steps=2, device="cpu")
assert list(warnings.filters) == before, set(warnings.filters) ^ set(before)
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_random_state_does_not_matter():
    expected = usual("denoise")
    with torch.random.fork_rng():
        torch.manual_seed(99)
        assert torch.equal(VERBS["denoise"](**TINY).image, expected)


def test_threads_give_the_bits_of_one_after_the_other():
    names = [name for name in ("denoise", "inpaint", "upscale", "reconstruct") for _ in range(2)]
    for each in names:
        usual(each)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: VERBS[name](**TINY).image, names))
    assert all(torch.equal(image, made[name]) for image, name in zip(together, names, strict=True))


def test_threads_under_another_default_type_leave_it():
    usual("denoise"), usual("inpaint")
    with in_float64(), ThreadPoolExecutor(4) as pool:
        names = ["denoise", "inpaint"] * 4
        together = list(pool.map(lambda name: VERBS[name](**TINY).image, names))
    assert all(torch.equal(image, made[name]) for image, name in zip(together, names, strict=True))


def answer(queue):
    queue.put(VERBS["denoise"](**TINY).image.numpy())


def forked():
    """The program of the next test: two threads, a fit, then a fit in a forked process."""
    torch.set_num_threads(2)
    first = VERBS["denoise"](**TINY).image.numpy()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=answer, args=(queue,))
    child.start()
    second = queue.get(timeout=60)
    child.join(60)
    assert np.abs(first - second).max() < 0.02
    assert torch.get_num_threads() == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_can_fit_after_its_parent_has():
    code = "from tests.api.test_state import forked; forked()"
    environment = {"OMP_NUM_THREADS": "2", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=environment)
