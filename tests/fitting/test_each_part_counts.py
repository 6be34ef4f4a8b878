"""What each part of a fit may see, and that each reaches the picture handed over."""

import numpy as np
import pytest
import torch

from tests.helpers.tiny import photo, shortened, tiny_recipe
from untrained import tasks
from untrained.fitting.restore import restore, settle_recipe, watch
from untrained.operators import Radon
from untrained.recipes import GuidePairing, HeldOut

SIZE = 16
ANGLES = 15


def samples(height=24, width=20):
    """Floats, so that no rounding hides a small difference."""
    return (photo(height, width) / 255).astype(np.float32)


def noisy():
    drawn = np.random.default_rng(0).normal(0, 0.2, samples().shape)
    return (samples() + drawn).astype(np.float32)


LOST = np.random.default_rng(0).random((24, 20)) < 0.5
PROBLEMS = {
    "denoise": lambda: tasks.denoise(noisy(), sigma=0.2),
    "inpaint": lambda: tasks.inpaint(samples(), LOST),
    "upscale": lambda: tasks.upscale(samples(12, 10), 2),
    "flash": lambda: tasks.flash(noisy(), samples()),
}


def picture(problem, recipe, seed=0):
    return restore(problem, recipe, seed=seed, device="cpu").image


@pytest.mark.parametrize("task", PROBLEMS)
def test_the_network_of_fast_reaches_the_picture(task):
    problem = PROBLEMS[task]()
    recipe = shortened(settle_recipe(problem, "fast"), steps=2)
    one, other = (picture(problem, recipe, seed) for seed in (0, 1))
    assert float((one - other).abs().max()) > 1e-4


def test_without_weight_it_does_not():
    problem = PROBLEMS["denoise"]()
    recipe = shortened(settle_recipe(problem, "fast"), steps=2)
    none = recipe.fusion.model_copy(update={"pilot_weight": 0.0, "network_weight": 0.0})
    without = recipe.model_copy(update={"fusion": none})
    one, other = (picture(problem, without, seed) for seed in (0, 1))
    torch.testing.assert_close(one, other, atol=1e-6, rtol=0)
    assert float((one - picture(problem, recipe)).abs().max()) > 1e-4


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("denoise", {"fusion": None}),
        ("inpaint", {"passes": ()}),
        ("upscale", {"passes": ()}),
        ("upscale", {"guided_by": None}),
    ],
)
def test_the_other_parts_of_fast_reach_it_too(task, change):
    problem = PROBLEMS[task]()
    recipe = shortened(settle_recipe(problem, "fast"), steps=2)
    (part,) = change
    assert getattr(recipe, part)
    without = picture(problem, recipe.model_copy(update=change))
    assert float((without - picture(problem, recipe)).abs().max()) > 1e-4


@pytest.mark.parametrize("guided_by", [None, tiny_recipe(steps=2)], ids=["alone", "guided"])
def test_nothing_held_out_reaches_a_network_or_the_fit_that_guides_it(guided_by):
    """A projection that is held out may be any: no picture of the networks changes by it."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    disc = torch.from_numpy((40 * np.exp(-(rows**2 + columns**2) / 12)).astype(np.float32))
    scan = Radon(np.arange(0, 180, 180 / ANGLES), SIZE)
    sinogram = scan(disc[None, None])
    recipe = tiny_recipe(
        steps=2,
        pairing=GuidePairing(),
        guided_by=guided_by,
        stopping=(HeldOut(share=0.2, every=1),),
    )

    def pictures(measured):
        problem = tasks.reconstruct(measured, scan, noise=0.5, bounds=(0, 50))
        return torch.stack([step.image for step in watch(problem, recipe, device="cpu")])

    expected, unseen = pictures(sinogram), 0
    for row in range(ANGLES):
        changed = sinogram.clone()
        # The root mean square of the whole, the unit of the samples, stays.
        changed[..., row, :] *= -1
        unseen += torch.equal(pictures(changed), expected)
    assert unseen == 3
