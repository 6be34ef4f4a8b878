"""PSNR against seconds: fits as curves, other methods as points. The clean picture stays here."""

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
    """How good the picture was after so many seconds of its own time."""

    seconds: float
    psnr: float
    """In dB, of the picture in 8 bits."""
    step: int | None = None


@dataclass(frozen=True)
class Reached:
    """What one method reached, when."""

    name: str
    title: str
    points: tuple[Point, ...] = ()
    """In the order of time; a single one for a method that gives but one picture."""
    skipped: str = ""
    """Why there are none."""

    def seconds_to(self, target: float) -> float | None:
        """Seconds to the first picture of at least `target` dB; None if there is none."""
        return next((point.seconds for point in self.points if point.psnr >= target), None)


@dataclass(frozen=True)
class Plan:
    """How the curves are measured."""

    seed: int
    device: str
    original_steps: int
    """Budget of the original way."""
    original_every: float = 10.0
    """Seconds of fitting between two points of the original way."""
    fast_every: float = 1.0
    """The same, of ours."""


def reach(problem: Problem, clean: Tensor, plan: Plan, tell: Tell) -> list[Reached]:
    """Let each method restore the picture.

    Parameters
    ----------
    problem
        A denoising problem.
    clean
        The truth ``(1, C, H, W)`` in [0, 1]; no method sees it.
    plan
        How to measure.
    tell
        Called with progress.

    Returns
    -------
    The original way, ours, then the others. deepinv's prior takes as many steps as ours.
    """
    recipe = FAST.recipe(problem)
    old = ORIGINAL.recipe(problem).model_copy(update={"steps": plan.original_steps})
    found = [
        _curve("original way", ORIGINAL, problem, old, clean, plan, plan.original_every, tell),
        _curve("untrained, fast", FAST, problem, recipe, clean, plan, plan.fast_every, tell),
    ]
    device = FAST.engine(recipe, plan.device).device.type
    peers = baselines("denoise", steps=recipe.steps, seed=plan.seed, device=device)
    others: list[tuple[str, Callable[[], Row]]] = [
        ("total variation", partial(run_total_variation, problem, plan.device, plan.seed)),
        *((peer.title, partial(run_peer, peer, problem)) for peer in peers),
    ]
    for title, run in others:
        tell(title, 0.0)
        found.append(_point(run(), clean))
        tell(title, 1.0)
    return found


def _curve(
    title: str,
    way: Configuration,
    problem: Problem,
    recipe: Recipe,
    clean: Tensor,
    plan: Plan,
    every: float,
    tell: Tell,
) -> Reached:
    device = way.engine(recipe, plan.device).device

    def watched() -> Iterator[Step]:
        for step in way.begin(problem, recipe, seed=plan.seed, device=plan.device):
            tell(title, step.progress)
            yield step

    def quality(image: Tensor) -> float:
        return psnr(problem.render(image).pixels, clean)

    return Reached(way.name, title, trace(watched(), quality, every, device))


def trace(
    steps: Iterator[Step], quality: Callable[[Tensor], float], every: float, device: torch.device
) -> tuple[Point, ...]:
    """Judge what would be handed over after the first step, one in `every` seconds, and the last.

    Early ones are judged more often, for a logarithmic axis: when half as much time again has
    passed. The time that judging takes is left out.
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
