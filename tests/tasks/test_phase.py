"""Phase retrieval by a fit: what is accepted, what comes back, what is refused."""

import numpy as np
import pytest
import torch

import untrained as ut
from tests.helpers.tiny import shortened, tiny_recipe
from tests.problem.test_phase_retrieval import SIZE, coded, error, scanned, truth
from untrained import tasks
from untrained.errors import RequestError
from untrained.fitting.restore import restore, settle_recipe
from untrained.operators import PaddedFourier
from untrained.tasks.presets import preset

TINY = {"recipe": tiny_recipe(steps=3), "device": "cpu"}


def far(channels):
    return PaddedFourier(SIZE, 2.0, complex_picture=channels == 2)


MAKERS = {"magnitude": far, "coded": coded, "ptychography": scanned}
EVERY = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def unit(problem, image):
    low, high = problem.picture.display_range
    return (image - low) / (high - low)


@EVERY
@pytest.mark.parametrize("channels", [1, 2])
def test_a_picture_of_the_objects_size_comes_back(make, channels):
    physics = make(channels)
    y = physics(truth(channels)).abs()
    result = ut.phase(y, physics, **TINY)
    assert result.task == "reconstruct"
    assert result.picture.shape == truth(channels).shape
    assert result.ambiguous
    assert any(note.startswith("initial guess: ") for note in result.notes)
    assert "dot-product test" in result.notes[0]
    if channels == 1:
        assert float(result.image.min()) >= 0


@EVERY
def test_the_clean_object_has_no_misfit_and_its_half_has(make):
    physics = make(1)
    for noise in (None, 0.01, ut.Poisson()):
        problem = tasks.phase(physics(truth()).abs(), physics, noise=noise, bounds=(0, 2))
        right, wrong = unit(problem, truth()), unit(problem, 0.5 * truth())
        assert (
            float(
                problem.measurement.error(
                    problem.measurement.operator(right), problem.measurement.y
                )
            )
            < 1e-6
        )
        assert (
            float(
                problem.measurement.error(
                    problem.measurement.operator(wrong), problem.measurement.y
                )
            )
            > 1e-3
        )


def test_intensities_are_the_squares_of_amplitudes():
    physics = coded(1)
    y = physics(truth()).abs()
    one = tasks.phase(y, physics, noise=0.1)
    other = tasks.phase(y.square(), physics, noise=0.1, measured="intensities")
    torch.testing.assert_close(one.measurement.y, other.measurement.y)
    assert one.measurement.noise.sigma == pytest.approx(other.measurement.noise.sigma, rel=1e-4)


def test_noise_is_that_of_the_amplitudes_and_counts_are_poisson():
    physics, image = coded(1), 30 * truth()
    clean = physics(image).abs()
    source = torch.Generator().manual_seed(0)
    noisy = (clean + 1.5 * torch.randn(clean.shape, generator=source)).clamp_min(0)
    problem = tasks.phase(noisy, physics, noise=1.5, bounds=(0, 40))
    excess = problem.measurement.noise.excess(
        problem.measurement.operator(unit(problem, image)), problem.measurement.y
    )
    assert excess == pytest.approx(1, rel=0.1)
    counts = torch.poisson(clean.square(), generator=source)
    for noise in (ut.Poisson(), 0.5):
        problem = tasks.phase(counts, physics, measured="intensities", noise=noise, bounds=(0, 40))
        seen = problem.measurement.operator(unit(problem, image))
        assert problem.measurement.noise.excess(seen, problem.measurement.y) == pytest.approx(
            1, rel=0.15
        )


def test_the_guess_is_the_same_of_amplitudes_and_of_counts():
    physics = coded(1)
    y = 30 * physics(truth()).abs()
    one = tasks.phase(y, physics, noise=0.5, bounds=(0, 40))
    other = tasks.phase(y.square(), physics, measured="intensities", noise=ut.Poisson())
    torch.testing.assert_close(one.picture.pixels, other.picture.pixels, atol=1e-2, rtol=1e-3)
    shown = other.rendering.to_output(other.knowledge.guide)
    torch.testing.assert_close(shown, other.picture.pixels, atol=1e-2, rtol=1e-3)


def test_numpy_comes_back_as_numpy_and_integers_are_taken():
    physics = coded(1)
    counts = (1000 * physics(truth()).abs().square()).round()
    problem = {"physics": physics, "measured": "intensities", **TINY}
    assert ut.phase(counts.numpy(), **problem).picture.shape == SIZE
    assert ut.phase(counts.double(), **problem).picture.dtype == torch.float64
    whole = tasks.phase(counts.long(), physics, measured="intensities")
    torch.testing.assert_close(
        whole.measurement.y, tasks.phase(counts, physics, measured="intensities").measurement.y
    )


