"""Fit: everything from a problem to its restoration, one optimisation step per iteration."""

import copy
import dataclasses
import time
from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor

from untrained.fitting import averaging
from untrained.fitting.engine import Engine, choose_engine
from untrained.fitting.fusion import Partner
from untrained.fitting.network_fit import NetworkFit
from untrained.fitting.plug_and_play import PlugAndPlay
from untrained.fitting.restoration import Record, Restoration
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop, hold_out_for
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import Recipe

_SHARE_OF_GUIDE = 0.25
"""Share of a budget in seconds that the fit which guides another may use."""
_SHARE_OF_REFINEMENT = 0.4
"""The same, of the passes in the end."""
_SHORTEST = 1e-6
"""Seconds for a network when all are used up: it still takes one step."""


class Fit:
    """Fits untrained networks to one problem: ``for step in fit`` runs one step each.

    First comes what guides the networks, if the recipe asks for it; then one network after the
    other (one, unless the recipe asks for more), their pictures averaged; last the passes that
    refine, or the partner. The iteration ends when a stop rule says so; `stop` then says why.
    `restoration` may be called at any time for the picture so far. With the same problem, recipe,
    seed and device it gives the same pictures; so does a fit continued from `state_dict` (unless
    the recipe budgets seconds).

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
        self._whole = problem.to(engine.device)
        seen, self._held_out = hold_out_for(recipe.stopping, self._whole, seed)
        start = time.perf_counter()
        guided = self._ask_another_fit(seen)
        asked = time.perf_counter()
        self._partner = self._make_partner(guided)
        if self._partner is not None:
            estimate = self._partner.estimate.to(engine.device)
            guided = guided.with_guide(estimate)
        self._guided = guided
        self._seconds = time.perf_counter() - start
        # The partner works once more at the end.
        self._reserved = self._seconds - (asked - start)
        self._index = 0
        self._pictures: list[Tensor] = []
        self._uncertainty: Tensor | None = None
        self._earlier: list[str] = []
        self._refinement: PlugAndPlay | None = None
        self._fitted = ""
        """Why the networks have stopped, once there is a refinement."""
        self._member = self._next_member()

    def _ask_another_fit(self, problem: Problem) -> Problem:
        """Let the picture of the fit that is to guide this one join the guide."""
        recipe = self.recipe.guided_by
        if recipe is None:
            return problem
        if self.recipe.seconds is not None:
            recipe = recipe.model_copy(update={"seconds": _SHARE_OF_GUIDE * self.recipe.seconds})
        engine = choose_engine(self.engine.device.type, recipe.precision)
        fit = Fit(problem, recipe, seed=self.seed, engine=engine)
        for _ in fit:
            pass
        found = problem.projected(fit.found()).to(self.engine.device)
        guide = problem.knowledge.guide
        return problem.with_guide(found if guide is None else torch.cat([guide, found], dim=1))

    def _make_partner(self, problem: Problem) -> Partner | None:
        settings = self.recipe.fusion
        if settings is None or not Partner.applies(problem, settings):
            return None
        return Partner(problem, settings, self.engine.device)

    def _next_member(self) -> NetworkFit:
        """Make the next network, with its share of what is left of the seconds."""
        recipe, begun = self.recipe, len(self._pictures)
        seconds = None
        if recipe.seconds is not None:
            share = 1.0 if not self._refines else 1 - _SHARE_OF_REFINEMENT
            left = share * (recipe.seconds - self._reserved) - self._seconds
            seconds = max(left / (recipe.ensemble_size - begun), _SHORTEST)
        # Each restart of a member draws from another seed, too.
        seed = self.seed + begun * (recipe.restart.times + 1)
        return NetworkFit(
            self._guided,
            recipe,
            held_out=self._held_out,
            partner=None if self._partner is None else self._partner.distance,
            seconds=seconds,
            seed=seed,
            engine=self.engine,
        )

    @property
    def _refines(self) -> bool:
        return PlugAndPlay.reason_against(self.problem, self.recipe.passes) is None

    @property
    def events(self) -> tuple[str, ...]:
        """What went wrong and was mended, a sentence each."""
        return (*self._earlier, *self._told())

    def _told(self) -> list[str]:
        number = f"network {len(self._pictures) + 1}, " if self.recipe.ensemble_size > 1 else ""
        return [number + event for event in self._member.events]

    @property
    def notes(self) -> tuple[str, ...]:
        """What else the picture handed over is made of, a sentence each."""
        return () if self._partner is None else (self._partner.note,)

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
        if self._refinement is not None:
            return self._refine(self._refinement)
        member = self._member
        own = next(member)
        found = member.stop
        pictures = self._pictures if found is None else [*self._pictures, found.picture]
        step = self._counted(own, len(self._pictures), member.statistic)
        if self._pictures:
            # A network at its start has no picture worth averaging yet.
            step = dataclasses.replace(step, picture=averaging.mean(pictures))
        self.last = step
        if self._partner is not None and self._partner.suffices:
            self.stop = Stop("partner", "there is no noise to remove", step.index, step.picture)
        elif found is not None:
            self._finish(found, step)
        return step

    def _counted(self, own: Step, done: int, statistic: float | None) -> Step:
        """Count a step of the part that follows `done` others within the whole; note it down."""
        step = dataclasses.replace(
            own,
            index=self._index + own.index,
            seconds=self._seconds + own.seconds,
            progress=(done + own.progress) / (self.recipe.ensemble_size + self._refines),
        )
        self.history.append(Record(step.index, step.loss, statistic, step.seconds))
        return step

    def _refine(self, refinement: PlugAndPlay) -> Step:
        """Run one pass."""
        step = self._counted(next(refinement), self.recipe.ensemble_size, None)
        self.last = step
        if (found := refinement.stop) is not None:
            reason = f"{self._fitted}; then {found.reason}"
            self.stop = Stop(found.rule, reason, step.index, found.picture)
        return step

    def _finish(self, found: Stop, step: Step) -> None:
        """Take the picture of the network that has stopped, and begin the next, if there is one."""
        if len(self._pictures) + 1 == self.recipe.ensemble_size:
            picture = step.picture if self._pictures else found.picture
            if self._pictures:
                apart = averaging.spread([*self._pictures, found.picture])
                self._uncertainty = self.recipe.calibration * apart
            chosen, reason = self._index + found.step, self._reason(found)
            if self._refines:
                self._fitted = reason
                self._index, self._seconds = step.index, step.seconds
                self._refinement = self._make_refinement(picture)
            else:
                self.stop = Stop(found.rule, reason, chosen, picture)
            return
        self._earlier += self._told()
        if found.doubt:
            self._earlier.append(f"network {len(self._pictures) + 1}, {found.doubt}")
        self._pictures.append(found.picture)
        self._index, self._seconds = step.index, step.seconds
        self._member = self._next_member()

    def _make_refinement(self, picture: Tensor) -> PlugAndPlay:
        settings, seconds = self.recipe.passes, self.recipe.seconds
        left = None if seconds is None else max(seconds - self._seconds, _SHORTEST)
        return PlugAndPlay(self._whole, settings, picture, seconds=left)

    def _reason(self, found: Stop) -> str:
        recipe, reason = self.recipe, found.reason
        if found.rule == "budget" and found.step < recipe.steps:
            steps = self._index + found.step
            reason = f"the budget of {recipe.seconds:g} seconds was used after {steps} steps"
        if recipe.ensemble_size == 1:
            return reason
        return f"{recipe.ensemble_size} networks were fitted and averaged; of the last, {reason}"

    def _stopped(self) -> Stop:
        last = self.last
        if last is None:
            raise RuntimeError("no step has been run yet: there is no picture to hand over")
        return self.stop or Stop(
            "interrupted", f"interrupted after {last.index} steps", last.index, last.picture
        )

    def found(self) -> Tensor:
        """Give what `restoration` will compose: ``(1, C, H, W)``, blended with the partner's.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        picture = self._stopped().picture
        return picture if self._partner is None else self._partner.join(picture)

    def restoration(self) -> Restoration:
        """Hand over: the stop's picture, or the latest one when the fit has not stopped.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        stop, start = self._stopped(), time.perf_counter()
        picture, sigma = self.found(), self._uncertainty
        blending = time.perf_counter() - start
        solved = self._solved()
        restored, unknown = solved.render(picture), solved.measurement.unknown
        judge = self.problem.self_check
        verdict = () if judge is None else (judge(restored),)
        return Restoration(
            task=self.problem.task,
            image=restored.pixels,
            restored=restored,
            stopped=stop.reason,
            chosen_step=stop.step,
            steps=len(self.history),
            seconds=self.history[-1].seconds + blending,
            history=tuple(self.history),
            notes=(*self.problem.notes, *self.events, *self.notes),
            verdicts=verdict,
            uncertainty=None if sigma is None else solved.uncertainty(sigma, at=picture),
            recipe=self.recipe,
            seed=self.seed,
            device=self.engine.device.type,
            precision=self.engine.precision,
            precision_why=self.engine.why,
            kernel=None if unknown is None else unknown.psf().detach(),
            ambiguous=self.problem.ambiguous,
        )

    def _solved(self) -> Problem:
        """The problem with its operator as fitted, where that is sought too."""
        if self.problem.measurement.unknown is None:
            return self.problem
        operator = copy.deepcopy(self._guided.measurement.operator).cpu()
        measurement = dataclasses.replace(self.problem.measurement, operator=operator)
        return dataclasses.replace(self.problem, measurement=measurement)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue bit for bit, besides problem, recipe, seed and engine.

        The tensors are the live ones, as in torch: save them before the next step.
        """
        return {
            "member": self._member.state_dict(),
            "refinement": self._refinement.state_dict() if self._refinement else None,
            "fitted": self._fitted,
            "pictures": list(self._pictures),
            "uncertainty": self._uncertainty,
            "earlier": list(self._earlier),
            "index": self._index,
            "seconds": self._seconds,
            "history": [list(record) for record in self.history],
            "last": dataclasses.asdict(self.last) if self.last else None,
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
        check_precision(state, engine)
        fit = cls(problem, recipe, seed=seed, engine=engine)
        fit._pictures, fit._earlier = list(state["pictures"]), list(state["earlier"])
        fit._index, fit._seconds = state["index"], state["seconds"]
        fit._uncertainty = state["uncertainty"]
        if fit._pictures:
            fit._member = fit._next_member()
        fit._member.load_state_dict(state["member"])
        if state["refinement"] is not None:
            fit._refinement = fit._make_refinement(state["refinement"]["picture"])
            fit._refinement.load_state_dict(state["refinement"])
        fit._fitted = state["fitted"]
        fit.history = [Record(*row) for row in state["history"]]
        fit.last = Step(**state["last"]) if state["last"] else None
        fit.stop = Stop(**state["stop"]) if state["stop"] else None
        return fit


def check_precision(state: dict[str, Any], engine: Engine) -> None:
    """Check that a saved fit can go on bit for bit.

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
