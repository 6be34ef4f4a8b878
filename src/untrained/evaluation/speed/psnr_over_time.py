"""PSNR against seconds: fits as curves, other methods as points. No method sees the truth."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from untrained.baselines.registry import baselines
from untrained.evaluation.compare import Row, run_peer, run_total_variation
from untrained.evaluation.metrics import psnr
from untrained.evaluation.speed.configurations import FAST, ORIGINAL, Configuration
from untrained.fitting.step import Step
from untrained.problem.problem import Problem
from untrained.recipes import Recipe
from untrained.system.machine import synchronise
from untrained.system.progress import Tell


class Point(NamedTuple):
    """The PSNR of a method's picture after some seconds of its run time."""

    seconds: float
    psnr: float
    """In dB, of the picture in 8 bits."""
    step: int | None = None


@dataclass(frozen=True)
class Reached:
    """The PSNR of one method over time."""

    name: str
    title: str
    points: tuple[Point, ...] = ()
    """In order of time; a single one for a method that gives only one picture."""
    skipped: str = ""
    """The reason if there are no points."""

    def seconds_to(self, target: float) -> float | None:
        """Return the seconds to the first picture of at least `target` dB, or None."""
        return next((point.seconds for point in self.points if point.psnr >= target), None)


@dataclass(frozen=True)
class Plan:
    """How to measure the curves."""

    seed: int
    device: str
    original_steps: int
    """Budget of the original way, in steps."""
    original_every: float = 10.0
    """Seconds of fitting between two points of the original way."""
    fast_every: float = 1.0
    """Seconds of fitting between two points of our fit."""


def reach(problem: Problem, clean: Tensor, plan: Plan, report_progress: Tell) -> list[Reached]:
    """Restore the picture by each method and record the PSNR over time.

    Parameters
    ----------
    problem
        A denoising problem.
    clean
        The truth ``(1, C, H, W)`` in [0, 1]; no method sees it.
    plan
        How to measure.
    report_progress
        Called with progress.

    Returns
    -------
    The original way, ours, then the others. deepinv's prior runs equally many steps as ours.
    """
    recipe = FAST.recipe(problem)
    old = ORIGINAL.recipe(problem).model_copy(update={"steps": plan.original_steps})
    found = [
        _curve(
            "original way",
            ORIGINAL,
            problem,
            old,
            clean,
            plan,
            plan.original_every,
            report_progress,
        ),
        _curve(
            "untrained, fast", FAST, problem, recipe, clean, plan, plan.fast_every, report_progress
        ),
    ]
    device = FAST.engine(recipe, plan.device).device.type
    peers = baselines("denoise", steps=recipe.steps, seed=plan.seed, device=device)
    others: list[tuple[str, Callable[[], Row]]] = [
        ("total variation", partial(run_total_variation, problem, plan.device, plan.seed)),
        *((peer.title, partial(run_peer, peer, problem)) for peer in peers),
    ]
    for title, run in others:
        report_progress(title, 0.0)
        found.append(_point(run(), clean))
        report_progress(title, 1.0)
    return found


def _curve(
    title: str,
    way: Configuration,
    problem: Problem,
    recipe: Recipe,
    clean: Tensor,
    plan: Plan,
    every: float,
    report_progress: Tell,
) -> Reached:
    device = way.engine(recipe, plan.device).device

    def reported() -> Iterator[Step]:
        for step in way.begin(problem, recipe, seed=plan.seed, device=plan.device):
            report_progress(title, step.progress)
            yield step

    def quality(image: Tensor) -> float:
        return psnr(problem.render(image).pixels, clean)

    return Reached(way.name, title, trace(reported(), quality, every, device))


def trace(
    steps: Iterator[Step], quality: Callable[[Tensor], float], every: float, device: torch.device
) -> tuple[Point, ...]:
    """Judge the picture after the first step, once in `every` seconds, and after the last step.

    Early pictures are judged more often, for a logarithmic axis: whenever the elapsed time grew by
    half. The time for judging is not counted.
    """
    points: list[Point] = []
    last: Step | None = None
    seconds = due = 0.0
    while True:
        start = time.perf_counter()
        step = next(steps, None)
        synchronise(device)
        seconds += time.perf_counter() - start
        if step is None:
            break
        last, ended = step, seconds
        if seconds >= due:
            points.append(Point(seconds, quality(step.picture), step.index))
            due = min(seconds + every, 1.5 * seconds)
    if last is not None and points[-1].step != last.index:
        points.append(Point(ended, quality(last.picture), last.index))
    return tuple(points)


def _point(row: Row, clean: Tensor) -> Reached:
    if row.picture is None or row.seconds is None:
        return Reached(row.method, row.title, skipped="; ".join(row.notes))
    return Reached(row.method, row.title, (Point(row.seconds, psnr(row.picture.pixels, clean)),))
