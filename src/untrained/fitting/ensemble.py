"""The stage that fits the networks: one, or several in turn whose pictures are averaged."""

from dataclasses import replace
from typing import Any, ClassVar

from torch import Tensor

from untrained.fitting import averaging
from untrained.fitting.fusion import Pilot
from untrained.fitting.optimisation_loop import NetworkFit
from untrained.fitting.stage import SHORTEST, Context, Draft
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.problem.problem import Problem
from untrained.recipes import Recipe


class Ensemble:
    """Fits one network after the other, each from weights of its own; their mean is the picture.

    Deep ensembles (Lakshminarayanan et al. 2017, arXiv:1612.01474). Where a classical estimate was
    made, the picture that would be handed over is the two blended.
    """

    name: ClassVar[str] = "network"

    def __init__(self, draft: Draft, context: Context, seconds: float | None) -> None:
        self.stop: Stop | None = None
        self._draft = draft
        self._context = context
        self._budget = seconds
        fusion = context.recipe.fusion
        self._pilot = (
            None
            if draft.estimate is None or fusion is None
            else Pilot(draft.estimate.to(context.filters_on), context.seen, fusion)
        )
        self._pictures: list[Tensor] = []
        """The pictures of the networks that have stopped."""
        self._earlier: list[str] = []
        self._index = 0
        self._seconds = 0.0
        self._fit: NetworkFit | None = None

    @staticmethod
    def wanted(_recipe: Recipe) -> bool:
        """Always."""
        return True

    @staticmethod
    def reason_against(_problem: Problem, _recipe: Recipe) -> str | None:
        """None: what does not apply to a network is an error."""
        return None

    @staticmethod
    def weight(recipe: Recipe) -> float:
        """One for each network."""
        return float(recipe.ensemble_size)

    @staticmethod
    def working_bytes(_problem: Problem, _recipe: Recipe) -> int:
        """None beside the networks' own."""
        return 0

    @property
    def _size(self) -> int:
        return self._context.recipe.ensemble_size

    @property
    def network(self) -> NetworkFit:
        """The network under way, made when there is none."""
        if self._fit is None:
            context, begun = self._context, len(self._pictures)
            seconds = None
            if self._budget is not None:
                left = self._budget - self._seconds
                seconds = max(left / (self._size - begun), SHORTEST)
            self._fit = NetworkFit(
                context.guided(self._draft),
                context.recipe,
                held_out=context.held_out,
                estimate_distance=None if self._pilot is None else self._pilot.distance,
                seconds=seconds,
                # Each restart of a network draws from another seed, too.
                seed=context.seed + begun * (context.recipe.restart.times + 1),
                engine=context.engine,
            )
        return self._fit

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        return (*self._earlier, *self._own_events())

    def _own_events(self) -> list[str]:
        if self._fit is None:
            return []
        return [self._numbered(event) for event in self._fit.events]

    def _numbered(self, event: str) -> str:
        number = min(len(self._pictures) + 1, self._size)
        return event if self._size == 1 else f"network {number}, {event}"

    @property
    def notes(self) -> tuple[str, ...]:
        """None: the stop reason says it all."""
        return ()

    @property
    def statistic(self) -> float | None:
        """What the first stop rule watches."""
        return None if self._fit is None else self._fit.statistic

    def __next__(self) -> Step:
        """Run one step of the network under way.

        Raises
        ------
        DivergenceError
            If the loss stays non-finite after all returns to good weights.
        """
        network = self.network
        own = next(network)
        found = network.stop
        pictures = self._pictures if found is None else [*self._pictures, found.picture]
        # A network at its start has no picture worth averaging yet.
        picture = averaging.mean(pictures) if self._pictures else own.picture
        step = replace(
            own,
            index=self._index + own.index,
            seconds=self._seconds + own.seconds,
            progress=(len(self._pictures) + own.progress) / self._size,
            picture=picture if self._pilot is None else self._pilot(picture).to(picture.device),
        )
        if found is not None:
            self._finish(found, step, picture)
        return step

    def _finish(self, found: Stop, step: Step, picture: Tensor) -> None:
        """Take the picture of the network that has stopped; stop after the last."""
        chosen, done = self._index + found.step, len(self._pictures) + 1
        self._index, self._seconds = step.index, step.seconds
        if done == self._size:
            chosen_picture = picture if self._pictures else found.picture
            self.stop = Stop(found.rule, self._reason(found, chosen), chosen, chosen_picture)
        else:
            self._earlier += self._own_events()
            if found.doubt:
                self._earlier.append(self._numbered(found.doubt))
            self._fit = None
        self._pictures.append(found.picture)

    def _reason(self, found: Stop, chosen: int) -> str:
        recipe, reason = self._context.recipe, found.reason
        if found.rule == "budget" and found.step < recipe.steps:
            reason = f"the budget of {recipe.seconds:g} seconds was used after {chosen} steps"
        if self._size == 1:
            return reason
        return f"{self._size} networks were fitted and averaged; of the last, {reason}"

    def result(self) -> Draft:
        """Take the mean picture of the networks and their standard deviation."""
        if self.stop is None:
            raise RuntimeError("the networks are still being fitted")
        apart = None
        if self._size > 1:
            apart = self._context.recipe.calibration * averaging.standard_deviation(self._pictures)
        return replace(
            self._draft,
            picture=self.stop.picture,
            deviation=apart,
            rule=self.stop.rule,
            reasons=(*self._draft.reasons, self.stop.reason),
        )

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue bit for bit."""
        return {
            "pictures": list(self._pictures),
            "earlier": list(self._earlier),
            "index": self._index,
            "seconds": self._seconds,
            "network": None if self._fit is None else self._fit.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._pictures, self._earlier = list(state["pictures"]), list(state["earlier"])
        self._index, self._seconds = state["index"], state["seconds"]
        if state["network"] is not None:
            self.network.load_state_dict(state["network"])
