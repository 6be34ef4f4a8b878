"""The original way to run a fit, as the reference: plain eager float32."""

import time
from collections.abc import Iterator

import torch

from untrained.fitting.averaging import ExponentialAverage
from untrained.fitting.build_network import build_network
from untrained.fitting.step import Step
from untrained.pairings.factory import input_channels, make_pairing
from untrained.problem.problem import Problem
from untrained.recipes import Recipe


class Original:
    """Runs the loop of Ulyanov et al. 2018 (their notebooks): forward, backward, Adam.

    Tensors are float32 in NCHW layout; Adam updates one tensor after the other. It has neither
    guard nor warm-up, decay or stop rule.

    Parameters
    ----------
    problem
        The problem to solve.
    recipe
        Only network, pairing, step size, averaging and budget are used.
    seed
        Seed of the weights, the latent and its jitter.
    device
        Where to compute.
    """

    def __init__(
        self, problem: Problem, recipe: Recipe, *, seed: int, device: torch.device
    ) -> None:
        self._problem = problem.to(device)
        self._steps = recipe.steps
        self._generator = torch.Generator(device).manual_seed(seed)
        channels_in = input_channels(recipe.pairing, problem)
        network, size = build_network(
            recipe.network, channels_in, problem.channels, problem.size, seed
        )
        self._network = network.to(device)
        self._pairing = make_pairing(recipe.pairing, self._problem, size, self._generator)
        self._optimiser = torch.optim.Adam(
            self._network.parameters(), lr=recipe.optimiser.step_size, foreach=False, fused=False
        )
        self._average = ExponentialAverage(recipe.averaging)
        self._index = 0
        self._seconds = 0.0

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        """Run one step."""
        if self._index == self._steps:
            raise StopIteration
        start = time.perf_counter()
        pair = self._pairing.draw(self._generator)
        self._optimiser.zero_grad()
        image, _, loss = pair.compare(self._network)
        loss.backward()
        self._optimiser.step()
        self._index += 1
        average = self._average.update(image.detach())
        value = loss.item()
        self._seconds += time.perf_counter() - start
        return Step(
            index=self._index,
            loss=value,
            image=image.detach(),
            average=average,
            picture=average,
            seconds=self._seconds,
            progress=self._index / self._steps,
        )
