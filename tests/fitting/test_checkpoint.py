import dataclasses
import json

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
    _, tensors = checkpoint._read(tmp_path / "fit")
    checkpoint.save_file(tensors, tmp_path / "old", metadata={"torch": "1.0"})
    assert "was saved with torch 1.0" in reason_for_other_bits(tmp_path / "old")
    with pytest.raises(CheckpointError, match="not a saved fit"):
        reason_for_other_bits(tmp_path / "none")


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
