import dataclasses
import json
import os

import pytest
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting import checkpoint
from untrained.fitting.checkpoint import (
    CheckpointError,
    fingerprint,
    load_fit,
    reason_for_other_bits,
    save_fit,
)
from untrained.fitting.restore import watch
from untrained.operators import Blur, Mask, Radon, gaussian_kernel
from untrained.recipes import WindowedVariance


def problem(sigma=0.1):
    return tasks.denoise(photo(), sigma=sigma)


def begun(path, recipe):
    fit = watch(problem(), recipe, device="cpu")
    for _ in range(5):
        next(fit)
    save_fit(path, fit)
    return fit


def test_continues_bit_for_bit_through_a_file(tmp_path):
    recipe = tiny_recipe(stopping=(WindowedVariance(window=3, patience=90),))
    path = tmp_path / "fit"
    fit = begun(path, recipe)
    loaded = load_fit(path, problem(), recipe, seed=0, device="cpu")
    for mine, theirs in zip(fit, loaded, strict=True):
        assert torch.equal(mine.image, theirs.image)
        assert torch.equal(mine.average, theirs.average)
    assert [record[:3] for record in fit.history] == [record[:3] for record in loaded.history]
    assert torch.equal(fit.restoration().image, loaded.restoration().image)
    assert [p.name for p in tmp_path.iterdir()] == ["fit"]


def test_a_fit_of_something_else_is_refused(tmp_path):
    path, recipe = tmp_path / "fit", tiny_recipe()
    begun(path, recipe)
    with pytest.raises(CheckpointError, match="another picture"):
        load_fit(path, problem(sigma=0.2), recipe, seed=0, device="cpu")
    with pytest.raises(CheckpointError, match="another recipe"):
        load_fit(path, problem(), tiny_recipe(steps=13), seed=0, device="cpu")
    with pytest.raises(CheckpointError, match="another seed"):
        load_fit(path, problem(), recipe, seed=1, device="cpu")


@pytest.mark.parametrize("content", [b"", b"hello", json.dumps({"a": 1}).encode()])
def test_a_file_that_is_no_fit_is_refused(tmp_path, content):
    path = tmp_path / "fit"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a saved fit"):
        load_fit(path, problem(), tiny_recipe(), seed=0, device="cpu")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="not a saved fit"):
        load_fit(tmp_path / "none", problem(), tiny_recipe(), seed=0, device="cpu")


def test_a_fit_saved_in_another_layout_is_refused(tmp_path, monkeypatch):
    path, recipe = tmp_path / "fit", tiny_recipe()
    monkeypatch.setattr(checkpoint, "_FORMAT", "untrained fit 1")
    begun(path, recipe)
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="of this version"):
        load_fit(path, problem(), recipe, seed=0, device="cpu")


def test_another_torch_is_said(tmp_path):
    begun(tmp_path / "fit", tiny_recipe())
    assert reason_for_other_bits(tmp_path / "fit") is None
    rewritten(tmp_path / "fit", tmp_path / "old", header={"torch": "1.0"})
    assert "was saved with torch 1.0" in reason_for_other_bits(tmp_path / "old")
    with pytest.raises(CheckpointError, match="not a saved fit"):
        reason_for_other_bits(tmp_path / "none")


def rewritten(path, to, *, header=None, tensors=None, sealed=True):
    """Write a saved fit with changes, None for what is dropped; with its checksum made right."""
    with checkpoint.safe_open(path, framework="pt") as file:
        words = dict(file.metadata())
        held = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    words |= header or {}
    held |= tensors or {}
    words = {key: value for key, value in words.items() if value is not None}
    held = {key: value for key, value in held.items() if value is not None}
    if sealed and "checksum" in words:
        words["checksum"] = checkpoint._checksum(words, held)
    checkpoint.save_file(held, to, metadata=words)


def refused(path, recipe):
    with pytest.raises(CheckpointError) as caught:
        load_fit(path, problem(), recipe, seed=0, device="cpu")
    assert str(path) in str(caught.value)
    assert "start again with --overwrite" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "fit"
    begun(path, tiny_recipe())
    return path


