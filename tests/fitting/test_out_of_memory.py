import weakref

import pytest
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting import device, tile_size
from untrained.fitting.out_of_memory import ShrinkingFit
from untrained.fitting.restore import restore, watch

LARGE = photo(150, 300)
MESSAGE = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"


@pytest.fixture
def short_of_memory(monkeypatch):
    """Let networks run on so many pixels and no more."""
    run = device.Engine.run

    def limit(pixels, error=None, after=0):
        calls = []

        def checked(self, network, image):
            calls.append(image.shape)
            if len(calls) > after and image.shape[-2] * image.shape[-1] > pixels:
                raise error or RuntimeError(MESSAGE)
            return run(self, network, image)

        monkeypatch.setattr(device.Engine, "run", checked)

    return limit


def problem():
    return tasks.denoise(LARGE, sigma=0.1)


@pytest.mark.parametrize(
    "error", [None, MemoryError(), torch.OutOfMemoryError("CUDA out of memory")]
)
def test_out_of_memory_begins_again_in_smaller_tiles(short_of_memory, error):
    short_of_memory(150 * 160, error)
    fit = watch(problem(), tiny_recipe(steps=2))
    assert isinstance(fit, ShrinkingFit)
    steps = [step.index for step in fit]
    result = fit.restoration()
    said = (
        "memory ran out at a side of 300 pixels: began again with 3 tiles of 125x150 with 37 "
        "pixels of overlap"
    )
    assert fit.events == (said,)
    assert said in result.notes
    assert steps == list(range(1, 2 * 3 + 1))
    assert result.image.shape == (1, 3, 150, 300)


def test_in_the_midst_too_and_again(short_of_memory):
    short_of_memory(15000, after=3)
    fit = watch(problem(), tiny_recipe(steps=4))
    steps = [step.index for step in fit]
    assert steps[:4] == [1, 2, 3, 1]
    assert [event.partition(":")[0] for event in fit.events] == [
        "memory ran out at a side of 300 pixels",
        "memory ran out at a side of 150 pixels",
    ]
    assert len(fit.history) == steps[-1] == fit.restoration().steps


def test_at_the_smallest_tile_the_error_comes_through(short_of_memory):
    short_of_memory(10)
    with pytest.raises(RuntimeError, match="can't allocate"):
        restore(problem(), tiny_recipe(steps=2))


def test_off_is_never_parted(short_of_memory):
    short_of_memory(150 * 160)
    with pytest.raises(RuntimeError, match="can't allocate"):
        restore(problem(), tiny_recipe(steps=2), tile="off")


def test_other_errors_come_through(short_of_memory):
    short_of_memory(10, RuntimeError("something else"))
    with pytest.raises(RuntimeError, match="something else"):
        restore(problem(), tiny_recipe(steps=2))


def test_what_failed_is_let_go_of(short_of_memory):
    short_of_memory(150 * 160, after=2)
    fit = watch(problem(), tiny_recipe(steps=4))
    for _ in range(2):
        next(fit)
    old = weakref.ref(fit._fit)
    next(fit)
    assert old() is None


def test_the_free_memory_decides(monkeypatch):
    monkeypatch.setattr(tile_size, "free_memory", lambda _device: 10**7)
    fit = watch(problem(), tiny_recipe(steps=1))
    list(fit)
    result = fit.restoration()
    note = fit.notes[0]
    assert note.startswith("the fit would need about 0.0")
    assert "0.01 GB are free" in note
    assert note.endswith("6 tiles of 122x91 with 32 pixels of overlap")
    assert note in result.notes


def test_it_goes_on_with_the_tiles_it_had(monkeypatch, short_of_memory):
    short_of_memory(150 * 160)
    recipe = tiny_recipe(steps=2)
    expected = restore(problem(), recipe)
    fit = watch(problem(), recipe)
    for _ in range(3):
        next(fit)
    again = ShrinkingFit(
        problem(), recipe, seed=0, engine=fit.engine, tile="auto", state=fit.state_dict()
    )
    assert [step.index for step in again] == [4, 5, 6]
    result = again.restoration()
    assert torch.equal(result.image, expected.image)
    assert result.notes == expected.notes
