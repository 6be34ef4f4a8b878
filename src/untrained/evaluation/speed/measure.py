"""Milliseconds a step, the ways to run taking turns so that a busy machine slows all alike."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from untrained.fitting.step import Step
from untrained.system.machine import matrix_rate, synchronise

_TURN = 0.5
"""Seconds that a turn should last, when that takes no more than `_MOST` steps."""
_MOST = 50

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Measured:
    """One value a round."""

    milliseconds: dict[str, list[float]]
    """Of a step, by the name of the fit."""
    steps_a_turn: dict[str, int]
    rates: dict[Precision, list[float]]
    """Operations a second in products of square matrices."""


def measure(
    fits: Mapping[str, Iterator[Step]],
    precisions: tuple[Precision, ...],
    *,
    rounds: int,
    device: torch.device,
    tell: Callable[[float], None],
) -> Measured:
    """Run some steps of each fit's networks in turn, `rounds` times.

    What comes before its networks, and two steps of them, are not counted.

    Parameters
    ----------
    fits
        Under way, by name; they must not end meanwhile.
    precisions
        Those to measure the matrix rate in, once a round.
    rounds
        How often each has its turn.
    device
        Where they compute.
    tell
        Called with the share that is done.
    """
    milliseconds: dict[str, list[float]] = {name: [] for name in fits}
    rates: dict[Precision, list[float]] = {precision: [] for precision in precisions}
    steps = {}
    for done, (name, fit) in enumerate(fits.items(), start=1):
        next(step for step in fit if step.stage == "network")
        steps[name] = min(_MOST, math.ceil(_TURN / _seconds(fit, 1, device)))
        tell(done / (rounds + 1) / len(fits))
    for past in range(1, rounds + 1):
        for precision in precisions:
            rates[precision].append(matrix_rate(device, precision))
        for done, (name, fit) in enumerate(fits.items(), start=1):
            took = _seconds(fit, steps[name], device)
            milliseconds[name].append(1000 * took / steps[name])
            tell((past + done / len(fits)) / (rounds + 1))
    return Measured(milliseconds, steps, rates)


def _seconds(fit: Iterator[Step], steps: int, device: torch.device) -> float:
    synchronise(device)
    start = time.perf_counter()
    for _ in range(steps):
        next(fit)
    synchronise(device)
    return time.perf_counter() - start
