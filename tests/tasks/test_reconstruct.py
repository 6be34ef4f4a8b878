"""Reconstruction from any measurement: what is accepted, what comes back, when it stops."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import aslinearoperator
from torch import nn

import untrained as ut
from tests.helpers.tiny import photo, shortened, tiny_recipe
from untrained import tasks
from untrained.errors import RequestError
from untrained.fitting.restore import restore, settle_recipe, watch
from untrained.noise import Gaussian, Poisson, Transmission
from untrained.operators import FourierSubsampling, OperatorError, Radon, blur, gaussian_kernel
from untrained.problem.held_out import hold_out
from untrained.problem.value_range import ValueRange, find_range, pressed_end
from untrained.recipes import Discrepancy, GuidePairing, HeldOut
from untrained.tasks.presets import known_presets, preset

SIZE = 20
SOURCE = torch.Generator().manual_seed(0)


def slice_of_something():
    """A smooth slice in [0, 40], zero near the border: ``(1, 1, 20, 20)``."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    bump = 40 * np.exp(-((rows - 2) ** 2 + columns**2) / 12)
    return torch.from_numpy(bump.astype(np.float32))[None, None]


CT = Radon(np.arange(0, 180, 12), SIZE)
TINY = {"recipe": tiny_recipe(steps=3), "device": "cpu"}


def sinogram(sigma=0.5):
    clean = CT(slice_of_something())
    return clean + sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))


class Bare:
    """A physics with A alone."""

    def A(self, image):
        return image[..., ::2, :]


class Lying(Bare):
    def A_adjoint(self, measurement):
        return torch.ones(1, 1, 2 * measurement.shape[-2], measurement.shape[-1])


def test_units_range_and_notes():
    problem = tasks.reconstruct(sinogram(), CT, noise=0.5)
    assert problem.task == "reconstruct"
    assert problem.size == (SIZE, SIZE)
    text = "\n".join(problem.notes)
    for words in ("dot-product test", "A_dagger", "lie between", "300 of 300 samples"):
        assert words in text
    result = restore(problem, **TINY)
    assert result.picture.shape == (1, 1, SIZE, SIZE)
    low, high = result.restored.display_range
    assert low < 0
    assert high > 35
    assert torch.equal(result.image, result.picture)
    assert low <= float(result.image.min()) <= float(result.image.max()) <= high


def test_the_noise_of_a_sinogram_is_estimated():
    size, angles = 96, np.arange(0, 180, 3)
    rows, columns = np.mgrid[:size, :size] - size / 2
    disc = torch.from_numpy((rows**2 + columns**2 < 900).astype(np.float32))[None, None]
    scan = Radon(angles, size)
    noise = 1.5 * torch.randn((1, 1, 60, size), generator=torch.Generator().manual_seed(0))
    problem = tasks.reconstruct(scan(disc) + noise, scan)
    assert problem.variant == "level"
    assert problem.notes[-1].endswith(", estimated")
    level = float(problem.notes[-1].split()[-2].rstrip(","))
    assert level == pytest.approx(1.5, rel=0.2)


def test_given_bounds_are_kept():
    result = ut.reconstruct(sinogram(), CT, bounds=(0, 50.0), **TINY)
    assert result.restored.display_range == (0, 50)
    assert float(result.image.min()) >= 0


def test_numpy_comes_back_as_numpy_and_torch_in_its_type():
    y = sinogram()
    assert ut.reconstruct(y.numpy(), CT, **TINY).picture.shape == (SIZE, SIZE)
    double = ut.reconstruct(y.double(), CT, **TINY).picture
    assert double.dtype == torch.float64


