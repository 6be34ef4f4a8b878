"""Fit: from a problem to its restoration, one step per iteration."""

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from torch import Tensor

from untrained.arguments import checked
from untrained.fitting.classical_estimate import ClassicalEstimate
from untrained.fitting.device import Engine, choose_engine
from untrained.fitting.ensemble import Ensemble
from untrained.fitting.fit_like import hand_over, told
from untrained.fitting.fusion import Fusion
from untrained.fitting.guiding_fit import GuidingFit
from untrained.fitting.plan import stages_of
from untrained.fitting.refinement import Refinement
from untrained.fitting.restoration import Record, Restoration
from untrained.fitting.stage import SHORTEST, Context, Draft, Score, Stage
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop, Watched, hold_out_for, holds_out, make_rule
from untrained.numerics.random_streams import stream
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import Recipe
from untrained.system.heartbeat import mapped
from untrained.system.torch_state import in_usual_state


@checked
class Fit:
    """Fits untrained networks to one problem: ``for step in fit`` runs one step each.

    A fit runs the stages that the recipe asks for and the problem allows: a guiding fit, a
    classical estimate, the networks, plug-and-play passes, the fusion of estimate and networks. The
    iteration ends when the last stage has stopped; `stop` then gives the reason. The picture that
    is handed over was yielded as `Step.picture`. `restoration` may be called after any
    step. With the same problem, recipe, seed and device it gives the same pictures; so does a fit
    continued from `state_dict` (unless the recipe budgets seconds).

    Making a fit is cheap: the work is done in steps.

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
        If the recipe does not apply to the problem; some of this only shows at the first step.
    """

    tile: ClassVar[str] = "whole"
    """The tile setting of a fit that never splits its picture."""

    def __init__(self, problem: Problem, recipe: Recipe, *, seed: int, engine: Engine) -> None:
        self.problem = problem
        self.recipe = recipe
        self.seed = seed
        self.engine = engine
        self.stop: Stop | None = None
        self.last: Step | None = None
        self.history: list[Record] = []
        self.network_stop: Stop | None = None
        """Why the networks stopped, and their picture; None while they are fitted."""
        self._kinds, self._left_out = stages_of(problem, recipe)
        self._number = 0
        """Which stage is under way."""
        self._draft = Draft()
        self._stage: Stage | None = None
        self._context: Context | None = None
        self._before = (0, 0.0)
        """Steps and seconds of the stages that have ended."""
        self._events: list[str] = []
        self._notes: list[str] = []
        _check(problem, recipe)

    def _made_context(self, guide: Tensor | None = None) -> Context:
        """Move the problem to the device, and hide held-out data from the networks."""
        if self._context is None:
            whole = self.problem.to(self.engine.device)
            seen, score = _held_out(whole, self.recipe, self.seed, guide)
            self._context = Context(
                whole, seen, score, self.recipe, self.seed, self.engine, self._nested
            )
        return self._context

    def _nested(self, problem: Problem, recipe: Recipe, state: dict[str, Any] | None) -> "Fit":
        """Make a fit within this one, or continue it."""
        engine = choose_engine(self.engine.device.type, recipe.precision)
        seed = stream(self.seed, "guiding fit")
        if state is None:
            return Fit(problem, recipe, seed=seed, engine=engine)
        return Fit.resume(problem, recipe, state, seed=seed, engine=engine)

    def _begun(self) -> Stage:
        """The stage under way, made when there is none."""
        if self._stage is None:
            context = self._made_context()
            if self._number == 0:
                self._draft = Draft(guide=context.seen.knowledge.guide)
            kind = self._kinds[self._number]
            self._stage = kind(self._draft, context, self._seconds(kind))
        return self._stage

    def _seconds(self, kind: type[Stage]) -> float | None:
        """Share out what is left of a budget in seconds, keeping some for the fusion."""
        if self.recipe.seconds is None:
            return None
        left = self.recipe.seconds - self._before[1]
        if kind is not Fusion:
            left = (left - self._draft.reserved) * self._share(kind)
        return max(left, SHORTEST)

    def _share(self, kind: type[Stage]) -> float:
        if kind is GuidingFit:
            return 0.25
        if kind is ClassicalEstimate:
            return 0.5
        return 0.6 if Refinement in self._kinds[self._number + 1 :] else 1.0

    def _progress(self, share: float) -> float:
        """Share of the whole fit that is done when this share of the stage is."""
        weights = [kind.weight(self.recipe) for kind in self._kinds]
        number = self._number
        return (sum(weights[:number]) + share * weights[number]) / sum(weights)

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        return (*self._events, *(self._stage.events if self._stage else ()))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the picture is made of and which stages were left out, one sentence each."""
        own = self._stage.notes if self._stage else ()
        return (*self._left_out, *self._notes, *own)

    @property
    def deviation(self) -> Tensor | None:
        """Standard deviation of the networks' picture, ``(1, 1, H, W)`` in [0, 1]; None of one."""
        return self._draft.deviation

    def __iter__(self) -> Iterator[Step]:
        return self

    def __repr__(self) -> str:
        """Say problem, recipe and progress in one line."""
        return told(self)

    @in_usual_state()
    def __next__(self) -> Step:
        """Run one step.

        Raises
        ------
        DivergenceError
            If the loss stays non-finite after all returns to good weights.
        """
        if self.stop is not None:
            raise StopIteration
        stage = self._begun()
        with mapped(self._progress):
            own = next(stage)
        steps, seconds = self._before
        step = dataclasses.replace(
            own,
            index=steps + own.index,
            seconds=seconds + own.seconds,
            progress=self._progress(own.progress),
        )
        self.last = step
        row = Record(step.index, step.loss, stage.statistic, step.seconds, step.stage)
        self.history.append(row)
        if stage.stop is not None:
            self._end(stage, stage.stop, step)
        return step

    def _end(self, stage: Stage, found: Stop, step: Step) -> None:
        """Take what a stage has made; stop after the last."""
        chosen = self._before[0] + found.step
        if isinstance(stage, Ensemble):
            self.network_stop = found
        self._draft = draft = stage.result()
        self._events += stage.events
        self._notes += stage.notes
        self._before, self._stage = (step.index, step.seconds), None
        self._number += 1
        if draft.final or self._number == len(self._kinds):
            picture = step.picture if draft.picture is None else draft.picture
            self.stop = Stop(draft.rule, "; ".join(draft.reasons), chosen, picture)

    def _stopped(self) -> Stop:
        last = self.last
        if last is None:
            raise RuntimeError("no step has been run yet: there is no picture to hand over")
        return self.stop or Stop(
            "interrupted", f"interrupted after {last.index} steps", last.index, last.picture
        )

    def found(self) -> Tensor:
        """Return the picture that `restoration` will render, ``(1, C, H, W)``: that of a step.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        return self._stopped().picture

    @in_usual_state()
    def restoration(self) -> Restoration:
        """Hand over: the stop's picture, or the latest one when the fit has not stopped.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        return hand_over(self, self._stopped(), self._solved())

    def _solved(self) -> Problem:
        """The problem with the fitted operator, if the operator was unknown."""
        if self.problem.measurement.unknown is None or self._context is None:
            return self.problem
        operator = copy.deepcopy(self._context.whole.measurement.operator).cpu()
        measurement = dataclasses.replace(self.problem.measurement, operator=operator)
        return dataclasses.replace(self.problem, measurement=measurement)

    def _fitted_operator(self) -> dict[str, Any] | None:
        """The weights of an unknown operator as fitted; None before, and where none is unknown."""
        unknown = None if self._context is None else self._context.whole.measurement.unknown
        return None if unknown is None else dict(unknown.state_dict())

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue bit for bit but problem, recipe, seed and engine.

        The tensors are the live ones, as in torch: save them before the next step.
        """
        return {
            "guide": self._context.seen.knowledge.guide if self._context else None,
            "number": self._number,
            "draft": self._draft.state_dict(),
            "operator": self._fitted_operator(),
            "stage": self._stage.state_dict() if self._stage else None,
            "before": list(self._before),
            "events": list(self._events),
            "notes": list(self._notes),
            "history": [list(record) for record in self.history],
            "last": _plain(self.last),
            "stop": _plain(self.stop),
            "network_stop": _plain(self.network_stop),
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
        fit._number = state["number"]
        fit._draft = Draft.from_state(state["draft"])
        fit._before = (state["before"][0], state["before"][1])
        fit._events, fit._notes = list(state["events"]), list(state["notes"])
        fit.history = [Record(*row) for row in state["history"]]
        fit.last = Step(**state["last"]) if state["last"] else None
        fit.stop = Stop(**state["stop"]) if state["stop"] else None
        fit.network_stop = Stop(**state["network_stop"]) if state["network_stop"] else None
        unknown = fit._made_context(state["guide"]).whole.measurement.unknown
        if unknown is not None and state["operator"] is not None:
            unknown.load_state_dict(state["operator"])
        if state["stage"] is not None:
            fit._begun().load_state_dict(state["stage"])
        return fit


def _check(problem: Problem, recipe: Recipe) -> None:
    """Raise now the errors that would otherwise appear when the networks begin."""
    for rule in recipe.stopping:
        if not holds_out(rule):
            make_rule(rule, Watched(problem))


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


def _plain(value: Step | Stop | None) -> dict[str, Any] | None:
    return None if value is None else dict(vars(value))


def _held_out(
    whole: Problem, recipe: Recipe, seed: int, guide: Tensor | None
) -> tuple[Problem, Score | None]:
    """Hide what a stop rule holds out from the networks; keep a guide that was made before."""
    knowledge = whole.knowledge
    if guide is None or knowledge.make_guide is None:
        return hold_out_for(recipe.stopping, whole, seed)
    known = dataclasses.replace(knowledge, make_guide=lambda _measurement: guide)
    problem = dataclasses.replace(whole, knowledge=known)
    seen, score = hold_out_for(recipe.stopping, problem, seed)
    own = dataclasses.replace(seen.knowledge, make_guide=knowledge.make_guide)
    return dataclasses.replace(seen, knowledge=own), score
