"""What a stop rule is, and what it answers with."""

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from untrained.fitting.step import Step


@dataclass(frozen=True, eq=False)
class Stop:
    """Why a fit stopped, and what it hands over."""

    rule: str
    reason: str
    """One sentence for people."""
    step: int
    """Index of the step whose picture is handed over."""
    picture: Tensor
    """That picture, ``(1, C, H, W)``; it was yielded by that step."""
    doubt: str = ""
    """A warning about the picture; empty if there is none."""


class Rule(Protocol):
    """A stop rule."""

    name: str
    statistic: float | None
    """The number the rule watches, for the curve; None before there is one."""

    def update(self, step: Step) -> Stop | None:
        """Take in a step; return a Stop to end the fit, None to go on."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
