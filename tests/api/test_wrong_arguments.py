"""Every argument of every public callable, given many kinds of nonsense.

A call succeeds, or a RequestError names the argument in one line.
"""

import inspect
import re
import typing
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import untrained as ut
from tests.helpers.tiny import tiny_recipe
from untrained.api.verbs import Options
from untrained.errors import RequestError
from untrained.fitting.device import choose_engine

SIDE = 12


def grey():
    return np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)


def shades():
    return (255 * grey()).astype(np.uint8)


def colour():
    return np.random.default_rng(0).random((SIDE, SIDE, 3)).astype(np.float32)


@cache
def scanner():
    return ut.Radon([0, 60, 120], SIDE)


def sinogram():
    return scanner()(torch.from_numpy(grey())[None, None])


@cache
def masked():
    return ut.CodedDiffraction(ut.octanary_masks(2, (SIDE, SIDE)))


def amplitudes():
    return masked()(torch.from_numpy(grey())[None, None]).abs()


@cache
def classifier():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3))


@cache
def problem():
    return ut.tasks.denoise(grey(), sigma=0.1)


def tensor():
    return torch.from_numpy(grey())[None, None]


@cache
def result():
    return ut.restore(ut.tasks.denoise(shades(), sigma=0.1), tiny_recipe(steps=1), device="cpu")


def ragged():
    return [[1], [1, 2]]


