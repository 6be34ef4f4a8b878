"""NetworkFit: one network fitted to one problem, one optimisation step per iteration."""

import copy
import dataclasses
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
import torch._dynamo  # the first optimiser imports it, which sets filters of warnings
from torch import Tensor

from untrained.fitting.averaging import ExponentialAverage
from untrained.fitting.build_network import build_network
from untrained.fitting.device import Engine
from untrained.fitting.divergence_guard import DivergenceGuard
from untrained.fitting.penalties import make_penalties
from untrained.fitting.step import Step
from untrained.fitting.stopping import (
    BudgetRule,
    NearestEstimateRule,
    Rule,
    Score,
    Stop,
    Watched,
    make_rule,
)
from untrained.numerics.random_streams import stream
from untrained.pairings.factory import input_channels, make_pairing
from untrained.problem.problem import Problem
from untrained.recipes import Recipe

_LOOKS = 4
"""Steps between two looks at the distance from the classical estimate."""


class NetworkFit:
    """Fits one network: ``for step in fit`` runs one step each, until a stop rule ends it.

    It reads only the settings of one network. The problem's guide is its guide; what its picture is
    fused with later is not its concern.

    Parameters
    ----------
    problem
        All that the fit may see, on the device of the engine.
    recipe
        All settings; the steps are the budget.
    held_out
        Scores a picture on the data that a stop rule held out.
    estimate_distance
        Distance of a picture from the classical estimate, if the network stops by it.
    seconds
        A second budget; None for no limit.
    seed
        Draws the weights, the latent and the noise of every step; what the operator draws has a
        stream of its own.
    engine
        Device and precision.

    Raises
    ------
    ProblemError
        If the recipe does not apply to the problem.
    """

    def __init__(
        self,
        problem: Problem,
        recipe: Recipe,
        *,
        held_out: Score | None = None,
        estimate_distance: Score | None = None,
        seconds: float | None = None,
        seed: int,
        engine: Engine,
    ) -> None:
        self.problem = problem
        self.recipe = recipe
        self.seed = seed
        self.engine = engine
        self.stop: Stop | None = None
        self.last: Step | None = None
        self._held_out = held_out
        self._estimate_distance = estimate_distance
        self._seconds = 0.0
        self._restarts: list[str] = []
        self._build()
        self._average = ExponentialAverage(recipe.averaging)
        self._guard = DivergenceGuard(**recipe.guard.model_dump())
        self._budget = BudgetRule(recipe.steps, seconds)
        self._penalties = make_penalties(recipe, problem.measurement.noise)
        self._rules = self._make_rules()
        self._index = 0
        self._begun = 0

    def _build(self) -> None:
        problem, recipe = self.problem, self.recipe
        seed = self.seed + len(self._restarts)
        # Weights and steps keep the plain seed, so that pictures stay what they were.
        self._generator = self.engine.generator(seed)
        network, input_size = build_network(
            recipe.network,
            input_channels(recipe.pairing, problem),
            problem.channels,
            problem.size,
            seed,
        )
        self._pairing = make_pairing(
            recipe.pairing, problem, input_size, self._generator, recipe.subsets
        )
        self._network = self.engine.prepare(network)
        groups = [{"params": list(self._network.parameters()), "share": 1.0}]
        self._unknown = problem.measurement.unknown
        if self._unknown is not None:
            self._unknown.draw(stream(seed, "operator"))
            share = recipe.optimiser.operator_share
            groups.append({"params": list(self._unknown.parameters()), "share": share})
        self._optimiser = torch.optim.Adam(
            groups,
            lr=recipe.optimiser.step_size,
            betas=recipe.optimiser.betas,
            fused=True,
        )

    def _make_rules(self) -> tuple[Rule, ...]:
        watched = Watched(self.problem, self._held_out)
        own = (make_rule(each, watched) for each in self.recipe.stopping)
        settings, distance = self.recipe.fusion, self._estimate_distance
        if settings is None or settings.patience is None or distance is None:
            return (*own, self._budget)
        return (*own, NearestEstimateRule(distance, None, _LOOKS, settings.patience), self._budget)

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        return (*self._restarts, *self._guard.events)

    @property
    def statistic(self) -> float | None:
        """What the first stop rule watches, for the curve."""
        return self._rules[0].statistic

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        """Run one step.

        Raises
        ------
        DivergenceError
            If the loss stays non-finite after all returns to good weights.
        """
        if self.stop is not None:
            raise StopIteration
        start = time.perf_counter()
        self._begin_again_if_stuck()
        image, loss = self._advance()
        self._index += 1
        average = self._average.update(image)
        self._seconds += time.perf_counter() - start
        step = Step(
            index=self._index,
            loss=loss,
            image=image,
            average=average,
            picture=average if self.recipe.hand_over == "average" else image,
            seconds=self._seconds,
            progress=self._budget.progress(self._index, self._seconds),
        )
        self._take(step)
        return step

    def _begin_again_if_stuck(self) -> None:
        """Draw new weights if the colours are off at the step of the check."""
        settings, colour_shift = self.recipe.restart, self.problem.knowledge.colour_shift
        if colour_shift is None or self.last is None or self._index - self._begun != settings.after:
            return
        off = colour_shift(self.last.image)
        if off <= settings.tolerance or len(self._restarts) >= settings.times:
            return
        self._restarts.append(
            f"step {self._index}: the colours were off by {off:.2f} and stuck; began again with "
            "other weights"
        )
        self._begun = self._index
        self._build()
        self._average = ExponentialAverage(self.recipe.averaging)
        self._rules = self._make_rules()
        self._guard.reset()

    def _advance(self) -> tuple[Tensor, float]:
        """Run forward and backward and update the weights; return the picture and its loss."""
        while True:
            pair = self._pairing.draw(self._generator)
            image, prediction, misfit = pair.compare(partial(self.engine.run, self._network))
            loss = sum((penalty.term(image) for penalty in self._penalties), start=misfit)
            value = float(loss.detach())
            if not self._guard.diverged(value):
                break
            self._load_weights(self._guard.restore_last_good(self._index + 1, value))
        if self._guard.due(self._index):
            self._guard.keep(self._index, value, self._weights())
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._set_step_size()
        self._optimiser.step()
        for penalty in self._penalties:
            penalty.update(prediction.detach(), pair.target)
        return image.detach().contiguous(), value

    def _set_step_size(self) -> None:
        settings = self.recipe.optimiser
        size = settings.step_size * self._guard.step_scale
        if self._index < settings.warm_up:
            size *= (self._index + 1) / settings.warm_up
        if settings.decay == "cosine":
            progress = torch.tensor(self._budget.progress(self._index, self._seconds))
            size *= 0.01 + 0.99 * float(torch.cos(progress * torch.pi) + 1) / 2
        for group in self._optimiser.param_groups:
            group["lr"] = size * group.get("share", 1.0)

    def _take(self, step: Step) -> None:
        stops = [rule.update(step) for rule in self._rules]
        self.stop = next((stop for stop in stops if stop is not None), None)
        self.last = step

    def _weights(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "unknown": {} if self._unknown is None else self._unknown.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def _load_weights(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        if self._unknown is not None:
            self._unknown.load_state_dict(state["unknown"])
        self._optimiser.load_state_dict(copy.deepcopy(state["optimiser"]))
        # The fused step walks weights and moments side by side in memory: lay them out alike.
        for weight, moments in self._optimiser.state.items():
            for name, value in moments.items():
                if value.shape == weight.shape:
                    moments[name] = torch.empty_like(weight.detach()).copy_(value)
                elif value.ndim:
                    raise ValueError(f"{name} of shape {tuple(value.shape)}, not that of a weight")

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue bit for bit; the tensors are the live ones."""
        return {
            "weights": self._weights(),
            "generator": self._generator.get_state(),
            "average": self._average.state_dict(),
            "guard": self._guard.state_dict(),
            "penalties": [penalty.state_dict() for penalty in self._penalties],
            "rules": [rule.state_dict() for rule in self._rules],
            "index": self._index,
            "begun": self._begun,
            "restarts": list(self._restarts),
            "seconds": self._seconds,
            "last": dataclasses.asdict(self.last) if self.last else None,
            "stop": dataclasses.asdict(self.stop) if self.stop else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state; made with the same parameters as the one saved."""
        if state["restarts"]:
            self._restarts = list(state["restarts"])
            self._build()
        self._load_weights(state["weights"])
        self._generator.set_state(state["generator"])
        self._average.load_state_dict(state["average"])
        self._guard.load_state_dict(state["guard"])
        for penalty, saved in zip(self._penalties, state["penalties"], strict=True):
            penalty.load_state_dict(saved)
        for rule, saved in zip(self._rules, state["rules"], strict=True):
            rule.load_state_dict(saved)
        self._index, self._seconds, self._begun = state["index"], state["seconds"], state["begun"]
        self.last = Step(**state["last"]) if state["last"] else None
        self.stop = Stop(**state["stop"]) if state["stop"] else None