def test_other_peoples_operators_are_taken():
    class Foreign:
        def __init__(self):
            self.inner = coded(2)

        def A(self, image):
            return self.inner.A(torch.cat([image.real, image.imag], dim=1))

        def A_adjoint(self, waves):
            back = self.inner.A_adjoint(waves)
            return torch.complex(back[:, :1], back[:, 1:])

    y = coded(2)(truth(2)).abs()
    problem = tasks.phase(y, Foreign())
    assert problem.channels == 2
    assert error(problem.picture.pixels, truth(2)) < 0.3


def test_a_given_picture_is_the_guess():
    physics = scanned(1)
    y = physics(truth()).abs()
    problem = tasks.phase(y, physics, initial=truth()[0, 0].numpy())
    torch.testing.assert_close(problem.picture.pixels, truth())
    assert "initial guess: as given" in problem.notes


@EVERY
@pytest.mark.parametrize(
    ("noise", "variant"), [(None, "phase"), (0.01, "phase-level"), (0.2, "phase-noisy")]
)
def test_presets_run(make, noise, variant):
    physics = make(1)
    problem = tasks.phase(physics(truth()).abs(), physics, noise=noise)
    if variant == "phase-level" and isinstance(physics, PaddedFourier):
        variant = "magnitude-level"
    assert problem.variant == variant
    for name in ("fast", "tv"):
        recipe = settle_recipe(problem, name)
        assert recipe.why == preset("reconstruct", name, variant=variant).why
        restore(problem, shortened(recipe), device="cpu")


def test_a_fit_keeps_noise_out_that_alternating_projections_let_in():
    physics = coded(1, masks=4)
    clean = physics(truth()).abs()
    level = 0.18 * float(clean.square().mean()) ** 0.5
    noise = level * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    problem = tasks.phase((clean + noise).clamp_min(0), physics, noise=level)
    result = restore(problem, "fast", steps=120, device="cpu")
    assert error(result.image, truth()) < 0.6 * error(problem.picture.pixels, truth())


def measured(**changes):
    given = {"y": coded(1)(truth()).abs(), "physics": coded(1)} | changes
    return tasks.phase(given.pop("y"), given.pop("physics"), **given)


class Bare:
    def A(self, image):
        return image + 0j


class Lying(Bare):
    def A_adjoint(self, waves):
        return torch.ones_like(waves.real)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y": -torch.ones(1, 6, *SIZE)}, "2880 of 2880 amplitudes in y are below 0, down to -1"),
        ({"y": torch.full((1, 6, *SIZE), torch.nan)}, "2880 of the measurement's 2880"),
        ({"y": torch.ones(1, 6, *SIZE) + 0j}, "the measurement, is complex"),
        ({"y": torch.ones(1, 5, *SIZE)}, r"\(1, 5, 24, 20\)"),
        ({"y": torch.zeros(1, 6, *SIZE)}, "range|nothing to fit"),
        ({"y": [1.0]}, "not a measurement"),
        ({"measured": "energies"}, "choose from amplitudes, intensities"),
        ({"noise": -1}, "not a noise level"),
        ({"noise": ut.Poisson(), "weights": np.ones(1)}, "least squares"),
        ({"bounds": (3, 1)}, "bounds 3 and 1"),
        ({"initial": torch.ones(3, 3)}, r"initial picture has the shape \(3, 3\)"),
        ({"initial": torch.full(SIZE, torch.inf)}, "not finite"),
        ({"physics": Bare()}, "needs A_adjoint"),
        ({"physics": Lying()}, "not the adjoint"),
    ],
)
def test_wrong_requests_are_one_line_with_the_numbers(changes, words):
    with pytest.raises(RequestError, match=words) as caught:
        measured(**changes)
    assert "\n" not in str(caught.value)


def test_the_bench_measures_at_the_level_it_says_and_its_table_has_every_row():
    from benches import phase as bench
    from benches import table

    physics, image = bench.ptychography(0.4, complex_picture=False), bench.pictures()["cells"]
    clean = physics(image).abs()
    y, level = bench.measured(physics, image, 20)
    assert float(y.min()) >= 0
    assert level == pytest.approx(0.1 * float(clean.square().mean()) ** 0.5, rel=1e-4)
    seen = clean > 3 * level
    assert float((y - clean)[seen].std()) == pytest.approx(level, rel=0.05)
    row = {"setting": bench.SETTINGS[0].name, "picture": "cells", "psnr": 30.0, "guess": 20.0}
    row |= {"plain": 21.0, "constrained": None, "seconds": 1.0}
    told = bench.account([row], "fast", 0)
    assert told["mean"][row["setting"]]["over plain"] == 9
    lines = table.section(told).splitlines()
    assert f"| {row['setting']} | cells | 20.00 | 21.00 |  | 30.00 | 1 |" in lines
