"""Random subsets of a measurement: the same in expectation, and no more of A than they need."""

import numpy as np
import pytest
import torch

import untrained as ut
from tests.helpers.tiny import tiny_recipe
from untrained import tasks
from untrained.fitting.restore import restore, watch
from untrained.noise import Poisson, Transmission
from untrained.operators import (
    CodedDiffraction,
    FanBeam,
    FourierSubsampling,
    Ptychography,
    Radon,
    disc,
    narrowed,
    octanary_masks,
    pupil_grid,
)
from untrained.pairings.factory import make_pairing
from untrained.pairings.subsets import in_subsets
from untrained.problem.held_out import hold_out
from untrained.problem.problem import ProblemError
from untrained.recipes import (
    GuidePairing,
    HeldOut,
    LatentPairing,
    Optimiser,
    PixelNetwork,
    RecorruptPairing,
    TotalVariation,
)

SIZE = 16
SOURCE = torch.Generator().manual_seed(0)
IMAGE = torch.rand(1, 1, SIZE, SIZE, generator=SOURCE) + 0.2
LINES = torch.rand(SIZE, generator=SOURCE) < 0.7


def maps(count):
    parts = torch.randn(2, count, SIZE, SIZE, generator=torch.Generator().manual_seed(3))
    return torch.complex(*parts)


OPERATORS = {
    "radon": Radon(np.arange(0, 180, 18), SIZE),
    "radon without kept places": Radon(np.arange(0, 180, 18), SIZE),
    "fan": FanBeam(np.arange(0, 360, 36), SIZE, source_distance=40, detector_distance=5, bins=20),
    "coils": FourierSubsampling(LINES, maps(7)),
    "masks": CodedDiffraction(octanary_masks(5, (SIZE, SIZE))),
    "pupils": Ptychography(pupil_grid(3, 3, 0.4), disc(3, 7), (SIZE, SIZE)),
}
OPERATORS["radon without kept places"].places = None
EACH = pytest.mark.parametrize("name", OPERATORS)


@EACH
def test_some_parts_are_what_the_whole_gives_there(name):
    whole = OPERATORS[name]
    seen = whole(IMAGE)
    before = [buffer.clone() for buffer in whole.buffers()]
    chosen = torch.tensor([3, 0])
    some = whole.subset(chosen)
    expected = seen.index_select(whole.subset_axis, chosen)
    torch.testing.assert_close(some(IMAGE), expected)
    torch.testing.assert_close(whole(IMAGE), seen)
    for old, new in zip(before, whole.buffers(), strict=True):
        assert torch.equal(old, new)
    inner = [torch.sum((a.conj() * b).real) for a, b in ((expected, expected),)]
    back = (some.A_adjoint(expected) * IMAGE).sum()
    torch.testing.assert_close(back, inner[0], rtol=1e-4, atol=1e-4)


@EACH
def test_the_smallest_operator_that_measures_some_samples(name):
    whole = OPERATORS[name]
    seen = whole(IMAGE)
    places = torch.arange(seen.numel()).reshape(seen.shape)
    axis = whole.subset_axis
    places = places.index_select(axis, torch.tensor([1, 4])).flatten()[::3]
    operator, moved, shape = narrowed(whole, places, seen.shape)
    smaller = operator(IMAGE)
    assert smaller.shape == shape
    assert shape[axis] == 2
    torch.testing.assert_close(smaller.flatten()[moved], seen.flatten()[places])


def posed(name):
    operator = OPERATORS[name]
    seen = operator(IMAGE)
    if name in ("masks", "pupils"):
        noise = 0.01 if name == "masks" else Poisson()
        y = seen.abs() if name == "masks" else 50 * seen.abs()
        return tasks.phase(y.round(decimals=3), operator, noise=noise, bounds=(0, None))
    if name == "fan":
        noise = Transmission(1e4)
        y = noise.sample(seen / 20, torch.Generator().manual_seed(0))
        return tasks.reconstruct(y, operator, noise=noise, bounds=(0, None))
    weights = torch.ones(seen.shape)
    weights[..., 0, :5] = 0 if name == "coils" else 0.3
    weights[..., :, 9] = 2.0
    return tasks.reconstruct(seen, operator, noise=0.1, weights=weights, bounds=(0, 2))


def gradient(pair, image):
    image = image.clone().requires_grad_(True)
    return torch.autograd.grad(pair.compare(lambda _: image).loss, image)[0]


@EACH
@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("held", [False, True])
def test_the_mean_gradient_over_all_subsets_is_that_of_the_whole(name, count, held):
    problem = posed(name)
    if held:
        problem, _ = hold_out(problem, 0.2, seed=0)
    subsets = in_subsets(latent(problem), problem, count)
    whole = latent(problem).draw(torch.Generator())
    image = torch.rand(1, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(8))
    pairs = [subsets.show(whole, number) for number in range(count)]
    parts = [gradient(pair, image) for pair in pairs]
    expected = gradient(whole, image)
    scale = float(expected.abs().max())
    torch.testing.assert_close(sum(parts) / count, expected, rtol=1e-3, atol=1e-4 * scale)
    assert float((parts[0] - parts[1]).abs().max()) > 1e-3 * scale
    assert sum(len(pair.target) for pair in pairs) == problem.measurement.y.numel()


