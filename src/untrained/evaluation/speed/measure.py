"""Milliseconds per step; all fits take turns, so a busy machine slows all of them alike."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from untrained.fitting.step import Step
from untrained.system.machine import matrix_rate, synchronise

_TURN = 0.5
"""Target length of a turn in seconds; it has at most `_MOST` steps."""
_MOST = 50

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Measured:
    """Results, one value per round."""

    milliseconds: dict[str, list[float]]
    """Milliseconds per step, by name of the fit."""
    steps_a_turn: dict[str, int]
    rates: dict[Precision, list[float]]
    """Operations per second in products of square matrices."""


def measure(
    fits: Mapping[str, Iterator[Step]],
    precisions: tuple[Precision, ...],
    *,
    rounds: int,
    device: torch.device,
    report_progress: Callable[[float], None],
) -> Measured:
    """Run some steps of each fit's networks in turn, `rounds` times.

    The stages before the networks and the first two network steps are not counted.

    Parameters
    ----------
    fits
        Fits by name; none may end during the measurement.
    precisions
        Precisions in which to measure the matrix rate, once per round.
    rounds
        Turns of each fit.
    device
        Device of the fits.
    report_progress
        Called with the share done, in [0, 1].
    """
    milliseconds: dict[str, list[float]] = {name: [] for name in fits}
    rates: dict[Precision, list[float]] = {precision: [] for precision in precisions}
    steps = {}
    for done, (name, fit) in enumerate(fits.items(), start=1):
        next(step for step in fit if step.stage == "network")
        steps[name] = min(_MOST, math.ceil(_TURN / _seconds(fit, 1, device)))
        report_progress(done / (rounds + 1) / len(fits))
    for past in range(1, rounds + 1):
        for precision in precisions:
            rates[precision].append(matrix_rate(device, precision))
        for done, (name, fit) in enumerate(fits.items(), start=1):
            took = _seconds(fit, steps[name], device)
            milliseconds[name].append(1000 * took / steps[name])
            report_progress((past + done / len(fits)) / (rounds + 1))
    return Measured(milliseconds, steps, rates)


def _seconds(fit: Iterator[Step], steps: int, device: torch.device) -> float:
    synchronise(device)
    start = time.perf_counter()
    for _ in range(steps):
        next(fit)
    synchronise(device)
    return time.perf_counter() - start
