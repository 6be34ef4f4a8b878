"""Fit: the loop. One optimisation step per iteration, and nothing else."""

import copy
import dataclasses
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor

from untrained.architecture import build_network
from untrained.averaging import ExponentialAverage
from untrained.engine import Engine, choose_engine
from untrained.guard import Guard
from untrained.held_out import hold_out
from untrained.noise import Gaussian, Poisson, mean_squared_error
from untrained.pairings import input_channels, make_pairing
from untrained.partner import Partner
from untrained.problem import Problem, ProblemError
from untrained.recipes import Discrepancy as DiscrepancySettings
from untrained.recipes import HeldOut as HeldOutSettings
from untrained.recipes import Recipe, StopRule
from untrained.restoration import Record, Restoration
from untrained.step import Step
from untrained.stopping import Budget, Discrepancy, HeldOut, Rule, Stop, WindowedVariance
from untrained.variation import Variation

_SHARE_OF_GUIDE = 0.25
"""Share of a budget in seconds that the fit which guides another may use."""


class Fit:
    """Fits one untrained network to one problem: ``for step in fit`` runs one step each.

    The iteration ends when a stop rule says so; `stop` then says why. `restoration` may be called
    at any time for the picture so far. With the same problem, recipe, seed and device it gives the
    same pictures; so does a fit continued from `state_dict` (unless the recipe budgets seconds).

    Parameters
    ----------
    problem
        All that the fit may see.
    recipe
        All settings.
    seed
        Draws the weights, the latent and the noise of every step.
    engine
        Device and precision.

    Raises
    ------
    ProblemError
        If the recipe does not apply to the problem.
    """

    def __init__(self, problem: Problem, recipe: Recipe, *, seed: int, engine: Engine) -> None:
        self.problem = problem
        self.recipe = recipe
        self.seed = seed
        self.engine = engine
        self.stop: Stop | None = None
        self.last: Step | None = None
        self.history: list[Record] = []
        self._on_device = _moved(problem, engine.device)
        self._held_out = self._hold_out()
        start = time.perf_counter()
        self._ask_another_fit()
        asked = time.perf_counter()
        self._partner = self._make_partner()
        if self._partner is not None:
            self._on_device = dataclasses.replace(self._on_device, guide=self._partner.estimate)
        self._seconds = time.perf_counter() - start
        self._restarts: list[str] = []
        self._build()
        self._average = ExponentialAverage(recipe.averaging)
        self._guard = Guard(**recipe.guard.model_dump())
        self._budget = Budget(recipe.steps, recipe.seconds)
        # The partner works once more at the end.
        self._budget.reserve(self._seconds - (asked - start))
        self._variation = self._make_variation()
        self._rules = self._make_rules()
        self._index = 0
        self._begun = 0

    def _build(self) -> None:
        problem, recipe = self.problem, self.recipe
        seed = self.seed + len(self._restarts)
        self._generator = self.engine.generator(seed)
        network, input_size = build_network(
            recipe.network,
            input_channels(recipe.pairing, self._on_device),
            problem.channels,
            problem.size,
            seed,
        )
        self._pairing = make_pairing(recipe.pairing, self._on_device, input_size, self._generator)
        self._network = self.engine.prepare(network)
        self._optimiser = torch.optim.Adam(
            self._network.parameters(),
            lr=recipe.optimiser.step_size,
            betas=recipe.optimiser.betas,
            fused=True,
        )

    def _make_rules(self) -> tuple[Rule, ...]:
        return (*map(self._rule, self.recipe.stopping), self._budget)

    def _rule(self, settings: StopRule) -> Rule:
        if isinstance(settings, DiscrepancySettings):
            noise = self._noise("the discrepancy rule")
            if isinstance(noise, Gaussian):
                return Discrepancy(self._residual, noise.expected_residual, settings.factor)
            return Discrepancy(partial(self._excess, noise), 1.0, settings.factor)
        if isinstance(settings, HeldOutSettings):
            if self._held_out is None:
                raise RuntimeError("nothing was held out")
            guide, channels = self._on_device.guide, self.problem.channels
            own = guide is not None and self.problem.estimate is not None
            guess = self._held_out(guide[:, :channels]) if own and guide is not None else None
            return HeldOut(self._held_out, guess, settings.every, settings.patience)
        return WindowedVariance(settings.window, settings.patience)

    def _make_variation(self) -> Variation | None:
        settings = self.recipe.total_variation
        if settings is None:
            return None
        if settings.discrepancy is None:
            return Variation(settings, None)
        noise = self._noise("a total variation led by discrepancy")
        return Variation(settings, noise)

    def _noise(self, what: str) -> Gaussian | Poisson:
        noise = self.problem.noise
        if noise is None or (isinstance(noise, Gaussian) and noise.sigma == 0):
            raise ProblemError(f"{what} needs a noise level above zero")
        return noise

    def _hold_out(self) -> Callable[[Tensor], float] | None:
        """Keep a part of the measurement from the fit, when the recipe asks for it."""
        shares = [r.share for r in self.recipe.stopping if isinstance(r, HeldOutSettings)]
        if not shares:
            return None
        self._on_device, score = hold_out(self._on_device, shares[0], self.seed)
        return score

    def _ask_another_fit(self) -> None:
        """Let the picture of the fit that is to guide this one join the guide."""
        recipe, problem = self.recipe.guided_by, self._on_device
        if recipe is None:
            return
        if self.recipe.seconds is not None:
            recipe = recipe.model_copy(update={"seconds": _SHARE_OF_GUIDE * self.recipe.seconds})
        engine = choose_engine(self.engine.device.type, recipe.precision)
        fit = Fit(problem, recipe, seed=self.seed, engine=engine)
        for _ in fit:
            pass
        if fit.stop is None:
            raise RuntimeError("a fit ended without a stop")
        found = problem.agreed(fit.stop.picture).to(self.engine.device)
        guide = found if problem.guide is None else torch.cat([problem.guide, found], dim=1)
        self._on_device = dataclasses.replace(problem, guide=guide)

    def _make_partner(self) -> Partner | None:
        settings, problem = self.recipe.partner, self._on_device
        if settings is None or not Partner.applies(problem):
            return None
        return Partner(problem, settings)

    def _residual(self, picture: Tensor) -> float:
        problem = self._on_device
        with torch.no_grad():
            return float(mean_squared_error(problem.operator(picture), problem.measurement))

    def _excess(self, noise: Gaussian | Poisson, picture: Tensor) -> float:
        problem = self._on_device
        with torch.no_grad():
            return noise.excess(problem.operator(picture), problem.measurement)

    @property
    def events(self) -> tuple[str, ...]:
        """What went wrong and was mended, a sentence each."""
        return (*self._restarts, *self._guard.events)

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
        """Draw other weights when the picture of the step that is looked at has drifted."""
        settings, drift = self.recipe.restart, self.problem.drift
        if drift is None or self.last is None or self._index - self._begun != settings.after:
            return
        off = drift(self.last.image)
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
        self._guard.forget()

    def _advance(self) -> tuple[Tensor, float]:
        """Run forward and backward and update the weights; return the picture and its loss."""
        while True:
            pair = self._pairing.draw(self._generator)
            image = self.engine.run(self._network, pair.input)
            prediction = self._on_device.operator(image)
            misfit = pair.loss(prediction, self._on_device.error)
            loss = misfit if self._variation is None else misfit + self._variation.term(image)
            value = float(loss.detach())
            if not self._guard.diverged(value):
                break
            self._load_weights(self._guard.give_back(self._index + 1, value))
        if self._guard.due(self._index):
            self._guard.keep(self._index, value, self._weights())
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._set_step_size()
        self._optimiser.step()
        if self._variation is not None:
            self._variation.update(prediction.detach(), pair.target)
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
            group["lr"] = size

    def _take(self, step: Step) -> None:
        stops = [rule.update(step) for rule in self._rules]
        self.stop = next((stop for stop in stops if stop is not None), None)
        statistic = self._rules[0].statistic
        self.history.append(Record(step.index, step.loss, statistic, step.seconds))
        self.last = step

    def restoration(self) -> Restoration:
        """Hand over: the stop's picture, or the latest one when the fit has not stopped.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        if self.last is None:
            raise RuntimeError("no step has been run yet: there is no picture to hand over")
        stop = self.stop or Stop(
            "interrupted", f"interrupted after {self._index} steps", self._index, self.last.picture
        )
        start = time.perf_counter()
        picture, notes = stop.picture, [*self.problem.notes, *self.events]
        if self._partner is not None:
            picture = self._partner.join(picture)
            notes.append(self._partner.note)
        blending = time.perf_counter() - start
        restored = self.problem.compose(picture)
        judge = self.problem.verdict
        verdict = () if judge is None else (judge(restored),)
        return Restoration(
            task=self.problem.task,
            image=restored.pixels,
            restored=restored,
            stopped=stop.reason,
            chosen_step=stop.step,
            steps=self._index,
            seconds=self._seconds + blending,
            history=tuple(self.history),
            notes=tuple(notes),
            verdicts=verdict,
            recipe=self.recipe,
            seed=self.seed,
            device=self.engine.device.type,
            precision=self.engine.precision,
            precision_why=self.engine.why,
        )

    def _weights(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def _load_weights(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(copy.deepcopy(state["optimiser"]))
        # The fused step walks weights and moments side by side in memory: lay them out alike.
        for weight, moments in self._optimiser.state.items():
            for name, value in moments.items():
                if value.shape == weight.shape:
                    moments[name] = torch.empty_like(weight.detach()).copy_(value)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue bit for bit, besides problem, recipe, seed and engine.

        The tensors are the live ones, as in torch: save them before the next step.
        """
        last = self.last
        return {
            "weights": self._weights(),
            "generator": self._generator.get_state(),
            "average": self._average.state_dict(),
            "guard": self._guard.state_dict(),
            "variation": self._variation.state_dict() if self._variation else None,
            "rules": [rule.state_dict() for rule in self._rules],
            "index": self._index,
            "begun": self._begun,
            "restarts": list(self._restarts),
            "seconds": self._seconds,
            "history": [list(record) for record in self.history],
            "last": dataclasses.asdict(last) if last else None,
            "stop": dataclasses.asdict(self.stop) if self.stop else None,
            "precision": self.engine.precision,
        }

    @classmethod
    def resume(
        cls, problem: Problem, recipe: Recipe, state: dict[str, Any], *, seed: int, engine: Engine
    ) -> Self:
        """Continue a fit from its `state_dict`; the other parameters are as when it was made.

        Raises
        ------
        ProblemError
            If the engine's precision is not the one of the saved fit.
        """
        if state["precision"] != engine.precision:
            raise ProblemError(
                f"the saved fit ran in {state['precision']}, this machine would go on in "
                f"{engine.precision}: set precision in the recipe"
            )
        fit = cls(problem, recipe, seed=seed, engine=engine)
        if state["restarts"]:
            fit._restarts = list(state["restarts"])
            fit._build()
        fit._load_weights(state["weights"])
        fit._generator.set_state(state["generator"])
        fit._average.load_state_dict(state["average"])
        fit._guard.load_state_dict(state["guard"])
        if fit._variation is not None:
            fit._variation.load_state_dict(state["variation"])
        for rule, saved in zip(fit._rules, state["rules"], strict=True):
            rule.load_state_dict(saved)
        fit._index, fit._seconds, fit._begun = state["index"], state["seconds"], state["begun"]
        fit.history = [Record(*row) for row in state["history"]]
        fit.last = Step(**state["last"]) if state["last"] else None
        fit.stop = Stop(**state["stop"]) if state["stop"] else None
        return fit


def _moved(problem: Problem, device: torch.device) -> Problem:
    return dataclasses.replace(
        problem,
        measurement=problem.measurement.to(device),
        operator=problem.operator.to(device),
        equaliser=None if problem.equaliser is None else problem.equaliser.to(device),
        guide=None if problem.guide is None else problem.guide.to(device),
    )
