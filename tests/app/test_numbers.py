"""Every numeric option of every verb: what is no number, or no number for it, is refused."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained.app import cli
from untrained.app.application import make_app

TINY = ("--recipe", "tiny.json", "--device", "cpu")
PICTURE = ("in.png", "o.png", *TINY)
BENCH = ("--data", "data", "--out", "b")
VERBS = {
    "flash": (*PICTURE, "--flash", "in.png"),
    "inpaint": (*PICTURE, "--mask", "mask.png"),
    "demosaic": ("mask.png", "o.png", *TINY),
    "reconstruct demosaic": ("mask.png", "o.png", *TINY),
    "reconstruct ct": ("sino.npy", "o.npy", "--angles", "0:180", *TINY),
    "reconstruct mri": ("k.npy", "o.npy", *TINY),
    "reconstruct deblur": (*PICTURE,),
    "reconstruct phase": ("mag.npy", "o.npy", "--kind", "magnitude", *TINY),
    "invert": (*PICTURE, "--layer", "blocks.0"),
    "dream": ("o.png", "--target", "1", *TINY),
    "compare": ("in.png", "--task", "denoise", "--out", "c", *TINY),
    "study": ("impedance", "--quick", "--out", "s", "--device", "cpu"),
    "bench speed": ("--out", "b", "--quick"),
    "bench denoise": BENCH,
    "bench deblock": BENCH,
    "bench upscale": BENCH,
    "bench inpaint": BENCH,
}
"""What else each verb needs; the others take a picture and give one."""

_SOURCE, _DETECTOR = ("--source-distance", "50"), ("--detector-distance", "50")
_FAN = ("--geometry", "fan", *_SOURCE, *_DETECTOR)
WITH = {
    "reconstruct ct --source-distance": ("--geometry", "fan", *_DETECTOR),
    "reconstruct ct --detector-distance": ("--geometry", "fan", *_SOURCE),
    "reconstruct ct --bin-width": _FAN,
    "reconstruct ct --size": _FAN,
    "reconstruct deblur --sigma": ("--kernel", "kernel.npy"),
    "upscale --width": ("--kernel", "gaussian"),
    "bench speed --target": ("--reach",),
    "bench speed --original-steps": ("--reach",),
}
"""What an option makes sense with."""

NO_NUMBERS = ("", "x", "nan", "inf", "-inf", "1e400", "1_000", " 5 ", "٣", "0x10", "true", "1,5")
NOT_WHOLE = ("1.5", "1e3", "5.")
OUT_OF_RANGE = ("-1", str(10**29), "-" + "9" * 25)
RIGHT = {"bench speed --target": ("-1",)}
"""What is right all the same."""


def numeric_options():
    """Every option of a whole number or a number, of every verb that is registered."""
    found = []
    for name, app in walked(make_app(), ""):
        for argument in app.assemble_argument_collection():
            kinds = [k for k in get_args(argument.hint) or (argument.hint,) if k is not type(None)]
            if kinds in ([int], [float]) and argument.names:
                found.append((name, argument.names[0], kinds[0]))
    return found


def walked(app, name):
    for command in app:
        if not command.startswith("-"):
            inner = app[command]
            full = f"{name} {command}".strip()
            own = any(not each.startswith("-") for each in inner)
            yield from walked(inner, full) if own else [(full, inner)]


OPTIONS = numeric_options()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("numbers")
    draws = np.random.default_rng(0)
    Image.fromarray(photo()).save(made / "in.png")
    mask = np.zeros((24, 20), np.uint8)
    mask[4:9, 4:9] = 255
    Image.fromarray(mask).save(made / "mask.png")
    np.save(made / "sino.npy", draws.random((16, 24), np.float32))
    np.save(made / "k.npy", draws.random((16, 16)).astype(np.complex64))
    np.save(made / "mag.npy", draws.random((32, 32), np.float32))
    np.save(made / "kernel.npy", np.ones((3, 3)))
    (made / "tiny.json").write_text(tiny_recipe(steps=1).model_dump_json())
    (made / "data/denoising/cset9").mkdir(parents=True)
    return made


def refused(capsys, words):
    """Run a request in this folder; return the line that refuses it."""
    before = sorted(Path().rglob("*"))
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    out, err = capsys.readouterr()
    assert end.value.code == 2, (words, err)
    assert err.startswith("untrained: "), words
    assert err.count("\n") == 1, (words, err)
    assert out == "", words
    assert sorted(Path().rglob("*")) == before, words
    return err


def test_there_are_options_of_every_verb():
    assert len(OPTIONS) > 60
    assert {"denoise --sigma", "reconstruct ct --photons", "bench speed --rounds"} <= {
        f"{verb} {option}" for verb, option, _ in OPTIONS
    }


@pytest.mark.parametrize(("verb", "option", "kind"), OPTIONS, ids=lambda v: str(v).strip("-"))
def test_bad_numbers_are_refused_in_one_line(folder, monkeypatch, capsys, verb, option, kind):
    monkeypatch.chdir(folder)
    name = f"{verb} {option}"
    base = [*verb.split(), *VERBS.get(verb, PICTURE), *WITH.get(name, ())]
    for value in NO_NUMBERS + (NOT_WHOLE if kind is int else ()):
        line = refused(capsys, [*base, f"{option}={value}"])
        assert option in line, line
        assert repr(value) in line, line
    for value in OUT_OF_RANGE:
        if value not in RIGHT.get(name, ()):
            refused(capsys, [*base, f"{option}={value}"])


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("denoise in.png o.png --sigma -5", "--sigma -5"),
        ("denoise in.png o.png --sigma 256", "--sigma 256"),
        ("demosaic mask.png o.png --sigma -5", "--sigma -5"),
        ("compare in.png --task denoise --sigma -5", "--sigma -5"),
        ("reconstruct deblur in.png o.png --kernel kernel.npy --sigma -5", "--sigma -5"),
        ("reconstruct deblur in.png o.png --blind 1000000000", "1000000000"),
        ("dream o.png --target 1 --size 0", "--size 0"),
        ("dream o.png --target 1 --size 1000000000", "--size 1000000000"),
        ("dream o.png --target :", "--target :"),
        ("dream o.png --target :3", "--target :3"),
        ("dream o.png --target=", "--target"),
        ("dream o.png --sheet --target 1,,2", "--target 1,,2"),
        ("dream o.png --sheet --target 1 --steps 0", "got 0"),
        ("invert in.png o.png --layer=", "--layer"),
        ("invert in.png o.png --sheet --layer blocks.0,", "--layer blocks.0,"),
        ("invert in.png o.png --sheet --steps 0 --layer blocks.0", "got 0"),
        ("denoise in.png o.png --tile ٦٤٠", "٦٤٠"),
        ("denoise in.png o.png --tile 1e3", "1e3"),
        ("denoise in.png o.png --tile=", "--tile"),
        ("denoise in.png o.png --seconds 1e400", "1e400"),
        ("denoise in.png o.png --reference=", "--reference"),
        ("denoise in.png o.png --sigma 1e-320", "1e-320"),
        ("reconstruct ct sino.npy o.npy --angles 0:nan", "0:nan"),
        ("reconstruct ct sino.npy o.npy --angles a:b", "a:b"),
        ("reconstruct ct sino.npy o.npy --angles :", "--angles :"),
        ("reconstruct ct sino.npy o.npy --angles 0:1e400", "1e400"),
        ("reconstruct ct sino.npy o.npy --angles 0:1_80", "1_80"),
    ],
)
def test_values_are_told_as_the_user_wrote_them(folder, monkeypatch, capsys, words, named):
    monkeypatch.chdir(folder)
    assert named in refused(capsys, [*words.split(), "--device", "cpu"])
