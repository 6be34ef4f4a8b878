"""How a fitted picture becomes the result, and how its deviation does."""

import numpy as np
import pytest
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import restore, tasks
from untrained.noise import PoissonGaussian, Stabiliser
from untrained.problem.rendering import Rendering

NOISE = PoissonGaussian(gain=0.02, sigma=0.01)


def pushed(problem, sigma, picture):
    """Half the difference of the results one deviation above and below."""
    above, below = (problem.render(picture + sign * sigma).pixels for sign in (1, -1))
    return (above - below).abs() / 2


@pytest.mark.parametrize(
    ("brightness", "expected"), [(0.05, 0.0094), (0.3, 0.020), (0.6, 0.028), (0.9, 0.034)]
)
def test_counted_light_is_the_less_certain_the_brighter_it_is(brightness, expected):
    flat = torch.full((1, 1, 4, 4), brightness)
    problem = tasks.denoise(flat, noise=NOISE)
    picture, sigma = Stabiliser(NOISE).forward(flat), torch.full((1, 1, 4, 4), 0.02)
    deviation = problem.deviation(sigma, at=picture)
    torch.testing.assert_close(deviation, pushed(problem, sigma, picture), rtol=1e-4, atol=1e-6)
    assert float(deviation.mean()) == pytest.approx(expected, rel=0.05)


def test_undone_clipping_stretches_the_deviation():
    generator = torch.Generator().manual_seed(0)
    noisy = (0.1 + 0.2 * torch.randn(1, 1, 40, 40, generator=generator)).clamp(0, 1)
    problem = tasks.denoise(noisy, sigma=0.2)
    assert problem.rendering.undo_clipping is not None
    picture = torch.linspace(0.15, 0.5, 1600).reshape(1, 1, 40, 40)
    sigma = torch.full_like(picture, 0.01)
    deviation = problem.deviation(sigma, at=picture)
    torch.testing.assert_close(deviation, pushed(problem, sigma, picture), rtol=1e-3, atol=1e-6)
    assert float(deviation[0, 0, 0, 0]) > 1.3 * float(deviation[0, 0, -1, -1])


def test_channels_that_are_mixed_add_their_variances():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.rand(1, 3, 24, 24, generator=generator)
    bands = torch.einsum("ck,bkhw->bchw", torch.rand(8, 3, generator=generator), hidden)
    bands = bands / bands.max()
    noisy = bands + 0.02 * torch.randn(bands.shape, generator=generator)
    problem = tasks.denoise(noisy, sigma=0.02)
    assert problem.channels < problem.picture.channels
    picture, sigma = problem.measurement.y, torch.rand(1, 1, 24, 24, generator=generator) * 0.05
    drawn = [
        problem.render(picture + sigma * torch.randn(picture.shape, generator=generator)).pixels
        for _ in range(400)
    ]
    deviation = problem.deviation(sigma, at=picture)
    assert deviation.shape == bands.shape
    ratio = torch.stack(drawn).std(dim=0) / deviation
    assert float(ratio.mean()) == pytest.approx(1, abs=0.01)
    assert float(ratio.mean(dim=(0, 2, 3)).sub(1).abs().max()) < 0.02


def test_samples_that_are_kept_are_certain():
    fill = np.zeros((24, 20), bool)
    fill[5:9, 6:12] = True
    problem = tasks.inpaint(photo(), fill)
    sigma, picture = torch.full((1, 1, 24, 20), 0.1), torch.rand(1, 3, 24, 20)
    deviation = problem.deviation(sigma, at=picture)
    filled = torch.from_numpy(fill).expand_as(deviation)
    assert torch.equal(deviation[~filled], torch.zeros(3 * 456))
    torch.testing.assert_close(deviation[filled], torch.full((72,), 0.1))
    mosaic = tasks.demosaic(photo()[..., 1])
    deviation = mosaic.deviation(sigma, at=picture)
    assert torch.equal(deviation > 0, ~mosaic.rendering.kept)


def test_a_result_is_certain_where_samples_are_kept():
    fill = np.zeros((24, 20), bool)
    fill[5:9, 6:12] = True
    recipe = tiny_recipe(steps=2, ensemble_size=2)
    uncertainty = restore(tasks.inpaint(photo(), fill), recipe, device="cpu").uncertainty
    assert np.array_equal(uncertainty[0, 0].numpy() > 0, fill)


@pytest.mark.parametrize(
    "problem",
    [tasks.deblur(photo(), np.ones((3, 5))), tasks.deblur(photo(), blind=5)],
    ids=["known", "blind"],
)
def test_a_frame_is_cut_out_of_deviation_and_picture_alike(problem):
    picture = torch.rand(1, 3, *problem.size, generator=torch.Generator().manual_seed(0))
    deviation = problem.deviation(picture[:, :1] / 10, at=picture)
    assert deviation.shape == (1, 3, 24, 20)
    cut = problem.render(picture[:, :1].expand_as(picture)).pixels / 10
    torch.testing.assert_close(deviation, cut, atol=1 / 255, rtol=0)


def test_units_scale_the_deviation():
    rendering = Rendering(to_output=lambda image: 7 * image - 3)
    deviation = rendering.deviation(torch.full((1, 1, 2, 2), 0.1), at=torch.rand(1, 1, 2, 2))
    torch.testing.assert_close(deviation, torch.full((1, 1, 2, 2), 0.7))