BAD = {
    "None": lambda: None,
    "empty text": lambda: "",
    "nonsense": lambda: "nonsense",
    "text with a null": lambda: "a\0b",
    "bytes": lambda: b"",
    "object": object,
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "NumPy's NaN": lambda: np.float32("nan"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "1.5": lambda: 1.5,
    "10^30": lambda: 10**30,
    "10^400": lambda: 10**400,
    "10^5000": lambda: 10**5000,
    "True": lambda: True,
    "1j": lambda: 1j,
    "decimal": lambda: Decimal("NaN"),
    "date": lambda: np.datetime64("2020-01-01"),
    "list": list,
    "ragged list": ragged,
    "list of None": lambda: [None, None],
    "dictionary": dict,
    "set": set,
    "generator": lambda: iter([1, 2]),
    "class": lambda: np.ndarray,
    "class of ours": lambda: ut.Radon,
    "module": lambda: np,
    "function": lambda: len,
    "path": lambda: Path("nowhere/at all.png"),
    "folder": Path,
    "array without samples": lambda: np.zeros((0, 3), np.float32),
    "array of 1 axis": lambda: np.ones(5),
    "array of 6 axes": lambda: np.ones((1,) * 6),
    "array of another size": lambda: np.ones((3, 5)),
    "array of NaN": lambda: np.full((SIDE, SIDE), np.nan),
    "array with infinity": lambda: np.full((SIDE, SIDE), np.inf),
    "array of objects": lambda: np.array([[object()] * 3] * 3),
    "array of texts": lambda: np.array([["a", "b"]]),
    "complex array": lambda: np.ones((SIDE, SIDE), complex),
    "large array": lambda: np.ones((200, 200), np.uint8),
    "number without axes": lambda: np.array(float("nan")),
    "structured array": lambda: np.zeros((3, 3), [("a", int)]),
    "tensor on meta": lambda: torch.zeros(1, 1, SIDE, SIDE, device="meta"),
    "scalar on meta": lambda: torch.zeros((), device="meta"),
    "sparse tensor": lambda: torch.eye(SIDE).to_sparse(),
    "tensor with a gradient": lambda: torch.ones(1, 1, SIDE, SIDE, requires_grad=True),
    "quantised tensor": lambda: torch.zeros(1, 1, 4, 4, dtype=torch.float8_e5m2),
    "batch": lambda: torch.zeros(2, 1, SIDE, SIDE),
    "empty tensor": lambda: torch.zeros(1, 1, 0, SIDE),
    "tensor of bool": lambda: torch.ones(SIDE, SIDE, dtype=torch.bool),
}

RADON = {"angles": lambda: [0.0, 60.0], "size": lambda: SIDE}
PATH = {"path": lambda: "nowhere.png"}
ENGINE = {"engine": lambda: choose_engine("cpu")}
CALLS = {
    "tasks.denoise": {"image": grey, "sigma": lambda: 0.1},
    "tasks.deblock": {"image": shades},
    "tasks.demosaic": {"image": grey},
    "tasks.upscale": {"image": grey},
    "tasks.flash": {"image": colour, "flash": colour},
    "tasks.inpaint": {"image": grey, "fill": lambda: grey() > 0.9},
    "tasks.invert": {"image": colour, "model": classifier, "layer": lambda: "2"},
    "tasks.dream": {"model": classifier, "target": lambda: "2:1", "size": lambda: SIDE},
    "tasks.deblur": {"image": grey, "kernel": lambda: np.ones((3, 3))},
    "tasks.reconstruct": {"y": sinogram, "physics": scanner},
    "tasks.phase": {"y": amplitudes, "physics": masked},
    "restore": {
        "problem": problem,
        "recipe": lambda: tiny_recipe(steps=1),
        "device": lambda: "cpu",
        "steps": lambda: 1,
    },
    "watch": {"problem": problem, "recipe": lambda: tiny_recipe(steps=1)},
    "Fit": {"problem": problem, "recipe": tiny_recipe, "seed": lambda: 0} | ENGINE,
    "ShrinkingFit": {
        "problem": problem,
        "recipe": tiny_recipe,
        "seed": lambda: 0,
        "tile": lambda: 64,
    }
    | ENGINE,
    "compare": {"problem": problem, "recipe": lambda: tiny_recipe(steps=1)},
    "psnr": {"image": tensor, "reference": lambda: 0.5 * tensor()},
    "ssim": {"image": tensor, "reference": lambda: 0.5 * tensor()},
    "side_by_side": {"pictures": lambda: [tensor()]},
    "write_report": {"folder": lambda: "report", "result": result, "before": grey},
    "Origin": {},
    "Gaussian": {"sigma": lambda: 0.1},
    "Poisson": {},
    "PoissonGaussian": {"gain": lambda: 0.1},
    "Transmission": {"photons": lambda: 100.0},
    "Bayer": {"pattern": lambda: "RGGB", "size": lambda: (8, 8)},
    "Radon": RADON,
    "FanBeam": RADON | {"source_distance": lambda: 50, "detector_distance": lambda: 10},
    "FourierSubsampling": {"mask": lambda: np.ones((8, 8))},
    "CodedDiffraction": {"masks": lambda: np.ones((2, 8, 8))},
    "PaddedFourier": {"size": lambda: (8, 8)},
    "Ptychography": {
        "positions": lambda: [[0, 0]],
        "pupil": lambda: np.ones((3, 3)),
        "size": lambda: (8, 8),
    },
    "blur": {"kernel": lambda: np.ones((3, 3))},
    "disc": {"radius": lambda: 2.0, "side": lambda: 9},
    "gaussian_kernel": {"sigma": lambda: 1.0},
    "octanary_masks": {"count": lambda: 2, "size": lambda: (4, 4)},
    "pupil_grid": {"count": lambda: 2, "radius": lambda: 2.0, "overlap": lambda: 0.5},
    "load_model": {"name": lambda: "nothing"},
    "read": PATH,
    "read_array": PATH,
    "read_kspace": PATH,
    "read_recipe": PATH,
    "write": {
        "path": lambda: "out.npy",
        "picture": shades,
        "overwrite": lambda: True,
    },
    "as_picture": {"value": grey},
    "as_volume": {"value": lambda: np.ones((2, 3, 4))},
    "png_bytes": {"image": tensor},
    "estimate_sensitivities": {
        "kspace": lambda: np.ones((2, 16, 16), complex),
        "mask": lambda: np.ones((16, 16)),
    },
    "alternating_projections": {
        "operator": masked,
        "amplitudes": amplitudes,
        "start": tensor,
        "rounds": lambda: 1,
    },
    "wirtinger_flow": {
        "operator": masked,
        "amplitudes": amplitudes,
        "start": tensor,
        "rounds": lambda: 1,
    },
    "known_presets": {"task": lambda: "denoise"},
    "preset": {"task": lambda: "denoise", "name": lambda: "fast"},
    "Recipe": {},
}
OTHER_WORDS = {
    "physics": "operator",
    "initial": "operator",
    "path": "folder",
    "recipe": "preset",
    "value": "pictures?|volume|samples|path",
}
"""The field's words for some arguments."""
NOT_READ = {"ShrinkingFit": {"state"}, "compare": {"report_progress"}}
"""From a `state_dict`; called with progress."""
VERBS = ("deblock", "deblur", "demosaic", "denoise", "dream", "flash", "inpaint", "invert")
VERBS += ("phase", "reconstruct", "upscale")
ELSEWHERE = {
    "tasks": "each of its functions is here",
    "main": "the command line",
    "UntrainedReconstructor": "needs deepinv",
    "keep_freed_memory": "takes nothing",
    "__version__": "a text",
    **dict.fromkeys(
        ("Picture", "Problem", "Restoration", "Step", "TiledStep", "Model"),
        "a record that the library makes",
    ),
}


def named(name):
    found = ut
    for part in name.split("."):
        found = getattr(found, part)
    return found


def fault(call, name, value, given):
    """What is wrong with what a call says of a value; None if nothing is."""
    words = {key: make() for key, make in given.items()} | {name: value}
    try:
        call(**words)
    except RequestError as error:
        said = str(error)
        # A picture of another size clashes with another argument; a file goes by its path.
        paths = [str(word) for word in words.values() if isinstance(word, str | Path)]
        names = "|".join((*words, OTHER_WORDS.get(name, name)))
        if not re.search(rf"\b({names})\b", said) and not any(path in said for path in paths):
            return f"does not name it: {said}"
        return f"is not one short line: {said[:300]}" if "\n" in said or len(said) > 300 else None
    except Exception as error:  # what a user would see
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


def test_every_public_callable_is_here():
    errors = {name for name in dir(ut) if name.endswith("Error")}
    tasks = {f"tasks.{name}" for name in dir(ut.tasks)}
    assert set(dir(ut)) | tasks == {*CALLS, *VERBS, *ELSEWHERE, *errors}


@pytest.mark.parametrize("name", CALLS)
def test_nonsense_is_refused_by_the_name_of_the_argument(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, given = named(name), CALLS[name]
    taken = inspect.signature(call).parameters.values()
    names = [each.name for each in taken if each.kind != each.VAR_KEYWORD]
    if name == "restore":
        names += [each for each in typing.get_type_hints(Options) if each not in names]
    faults = {
        f"{argument} = {kind}": found
        for argument in sorted({*names} - NOT_READ.get(name, set()))
        for kind, make in BAD.items()
        if (found := fault(call, argument, make(), given))
    }
    assert faults == {}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_name_the_nearest_option(verb):
    given = {key: make() for key, make in CALLS[f"tasks.{verb}"].items()}
    with pytest.raises(RequestError, match="no option stpes: did you mean steps"):
        named(verb)(**given, stpes=3)
    with pytest.raises(TypeError, match="missing"):
        named(verb)()
    with pytest.raises(RequestError, match="seed is None: give a whole number"):
        named(verb)(**given, seed=None)


def test_a_name_nearly_right_is_told():
    with pytest.raises(RequestError, match=r"unknown noise 'gausian': .*did you mean 'gaussian'"):
        ut.tasks.denoise(grey(), noise="gausian")


def test_signatures_and_types_stay():
    taken = inspect.signature(ut.denoise).parameters
    assert list(taken) == ["image", "sigma", "noise", "options"]
    assert list(inspect.signature(ut.Radon).parameters) == ["angles", "size"]
    assert inspect.signature(ut.Gaussian).parameters["sigma"].annotation is float
    assert ut.tasks.denoise.__doc__.startswith("Describe a denoising problem.")


def test_a_preset_goes_by_either_word_but_not_by_two():
    settings = {"steps": 1, "device": "cpu"}
    assert ut.watch(problem(), preset="tv").recipe == ut.watch(problem(), "tv").recipe
    assert ut.restore(problem(), "tv", preset="tv", **settings).recipe.name.endswith("tv")
    with pytest.raises(RequestError, match="recipe is 'fast' and preset 'best': give one"):
        ut.watch(problem(), "fast", preset="best")


def test_models_of_noise_that_do_not_fit_say_what_would():
    with pytest.raises(RequestError, match=r"noise: PoissonGaussian.*Poisson\(\) for counts"):
        ut.tasks.reconstruct(sinogram(), scanner(), noise=ut.PoissonGaussian(0.1))
    with pytest.raises(RequestError, match="noise: Transmission is for tomography"):
        ut.tasks.phase(amplitudes(), masked(), noise=ut.Transmission(100))
    with pytest.raises(RequestError, match="noise is a Transmission: give"):
        ut.tasks.denoise(grey(), noise=ut.Transmission(100))


def test_no_message_holds_an_array():
    with pytest.raises(RequestError, match=r"sigma is an array of shape \(12, 12\)") as caught:
        ut.tasks.denoise(grey(), sigma=grey())
    assert "0." not in str(caught.value)
