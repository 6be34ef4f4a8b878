"""The stage that fits another recipe first: its picture guides the networks."""

from dataclasses import replace
from typing import Any, ClassVar

import torch

from untrained.fitting.stage import Context, Draft
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.problem.problem import Problem
from untrained.recipes import Recipe


class GuidingFit:
    """A fit whose picture joins the guide of the networks."""

    name: ClassVar[str] = "guide"

    def __init__(self, draft: Draft, context: Context, seconds: float | None) -> None:
        recipe = context.recipe.guided_by
        if recipe is None:
            raise RuntimeError("the recipe has no guiding fit")
        if seconds is not None:
            recipe = recipe.model_copy(update={"seconds": seconds})
        self.stop: Stop | None = None
        self.statistic: float | None = None
        self.notes: tuple[str, ...] = ()
        self._draft = draft
        self._context = context
        self._recipe = recipe
        self._fit = context.nested(context.seen, recipe, None)

    @staticmethod
    def wanted(recipe: Recipe) -> bool:
        """Return whether the recipe asks for one."""
        return recipe.guided_by is not None

    @staticmethod
    def reason_against(_problem: Problem, _recipe: Recipe) -> str | None:
        """None: it applies wherever a fit does."""
        return None

    @staticmethod
    def weight(_recipe: Recipe) -> float:
        """A third of a network."""
        return 0.35

    @staticmethod
    def working_bytes(_problem: Problem, _recipe: Recipe) -> int:
        """None of its own: the nested fit is predicted like any other."""
        return 0

    @property
    def events(self) -> tuple[str, ...]:
        """Problems within it and how it recovered."""
        return tuple(f"the fit that guides, {event}" for event in self._fit.events)

    def __next__(self) -> Step:
        """Run one step of it."""
        step = next(self._fit)
        self.stop = self._fit.stop
        return replace(step, stage=self.name)

    def result(self) -> Draft:
        """Append its picture to the guide."""
        context, guide = self._context, self._draft.guide
        found = context.seen.projected(self._fit.found()).to(context.engine.device)
        guide = found if guide is None else torch.cat([guide, found], dim=1)
        return replace(self._draft, guide=guide)

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        return {"fit": self._fit.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._fit = self._context.nested(self._context.seen, self._recipe, state["fit"])
