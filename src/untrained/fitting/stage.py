"""Stage: one part of a fit; a fit runs its stages in turn, and each takes the picture further."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor

from untrained.fitting.device import Engine
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.problem.problem import Problem
from untrained.recipes import Recipe

Score = Callable[[Tensor], float]
"""How far a picture ``(1, C, H, W)`` is from something."""


class NestedFit(Protocol):
    """A fit within a fit: what a stage needs of it."""

    @property
    def stop(self) -> Stop | None:
        """Why it stopped; None while it goes on."""
        ...

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        ...

    def __next__(self) -> Step:
        """Run one step."""
        ...

    def found(self) -> Tensor:
        """Return its picture, ``(1, C, H, W)``."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        ...


Nested = Callable[[Problem, Recipe, dict[str, Any] | None], NestedFit]
"""From a problem, a recipe and None, or the state of a saved fit, to the fit."""

SHORTEST = 1e-6
"""Seconds for a stage when none are left: it still takes one step."""


@dataclass(frozen=True, eq=False)
class Draft:
    """What the stages have made so far."""

    guide: Tensor | None = None
    """The guide of the networks, ``(1, G, H, W)``."""
    estimate: Tensor | None = None
    """The classical estimate, ``(1, C, H, W)``."""
    reserved: float = 0.0
    """Seconds that the fusion will need, as measured on the estimate."""
    picture: Tensor | None = None
    """The picture so far, ``(1, C, H, W)``."""
    deviation: Tensor | None = None
    """Its standard deviation, ``(1, 1, H, W)`` in picture units."""
    rule: str = ""
    """Why the networks stopped."""
    reasons: tuple[str, ...] = ()
    """Why the stages stopped, as sentences for people."""
    final: bool = False
    """Whether later stages have nothing to do."""

    def state_dict(self) -> dict[str, Any]:
        """All of it, as plain values and tensors."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Read what `state_dict` gave."""
        return cls(**{**state, "reasons": tuple(state["reasons"])})


@dataclass(frozen=True, eq=False)
class Context:
    """What every stage of a fit sees."""

    whole: Problem
    """The problem, on the engine's device."""
    seen: Problem
    """The same without the held-out data."""
    held_out: Score | None
    """Error of a picture on what is held out."""
    recipe: Recipe
    seed: int
    engine: Engine
    nested: Nested
    """Makes a fit within this one."""

    def guided(self, draft: Draft) -> Problem:
        """Return the problem as the networks see it."""
        return self.seen.with_guide(draft.guide)

    @property
    def filters_on(self) -> torch.device:
        """Where classical filters run: MPS lacks a factorisation that they need."""
        device = self.engine.device
        return torch.device("cpu") if device.type == "mps" else device


class Stage(Protocol):
    """A part of a fit: ``for step in stage``, then its `result`.

    Making one is cheap: the work is done in steps. If a listener to its heartbeats ends a step, the
    stage is as before.
    """

    name: ClassVar[str]
    """The name for people: in the progress bar, in notes, in the curve."""
    stop: Stop | None

    def __init__(self, draft: Draft, context: Context, seconds: float | None) -> None: ...

    @staticmethod
    def wanted(recipe: Recipe) -> bool:
        """Return whether the recipe asks for this stage."""
        ...

    @staticmethod
    def reason_against(problem: Problem, recipe: Recipe) -> str | None:
        """Return why this stage cannot run on the problem; None if it can."""
        ...

    @staticmethod
    def weight(recipe: Recipe) -> float:
        """Return its usual time, relative to one network."""
        ...

    @staticmethod
    def working_bytes(problem: Problem, recipe: Recipe) -> int:
        """Predict how many bytes its filters hold; networks are predicted by a dry run."""
        ...

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What its picture is made of, one sentence each."""
        ...

    @property
    def statistic(self) -> float | None:
        """What its first stop rule watches, for the curve."""
        ...

    def __next__(self) -> Step:
        """Run one step; its index and seconds are counted within the stage."""
        ...

    def result(self) -> Draft:
        """Return the draft with what this stage added, once it has stopped."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue; the tensors are the live ones."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        ...