def test_every_kind_of_operator():
    image = slice_of_something()
    matrix = np.random.default_rng(0).normal(size=(150, SIZE * SIZE))
    flat = torch.from_numpy(matrix @ image.numpy().ravel()).float()
    kernel = gaussian_kernel(1.0)[None, None]
    module = nn.Conv2d(1, 1, 9, bias=False).requires_grad_(False)
    module.weight.copy_(kernel)
    cases = [
        (flat, aslinearoperator(matrix), (SIZE, SIZE)),
        (Bare().A(image), Bare(), (1, SIZE, SIZE)),
        (image[..., :5], lambda x: x[..., :5], (SIZE, SIZE)),
        (module(image), module, (1, SIZE, SIZE)),
        (image.abs().sqrt(), lambda x: (x.abs() + 1e-3).sqrt(), (SIZE, SIZE)),
    ]
    for y, physics, shape in cases:
        result = ut.reconstruct(y, physics, shape=shape, bounds=(0, 50), **TINY)
        assert result.picture.shape == (1, 1, SIZE, SIZE)


def test_complex_measurements_of_real_and_complex_pictures():
    mask = torch.rand(SIZE, SIZE, generator=SOURCE) < 0.5
    for whole in (False, True):
        operator = FourierSubsampling(mask, complex_picture=whole)
        image = torch.cat([slice_of_something()] * (2 if whole else 1), dim=1)
        problem = tasks.reconstruct(operator(image), operator, noise=0.1)
        assert problem.measurement.y.is_complex()
        assert len(problem.measurement.y) == int(mask.sum())
        assert restore(problem, **TINY).picture.shape == image.shape


def test_a_complex_adjoint_makes_the_picture_two_channels():
    class Complex:
        def A(self, image):
            return torch.fft.fft2(image, norm="ortho")

        def A_adjoint(self, spectrum):
            return torch.fft.ifft2(spectrum, norm="ortho")

    image = torch.complex(slice_of_something(), 0.5 * slice_of_something())
    problem = tasks.reconstruct(Complex().A(image), Complex())
    assert problem.channels == 2
    both = torch.cat([image.real, image.imag], dim=1)
    seen = problem.measurement.operator(
        ((both - problem.picture.display_range[0]) / width(problem)).float()
    )
    assert float(problem.measurement.error(seen, problem.measurement.y)) < 1e-9


def width(problem):
    low, high = problem.picture.display_range
    return high - low


def test_the_clean_picture_has_the_misfit_that_the_noise_explains():
    problem = tasks.reconstruct(sinogram(0.5), CT, noise=0.5)
    unit = (slice_of_something() - problem.picture.display_range[0]) / width(problem)
    assert problem.measurement.noise.excess(
        problem.measurement.operator(unit), problem.measurement.y
    ) == pytest.approx(1, rel=0.25)


def test_weights_of_zero_take_samples_out_and_others_scale():
    y = sinogram()
    broken = y.clone()
    broken[..., 3, :] = 1e4
    weights = torch.ones_like(y)
    weights[..., 3, :] = 0
    weights[..., 4, :] = 4
    problem = tasks.reconstruct(broken, CT, weights=weights, initial=CT.A_dagger(y))
    assert len(problem.measurement.y) == 14 * SIZE
    rows = problem.measurement.y.reshape(14, SIZE)
    torch.testing.assert_close(rows[3] / rows[2].norm(), 2 * y[0, 0, 4] / y[0, 0, 2].norm())


def test_the_range_does_not_come_from_samples_that_do_not_count():
    y = sinogram()
    weights = torch.ones_like(y)
    weights[..., ::3, :] = 0
    dark = y * weights
    whole = tasks.reconstruct(y, CT).picture.display_range
    low, high = tasks.reconstruct(dark, CT, weights=weights).picture.display_range
    assert high > 0.95 * float(slice_of_something().max())
    assert high < 1.5 * whole[1]
    assert low < 0


