"""Two fits in two threads give the bits of one after the other; each purpose has its stream."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Literal

import pytest
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.build_network import BUILDERS, Built, build_network, network
from untrained.fitting.restore import restore
from untrained.fitting.stopping import hold_out_for
from untrained.operators.blind_blur import BlindBlur
from untrained.pairings.recorrupt import Recorrupt
from untrained.recipes import NetworkSettings, RecorruptPairing, UnbiasedRisk, UNetNetwork


class Slow(NetworkSettings):
    """Waits for another thread after each of its two layers."""

    kind: Literal["slow"] = "slow"


@pytest.fixture
def meeting():
    """Make the threads that build a `Slow` network wait for each other after each layer."""
    barrier = Barrier(2, timeout=20)

    def build(settings, shape):
        layers = []
        for channels in (shape.channels_in, 4):
            layers.append(torch.nn.Conv2d(channels, 4, 3))
            if not barrier.broken:
                barrier.wait()
        return Built(torch.nn.Sequential(*layers), shape.size)

    network(Slow)(build)
    yield barrier
    BUILDERS.remove(Slow)


def weights(seed):
    built = build_network(Slow(), 2, 3, (8, 8), seed).network
    return torch.cat([weight.detach().flatten() for weight in built.parameters()])


def test_networks_built_at_the_same_time_have_the_weights_of_their_seeds(meeting):
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(weights, (3, 4)))
    meeting.abort()
    alone = [weights(seed) for seed in (3, 4)]
    assert all(map(torch.equal, together, alone))
    assert not torch.equal(*alone)


def test_the_global_generator_is_not_changed_and_does_not_matter():
    before = torch.get_rng_state()
    torch.manual_seed(1)
    first = build_network(UNetNetwork(channels=(4, 8)), 2, 3, (8, 8), 0).network.state_dict()
    state = torch.get_rng_state()
    kernel = BlindBlur(3, 3).layers.state_dict()
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(2)
    second = build_network(UNetNetwork(channels=(4, 8)), 2, 3, (8, 8), 0).network.state_dict()
    other = BlindBlur(3, 3).layers.state_dict()
    torch.set_rng_state(before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(torch.equal(kernel[name], other[name]) for name in kernel)


def test_two_fits_in_two_threads_are_those_of_one_after_the_other():
    problem = tasks.denoise(photo(), sigma=0.1)
    recipe = tiny_recipe(steps=8)

    def fit(seed):
        return restore(problem, recipe, seed=seed, device="cpu").image

    alone = [fit(seed) for seed in range(4)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(fit, range(4)))
    assert all(map(torch.equal, alone, together))


def correlation(one, other):
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


def test_the_first_recorruption_is_not_the_noise_of_the_judge(monkeypatch):
    pairs = []
    draw = Recorrupt.draw
    monkeypatch.setattr(Recorrupt, "draw", lambda *given: pairs.append(draw(*given)) or pairs[-1])
    problem = tasks.denoise(photo(48, 48), sigma=0.1)
    rules = (UnbiasedRisk(strength=1.0, every=1),)
    recipe = tiny_recipe(steps=1, pairing=RecorruptPairing(strength=1.0), stopping=rules)
    restore(problem, recipe, device="cpu")
    fitted, _ = hold_out_for(rules, problem, 0)
    judged = fitted.measurement.y - problem.measurement.y
    recorrupted = pairs[0].input - fitted.measurement.y
    assert abs(correlation(recorrupted, judged)) < 0.1