def latent(problem):
    generator = torch.Generator().manual_seed(0)
    return make_pairing(LatentPairing(), problem, (SIZE, SIZE), generator)


def test_every_subset_is_drawn_about_as_often():
    problem = posed("radon")
    subsets = in_subsets(latent(problem), problem, 5)
    generator = torch.Generator().manual_seed(0)
    seen = torch.tensor([float(subsets.draw(generator).target[0]) for _ in range(500)])
    _, counts = seen.unique(return_counts=True)
    assert len(counts) == 5
    assert counts.min() > 70


def test_a_step_measures_a_subset_alone(monkeypatch):
    sizes = []
    project = Radon._project
    monkeypatch.setattr(
        Radon, "_project", lambda self, *words: sizes.append(len(words[1])) or project(self, *words)
    )
    problem = posed("radon")
    sizes.clear()
    restore(problem, tiny_recipe(steps=4, subsets=5), device="cpu")
    assert sizes == [2, 2, 2, 2]
    sizes.clear()
    rule = HeldOut(share=0.2, every=1)
    restore(problem, tiny_recipe(steps=3, subsets=4, stopping=(rule,)), device="cpu")
    assert sizes.count(2) >= 6
    assert sizes.count(8) <= 3


def test_a_fit_by_subsets_comes_near_the_fit_of_the_whole():
    problem = posed("radon")
    settings = {
        "network": PixelNetwork(),
        "optimiser": Optimiser(step_size=0.03, decay="cosine"),
        "steps": 200,
        "averaging": 0,
    }
    flat, whole, some = (
        restore(problem, tiny_recipe(**settings | changes), device="cpu").image
        for changes in ({"steps": 1}, {}, {"subsets": 5})
    )
    assert not torch.equal(whole, some)
    scan = OPERATORS["radon"]
    far, exact, near = (float((scan(x - IMAGE)).square().mean()) for x in (flat, whole, some))
    assert exact < 0.01 * far
    assert near < 0.01 * far


def test_a_fit_by_subsets_goes_on_where_it_was():
    from untrained.fitting.fit import Fit

    variation = TotalVariation(weight=0.01, discrepancy=1.0)
    recipe = tiny_recipe(
        steps=6, subsets=3, pairing=GuidePairing(channels=2), total_variation=variation
    )
    problem = posed("radon")
    whole = watch(problem, recipe, device="cpu")
    for _ in whole:
        pass
    first = watch(problem, recipe, device="cpu")
    for _, _ in zip(range(3), first, strict=False):
        pass
    second = Fit.resume(problem, recipe, first.state_dict(), seed=0, engine=first.engine)
    for _ in second:
        pass
    assert torch.equal(whole.restoration().image, second.restoration().image)


def test_an_operator_of_the_user_s_may_have_parts():
    class Rows:
        subset_axis = 0

        def __init__(self, rows):
            self.rows = rows

        def A(self, image):
            return image[0, 0, self.rows]

        def subset(self, chosen):
            return Rows(self.rows[chosen])

    physics = Rows(torch.arange(12))
    recipe = tiny_recipe(steps=2, subsets=4)
    y = physics.A(IMAGE)
    assert ut.reconstruct(y, physics, shape=(SIZE, SIZE), recipe=recipe, device="cpu").steps == 2


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tasks.denoise(np.zeros((8, 8), np.uint8) + 9), "cannot be split into 6 subsets"),
        (
            lambda: tasks.reconstruct(
                FourierSubsampling(LINES, height=SIZE)(IMAGE),
                FourierSubsampling(LINES, height=SIZE),
            ),
            "cannot be split into 6 subsets",
        ),
        (
            lambda: posed("masks"),
            "5 projections, .*, masks or pupils cannot be split into 6",
        ),
    ],
)
def test_subsets_that_cannot_be_are_refused(make, words):
    with pytest.raises(ProblemError, match=words):
        restore(make(), tiny_recipe(steps=1, subsets=6), device="cpu")


def test_a_pairing_with_another_target_has_no_subsets():
    problem, recipe = posed("radon"), tiny_recipe(steps=1, subsets=2, pairing=RecorruptPairing())
    with pytest.raises(ProblemError, match="size and channels"):
        restore(problem, recipe, device="cpu")
    problem = tasks.denoise(np.zeros((8, 8), np.uint8) + 9, sigma=0.1)
    with pytest.raises(ProblemError, match="choose the pairing from guide, latent"):
        restore(problem, recipe, device="cpu")
