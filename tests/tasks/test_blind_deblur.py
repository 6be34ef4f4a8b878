"""Deblurring with a kernel that nobody knows: it is fitted along with the picture."""

import numpy as np
import pytest
import torch

import untrained as ut
from tests.helpers.properties import check_gradient
from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.errors import RequestError
from untrained.fitting.checkpoint import load_fit, save_fit
from untrained.fitting.restore import watch
from untrained.operators import BlindBlur, blur
from untrained.recipes import Optimiser


def watched(problem=None, **changes):
    return watch(problem or tasks.deblur(photo(), blind=5), tiny_recipe(**changes), device="cpu")


def test_the_kernel_is_a_point_spread_and_blurs_as_a_known_one_does():
    operator = BlindBlur(4, 5)
    kernel = operator.psf().detach()
    assert kernel.shape == (4, 5)
    assert float(kernel.min()) > 0
    assert float(kernel.sum()) == pytest.approx(1)
    image = torch.rand(1, 3, 12, 13, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(operator(image), blur(kernel)(image))
    assert operator.extended(9, 9) == (12, 13)


def test_the_gradient_reaches_picture_and_weights():
    operator = BlindBlur(2, 3).double()
    check_gradient(operator, (1, 1, 4, 5), torch.Generator().manual_seed(0))
    weight = operator.layers[2].bias
    target = torch.rand(1, 1, 4, 4, dtype=torch.float64)
    image = torch.rand(1, 1, 5, 6, dtype=torch.float64)
    loss = (operator(image) - target).square().sum()
    (gradient,) = torch.autograd.grad(loss, weight)
    with torch.no_grad():
        weight[1] += 1e-6
        change = (operator(image) - target).square().sum() - loss.detach()
    assert float(change) / 1e-6 == pytest.approx(float(gradient[1]), rel=1e-3)


@pytest.mark.parametrize("place", [(0, 0), (2, 2), (4, 1)])
def test_a_shift_between_picture_and_kernel_is_undone(place):
    operator = BlindBlur(5, 5)
    operator.psf = lambda: torch.zeros(5, 5).index_put(
        tuple(torch.tensor(each) for each in place), torch.tensor(1.0)
    )
    image = torch.rand(1, 1, 12, 11)
    assert torch.equal(operator.centre(image), operator(image))


def test_drawing_is_by_the_seed_and_leaves_the_global_state():
    before = torch.get_rng_state()
    one, other = BlindBlur(3, 3), BlindBlur(3, 3)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.psf(), other.psf())
    other.draw(1)
    assert not torch.equal(one.psf(), other.psf())
    other.draw(0)
    assert torch.equal(one.psf(), other.psf())


def test_a_fit_moves_the_kernel_and_leaves_the_problem_as_it_was():
    problem = tasks.deblur(photo(), blind=5)
    before = problem.measurement.unknown.psf().detach()
    results = []
    for _ in range(2):
        fit = watched(problem, optimiser=Optimiser(operator_share=0.3))
        for _step in fit:
            pass
        results.append(fit.restoration())
    assert torch.equal(problem.measurement.unknown.psf(), before)
    assert float((results[0].kernel - before).abs().max()) > 1e-3
    assert torch.equal(results[0].kernel, results[1].kernel)
    assert torch.equal(results[0].image, results[1].image)
    assert results[0].picture.shape == photo().shape
    assert "within 5x5" in results[0].notes[0]


def test_a_known_kernel_is_told_of_no_fit():
    result = ut.deblur(photo(), np.ones((3, 3)), recipe=tiny_recipe(steps=1), device="cpu")
    assert result.kernel is None


def test_a_saved_fit_goes_on_with_its_kernel(tmp_path):
    whole = watched()
    for _step in whole:
        pass
    begun = watched()
    for _ in range(5):
        next(begun)
    save_fit(tmp_path / "fit", begun)
    problem = tasks.deblur(photo(), blind=5)
    again = load_fit(tmp_path / "fit", problem, tiny_recipe(), seed=0, device="cpu", tile="auto")
    for _step in again:
        pass
    assert torch.equal(whole.restoration().kernel, again.restoration().kernel)
    assert torch.equal(whole.restoration().image, again.restoration().image)


def motion():
    kernel = np.zeros((7, 7))
    kernel[range(1, 6), range(1, 6)] = 1
    return kernel / kernel.sum()


@pytest.mark.slow
def test_a_motion_blur_is_found():
    clean = ut.as_picture(photo(70, 70)[..., 1] / 255).pixels
    operator = blur(motion())
    result = ut.deblur(operator(clean), blind=7, steps=400, device="cpu")
    kernel = result.kernel.numpy()
    assert float(np.trace(kernel)) > 0.4
    assert float(np.trace(kernel)) > 2 * float(np.trace(kernel[:, ::-1]))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tasks.deblur(photo()), "give the kernel"),
        (lambda: tasks.deblur(photo(), motion(), blind=7), "in its place"),
        (lambda: tasks.deblur(photo(), blind=21), "21x21, larger than the picture of 20x24"),
        (lambda: tasks.deblur(photo(), blind=0), "blind is 0"),
    ],
)
def test_requests_that_make_no_sense(make, words):
    with pytest.raises(RequestError, match=words):
        make()