def test_a_flipped_bit_anywhere_is_refused(saved, tmp_path):
    whole, path = saved.read_bytes(), tmp_path / "fit"
    header = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(8), *range(8, header, 761), *range(header, len(whole), len(whole) // 40)]
    for number, place in enumerate(places):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << number % 8
        path.write_bytes(damaged)
        refused(path, tiny_recipe())


def test_a_cut_or_spliced_file_is_refused(saved, tmp_path):
    whole, path = saved.read_bytes(), tmp_path / "fit"
    other = tmp_path / "other"
    fit = watch(problem(), tiny_recipe(), device="cpu")
    for _ in range(6):
        next(fit)
    save_fit(other, fit)
    for length in [*range(12), *range(12, len(whole), len(whole) // 30)]:
        path.write_bytes(whole[:length])
        refused(path, tiny_recipe())
        path.write_bytes(whole[:length] + other.read_bytes()[length:])
        if path.read_bytes() not in (whole, other.read_bytes()):
            refused(path, tiny_recipe())
    path.write_bytes(whole + b"0")
    refused(path, tiny_recipe())


def header_of(path):
    with checkpoint.safe_open(path, framework="pt") as file:
        return file.metadata()


KEYS = (
    *("format", "fingerprint", "recipe", "seed", "device", "tile", "torch", "state"),
    "checksum",
)


@pytest.mark.parametrize("key", KEYS)
def test_a_dropped_word_of_the_header_is_refused(saved, tmp_path, key):
    assert set(header_of(saved)) == set(KEYS)
    rewritten(saved, tmp_path / "fit", header={key: None}, sealed=False)
    refused(tmp_path / "fit", tiny_recipe())
    rewritten(saved, tmp_path / "fit", header={key: ""}, sealed=False)
    refused(tmp_path / "fit", tiny_recipe())


def dropped_anywhere(tree):
    """Every tree that lacks one entry of this one."""
    if isinstance(tree, dict) and "items" in tree:
        for number, (key, value) in enumerate(tree["items"]):
            yield {"items": tree["items"][:number] + tree["items"][number + 1 :]}
            for less in dropped_anywhere(value):
                changed = list(tree["items"])
                changed[number] = [key, less]
                yield {"items": changed}


def test_what_is_built_otherwise_is_refused_though_its_checksum_is_right(saved, tmp_path):
    path = tmp_path / "fit"
    tree = json.loads(header_of(saved)["state"])
    trees = ["", "{", "[" * 100_000, "null", "3", "[]", "{}", '{"items": 3}', '{"tensor": "no"}']
    for state in trees:
        rewritten(saved, path, header={"state": state})
        refused(path, tiny_recipe())
    dropped = list(dropped_anywhere(tree))
    assert len(dropped) > 40
    taken = 0
    for less in dropped:
        rewritten(saved, path, header={"state": json.dumps(less)})
        try:
            load_fit(path, problem(), tiny_recipe(), seed=0, device="cpu")
            taken += 1
        except CheckpointError:
            pass
    # What has a default, and what is read when the loss diverges.
    assert taken < 15


def test_tensors_that_are_missing_extra_or_of_another_shape_are_refused(saved, tmp_path):
    path = tmp_path / "fit"
    with checkpoint.safe_open(saved, framework="pt") as file:
        held = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    shown = [key for key in held if key.startswith(".last.")]
    weights = [key for key in held if ".weights.network." in key]
    assert len(shown) == 3
    assert weights
    for key in (*shown, *list(held)[::12]):
        rewritten(saved, path, tensors={key: None})
        refused(path, tiny_recipe())
    for key in (*shown, *weights[::12], *(key for key in held if ".state.7." in key)):
        for other in (torch.zeros(7), torch.zeros(1, 3, 5, 5), torch.zeros(0)):
            rewritten(saved, path, tensors={key: other})
            refused(path, tiny_recipe())
    rewritten(saved, path, tensors={"more": torch.zeros(2)})
    refused(path, tiny_recipe())


def test_no_file_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "fifo", tmp_path / "folder", tmp_path / "none"):
        with pytest.raises(CheckpointError, match="not a saved fit"):
            load_fit(path, problem(), tiny_recipe(), seed=0, device="cpu")


@pytest.mark.parametrize("name", ["no/folder/fit", "f" * 255])
def test_a_fit_that_cannot_be_saved_is_an_os_error(tmp_path, name):
    with pytest.raises(OSError, match=r"No such file|too long"):
        begun(tmp_path / name, tiny_recipe())
    assert list(tmp_path.iterdir()) == []


def through(problem, operator):
    """The same problem, but for its operator."""
    measurement = dataclasses.replace(problem.measurement, operator=operator)
    return dataclasses.replace(problem, measurement=measurement)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Blur(gaussian_kernel(0.8)), Blur(gaussian_kernel(0.9))),
        (Mask(torch.ones(1, 1, 8, 8) > 0), Mask(torch.eye(8)[None, None] > 0)),
        (Radon([0, 45, 90], 8), Radon([0, 50, 90], 8)),
    ],
    ids=["kernel", "mask", "angles"],
)
def test_problems_that_differ_in_the_operator_alone_have_other_fingerprints(one, other):
    problem = tasks.denoise(torch.rand(1, 1, 8, 8), sigma=0.1)
    first, second, again = (through(problem, operator) for operator in (one, other, one))
    assert fingerprint(first) != fingerprint(second)
    assert fingerprint(first) == fingerprint(again)