def test_a_random_matrix_gives_grey_levels_that_are_not_faint():
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(SIZE * SIZE // 4, SIZE * SIZE, generator=generator)

    class Random:
        def A(self, image):
            return matrix @ image.flatten()

        def A_adjoint(self, measurement):
            return (matrix.T @ measurement).reshape(1, 1, SIZE, SIZE)

    problem = tasks.reconstruct(Random().A(slice_of_something()), Random())
    assert "least squares" in problem.notes[1]
    assert problem.picture.display_range[1] > float(slice_of_something().max())


def test_a_picture_that_presses_against_an_assumed_end_says_so():
    limits = ValueRange(-1.0, 4.0)
    picture = torch.full((1, 1, 20, 20), 2.0)
    assert pressed_end(picture, limits, (None, None)) is None
    picture[..., :5] = 3.99
    words = pressed_end(picture, limits, (None, None))
    assert words.startswith("25.0% of the picture presses against the largest value that was")
    assert words.endswith("assumed, 4: give its bounds")
    assert pressed_end(picture, limits, (None, 4.0)) is None
    picture[..., :5] = -0.99
    assert "the least value that was assumed, -1" in pressed_end(picture, limits, (None, 4.0))
    faint = tasks.reconstruct(sinogram(), CT, initial=slice_of_something() / 20)
    (words,) = restore(faint, prior="tv", steps=200, device="cpu").self_checks
    assert "presses against the largest" in words


def test_counts_have_a_poisson_likelihood():
    counts = torch.poisson(CT(slice_of_something()), generator=torch.Generator().manual_seed(0))
    problem = tasks.reconstruct(counts, CT, noise=Poisson(), bounds=(0, None))
    unit = slice_of_something() / problem.picture.display_range[1]
    excess = problem.measurement.noise.excess(
        problem.measurement.operator(unit), problem.measurement.y
    )
    assert 0.4 < excess < 1.5
    assert "Poisson" in problem.notes[-1]
    restore(problem, **TINY)


def test_low_dose_tomography_has_one_too():
    image, noise = slice_of_something() / 80, Transmission(1e4)
    y = noise.sample(CT(image), torch.Generator().manual_seed(0))
    problem = tasks.reconstruct(y, CT, noise=noise, bounds=(0, None))
    seen = problem.measurement.operator(image / problem.picture.display_range[1])
    assert problem.measurement.noise.excess(seen, problem.measurement.y) == pytest.approx(
        1, rel=0.25
    )
    assert float(problem.measurement.error(seen, problem.measurement.y)) == pytest.approx(
        1, rel=0.25
    )
    restore(problem, **TINY)


def test_projections_are_held_out_whole_and_the_guide_does_not_see_them():
    problem = tasks.reconstruct(sinogram(), CT, noise=0.5)
    fitted, score = hold_out(problem, 0.2, seed=0)
    kept, counts = fitted.measurement.hold_out_groups.unique(return_counts=True)
    assert counts.tolist() == [SIZE] * 12
    rows = problem.measurement.y.reshape(15, SIZE)
    assert torch.equal(fitted.measurement.y, rows[kept].flatten())
    changed = sinogram()
    out = sorted(set(range(15)) - set(kept.tolist()))
    changed[..., out, :] += 5
    again = tasks.reconstruct(changed, CT, noise=0.5)
    # The range is found from the whole: compare in units.
    other, _ = hold_out(again, 0.2, seed=0)
    torch.testing.assert_close(
        problem.rendering.to_output(fitted.knowledge.guide),
        again.rendering.to_output(other.knowledge.guide),
        atol=2e-2,
        rtol=1e-3,
    )
    unit = (slice_of_something() - problem.picture.display_range[0]) / width(problem)
    assert score(unit) < score(torch.full_like(unit, 0.5))


def test_lines_that_carry_the_picture_are_never_held_out():
    operator = FourierSubsampling(torch.ones(SIZE), height=SIZE)
    problem = tasks.reconstruct(operator(slice_of_something()), operator)
    for seed in range(5):
        fitted, _ = hold_out(problem, 0.3, seed=seed)
        assert int((fitted.measurement.hold_out_groups == SIZE // 2).sum()) == SIZE


def test_uncertainty_is_in_the_units_and_the_frame_of_the_result():
    recipe = tiny_recipe(steps=3, ensemble_size=2)
    y, times = sinogram(), 7.0
    small, large = (
        restore(
            tasks.reconstruct(k * y, CT, noise=k * 0.5, bounds=(0, k * 50)), recipe, device="cpu"
        )
        for k in (1.0, times)
    )
    assert small.uncertainty.shape == (1, 1, SIZE, SIZE)
    assert float(small.uncertainty.min()) > 0
    torch.testing.assert_close(large.uncertainty, times * small.uncertainty, rtol=2e-2, atol=1e-3)
    blurred = restore(tasks.deblur(photo(), gaussian_kernel(1.0)), recipe, device="cpu")
    assert blurred.uncertainty.shape == (1, 1, *photo().shape[:2])


@pytest.mark.parametrize("name", known_presets("reconstruct"))
@pytest.mark.parametrize("noise", [None, 0.5])
def test_presets_run(name, noise):
    problem = tasks.reconstruct(sinogram(), CT, noise=noise)
    recipe = shortened(settle_recipe(problem, name))
    assert restore(problem, recipe, device="cpu").recipe.name == name


def test_the_stop_hands_over_the_picture_foretold_best_and_compares_with_the_guess():
    recipe = tiny_recipe(steps=12, stopping=(HeldOut(share=0.2, every=1),))
    result = restore(tasks.reconstruct(sinogram(), CT), recipe, device="cpu")
    assert "times the initial guess's error: prefer the initial guess" in result.stopped
    assert result.history[-1].statistic is not None
    assert result.chosen_step <= 12


def test_each_of_several_networks_that_is_worse_than_the_guess_is_told():
    recipe = tiny_recipe(steps=6, ensemble_size=3, stopping=(HeldOut(share=0.2, every=1),))
    result = restore(tasks.reconstruct(sinogram(), CT), recipe, device="cpu")
    told = [note for note in result.notes if "times the initial guess's: prefer" in note]
    assert [note.split(",")[0] for note in told] == ["network 1", "network 2"]
    assert "times the initial guess's error: prefer the initial guess" in result.stopped


def test_a_held_out_fit_goes_on_where_it_was():
    from untrained.fitting.fit import Fit

    recipe = tiny_recipe(
        steps=8, stopping=(HeldOut(share=0.2, every=2),), pairing=GuidePairing(channels=2)
    )
    problem = tasks.reconstruct(sinogram(), CT, noise=0.5)
    whole = watch(problem, recipe, device="cpu")
    for _ in whole:
        pass
    first = watch(problem, recipe, device="cpu")
    for _, _ in zip(range(4), first, strict=False):
        pass
    second = Fit.resume(problem, recipe, first.state_dict(), seed=0, engine=first.engine)
    for _ in second:
        pass
    assert torch.equal(whole.restoration().image, second.restoration().image)
    assert whole.stop.reason == second.stop.reason


def test_discrepancy_stops_at_the_noise_level():
    noisy = sinogram(90.0)
    recipe = tiny_recipe(steps=200, stopping=(Discrepancy(),), averaging=0)
    result = restore(tasks.reconstruct(noisy, CT, noise=90.0), recipe, device="cpu")
    assert "noise explains" in result.stopped
    assert result.steps < 200


def test_tuned_by_discrepancy_total_variation_beats_the_guess():
    problem = tasks.reconstruct(sinogram(8.0), CT, noise=8.0, bounds=(0, None))
    result = restore(problem, "tv", device="cpu")
    truth = slice_of_something()
    before = (problem.picture.pixels - truth).square().mean()
    assert (result.image - truth).square().mean() < 0.5 * before


def test_deblur_keeps_kind_size_and_depth():
    image = photo(40, 36)
    result = ut.deblur(image, gaussian_kernel(1.0).numpy(), sigma=0.02, **TINY)
    assert result.picture.shape == image.shape
    assert result.picture.dtype == np.uint8
    assert "noise level 5.10" in result.notes[1]


def test_ranges_come_from_the_guess_where_they_are_not_known():
    guess = torch.linspace(-1000, 1000, 5000)[None, None, None]
    assert find_range((None, None), guess).low == pytest.approx(-1398, abs=5)
    limits = find_range((0, None), guess)
    assert limits.low == 0
    assert limits.high == pytest.approx(1198, abs=5)
    torch.testing.assert_close(limits.from_units(limits.to_units(guess)), guess)


def flat(_):
    return torch.ones(1, 1, 3, 3)


def through_numpy(x):
    return torch.from_numpy(x.detach().numpy() * 2)


def broken(x):
    return x / 0


def unknown():
    return tasks.reconstruct(Y, Bare(), shape=(SIZE, SIZE), bounds=(0, 2))


Y = torch.ones(1, 1, 10, SIZE)
WHOLE = torch.rand(1, 1, SIZE, SIZE)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tasks.reconstruct(sinogram()[..., 1:], CT), "15 angles, 20 detector bins"),
        (lambda: tasks.reconstruct([1.0], CT), "not a measurement"),
        (lambda: tasks.reconstruct(torch.zeros(0), CT), "empty"),
        (lambda: tasks.reconstruct(sinogram() / 0, CT), "not finite"),
        (lambda: tasks.reconstruct(Y, Bare()), "no adjoint: give the picture"),
        (lambda: tasks.reconstruct(Y, Bare(), shape=(2, SIZE, SIZE)), "they must match"),
        (lambda: tasks.reconstruct(Y, Bare(), shape=(SIZE,)), "not the shape of a picture"),
        (lambda: tasks.reconstruct(Y, Lying()), "not the adjoint"),
        (lambda: tasks.reconstruct(WHOLE, flat, shape=(SIZE, SIZE)), "gives the shape"),
        (lambda: tasks.reconstruct(WHOLE, through_numpy, shape=(SIZE, SIZE)), "not different"),
        (lambda: tasks.reconstruct(WHOLE, broken, shape=(SIZE, SIZE)), "not finite"),
        (lambda: tasks.reconstruct(WHOLE, lambda _: 1 // 0, shape=(SIZE, SIZE)), "failed on"),
        (lambda: tasks.reconstruct(WHOLE, lambda _: 1, shape=(SIZE, SIZE)), "not a tensor"),
        (lambda: tasks.reconstruct(sinogram().to(torch.complex64), CT), "complex|Complex"),
        (lambda: tasks.reconstruct(sinogram(), CT, noise=-1), "not a noise level"),
        (lambda: tasks.reconstruct(sinogram(), CT, weights=torch.ones(3)), "do not fit"),
        (lambda: tasks.reconstruct(sinogram(), CT, weights=torch.zeros(1)), "not all 0"),
        (
            lambda: tasks.reconstruct(-Y.abs(), blur([[1.0]]), noise=Poisson(), bounds=(-2, 2)),
            "below 0",
        ),
        (
            lambda: tasks.reconstruct(Y, blur([[1.0]]), noise=Poisson(), weights=Y, bounds=(0, 2)),
            "least squares",
        ),
        (lambda: tasks.reconstruct(sinogram(), CT, bounds=(3, 1)), "bounds 3 and 1"),
        (lambda: tasks.reconstruct(Y, blur([[1.0]])), "give bounds"),
        (lambda: tasks.reconstruct(sinogram(), CT, initial=torch.ones(5)), "initial picture"),
        (lambda: tasks.reconstruct(0 * sinogram(), CT, bounds=(0, 1)), "nothing to fit"),
        (lambda: tasks.deblur(photo(), np.ones((30, 3))), "3x30, larger than the picture"),
        (lambda: tasks.deblur(photo(), np.zeros((3, 3))), "all zero"),
        (lambda: tasks.deblur(photo(), -np.ones((3, 3))), "below 0"),
        (lambda: tasks.deblur(photo(), np.ones((3, 3)), sigma=5), "picture units"),
        (lambda: restore(unknown(), preset("denoise", "tv")), "level"),
    ],
)
def test_wrong_requests_are_one_line_with_the_numbers(make, words):
    with pytest.raises(RequestError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert issubclass(OperatorError, RequestError)


def test_gaussian_objects_are_levels_too():
    problem = tasks.reconstruct(sinogram(), CT, noise=Gaussian(0.5))
    assert (
        problem.measurement.noise.sigma
        == tasks.reconstruct(sinogram(), CT, noise=0.5).measurement.noise.sigma
    )
