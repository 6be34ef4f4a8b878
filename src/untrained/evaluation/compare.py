"""Ours and what a person would use instead, on the same input: run, time, draw."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from torch import Tensor

from untrained.baselines.inpaint import nearest
from untrained.baselines.registry import Baseline, baselines, load, named, solve
from untrained.baselines.third_party import read_weights
from untrained.errors import NotApplicable, RequestError, WorkError
from untrained.evaluation import report
from untrained.evaluation.sheet import Panel, Sheet, amplified, make_sheet
from untrained.fitting.restoration import Restoration
from untrained.fitting.restore import restore, set_up, settle_recipe
from untrained.picture.picture import Picture, as_picture
from untrained.problem.problem import Problem
from untrained.recipes import FitKeywords, FitOptions, Recipe
from untrained.system.progress import Tell
from untrained.system.silence import without_output, without_warnings
from untrained.tasks.registry import TASKS, Comparison

AMPLIFICATION = 4
_TV = "total variation"
_FAILURES = (ValueError, RuntimeError, MemoryError, ArithmeticError, OSError)


@dataclass(frozen=True, eq=False)
class Row:
    """One method and what came of it."""

    method: str
    """Short name: input, untrained, nlm ..."""
    title: str
    picture: Picture | None = None
    """None if the method did not run; the notes say why."""
    seconds: float | None = None
    """Wall-clock time, without reading, writing and importing."""
    psnr: float | None = None
    """In dB against the reference; None without one, or when infinite."""
    ssim: float | None = None
    notes: tuple[str, ...] = ()


def compare(
    problem: Problem,
    recipe: Recipe | str = "fast",
    *,
    reference: Any = None,
    model: str | Path | None = None,
    tell: Tell | None = None,
    **options: Unpack[FitKeywords],
) -> list[Row]:
    """Solve a problem by a fit and by every other method that applies.

    Parameters
    ----------
    problem
        From one of the functions in `untrained.tasks`.
    recipe
        A preset's name, or a Recipe.
    reference
        The clean picture, only for PSNR and SSIM: Picture, array or tensor; no method sees it.
    model
        Weights of a trained restorer, a state dictionary that the package spandrel recognises.
    tell
        Called with progress.
    options
        Budgets, place, seed and tiles of the fit. Peers that fit a network take as many steps.

    Returns
    -------
    The input, ours, then the peers. One that is not installed, does not apply or fails has no
    picture, and a note that says why.

    Raises
    ------
    RequestError
        If a setting, the reference or the model file is wrong.
    WorkError
        If the fit fails.
    """
    tell = tell or (lambda _title, _share: None)
    weights = None if model is None else read_weights(Path(model))
    clean = None if reference is None else as_picture(reference)
    if clean is not None:
        report.check_reference(clean, problem.size, problem.picture.channels)
    chosen = FitOptions(**options)
    fit = set_up(problem, settle_recipe(problem, recipe, options=chosen), chosen)
    started = time.perf_counter()
    for step in fit:
        tell("untrained", step.progress)
    result = fit.restoration()
    took = time.perf_counter() - started
    tell("untrained", 1.0)
    rows = [_input(problem), _ours(result, took)]
    tell(_TV, 0.0)
    rows.append(run_total_variation(problem, chosen.device, chosen.seed))
    tell(_TV, 1.0)
    steps = sum(row.stage == "network" for row in result.history)
    for baseline in baselines(
        problem.task, steps=steps, seed=chosen.seed, device=result.device, weights=weights
    ):
        tell(baseline.title, 0.0)
        rows.append(run_peer(baseline, problem))
        tell(baseline.title, 1.0)
    # Gaps may hold anything: a figure for an input with gaps would mean nothing.
    scored = problem.rendering.filled is None and _comparison(problem).input_scored
    unscored = 0 if scored else 1
    return rows[:unscored] + [_scored(row, clean) for row in rows[unscored:]]


def _input(problem: Problem) -> Row:
    return Row("input", "input", problem.picture, notes=problem.notes)


def _ours(result: Restoration, seconds: float) -> Row:
    notes = (f"preset {result.recipe.name}, {result.steps} steps", result.stopped)
    return Row("untrained", "untrained", result.restored, seconds, notes=notes)


def run_total_variation(problem: Problem, device: str, seed: int) -> Row:
    """Run the same loop with a hand-crafted prior; the notes tell of a failure."""
    row = Row("tv", _TV)
    started = time.perf_counter()
    try:
        result = restore(problem, prior="tv", device=device, seed=seed)
    except (RequestError, WorkError) as reason:
        return replace(row, notes=(f"not run: {_line(reason)}",))
    return replace(row, picture=result.restored, seconds=time.perf_counter() - started)


def run_peer(baseline: Baseline, problem: Problem) -> Row:
    """Run another method and time it; the notes say why it gives no picture.

    In packages of the user anything may go wrong; of ours only what data and machine can cause is
    taken for a failure of the method.
    """
    row = Row(baseline.name, baseline.title)
    # What other packages print or warn of must not mix with our one line of JSON.
    with without_warnings(), without_output():
        try:
            load(baseline)
            started = time.perf_counter()
            picture = _dressed(problem, solve(baseline, problem))
        except NotApplicable as reason:
            return replace(row, notes=(f"not run: {_line(reason)}",))
        except Exception as error:
            if not (baseline.foreign or isinstance(error, _FAILURES)):
                raise
            return replace(row, notes=(f"failed: {type(error).__name__}: {_line(error)}",))
        return replace(row, picture=picture, seconds=time.perf_counter() - started)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or "no reason given"


def _dressed(problem: Problem, image: Tensor) -> Picture:
    """Put known pixels back; but leave what a peer found as it is, and what it does not know of."""
    plain = replace(
        problem,
        knowledge=replace(problem.knowledge, project=None),
        rendering=replace(problem.rendering, undo_clipping=None),
    )
    return plain.render(image)


def _scored(row: Row, reference: Picture | None) -> Row:
    if row.picture is None or reference is None or _size(row.picture) != _size(reference):
        return row
    scores = report.scores(row.picture, reference)
    return replace(row, psnr=scores["psnr"], ssim=scores["ssim"])


def _size(picture: Picture) -> tuple[int, int]:
    return picture.height, picture.width


# On paper -----------------------------------------------------------------------------------------


def draw(
    problem: Problem, rows: list[Row], *, heading: str = "", reference: Picture | None = None
) -> Sheet:
    """Lay the pictures side by side at 100 %, what each method changed below them.

    Changes are seen against the input; of upscaling against its bicubic enlargement, of inpainting
    against its gaps filled with the nearest pixel, of a mosaic against its bilinear interpolation.
    """
    base, what = _base(problem)

    def panel(image: Tensor, title: str, *caption: str) -> Panel:
        return Panel(image, title, caption, amplified(image, base, AMPLIFICATION))

    seen = problem.picture.pixels if problem.rendering.filled is None else problem.measurement.y
    panels = [Panel(seen, rows[0].title, caption(rows[0]))]
    panels += [
        panel(row.picture.pixels, row.title, *caption(row)) for row in rows[1:] if row.picture
    ]
    if reference is not None:
        panels.append(panel(reference.pixels, "reference", "seen by no method"))
    return make_sheet(
        panels,
        heading=heading,
        below=f"difference to {what}, {AMPLIFICATION} times as strong, around mid-grey",
        footnotes=tuple(f"{row.title}: {'; '.join(row.notes)}" for row in rows if row.notes),
    )


def _base(problem: Problem) -> tuple[Tensor, str]:
    how = _comparison(problem)
    if how.base is not None:
        return named(how.base).solve(problem).clamp(0, 1), how.base_words
    if problem.rendering.filled is not None:
        return nearest(problem), "the input with its gaps filled from the nearest pixel"
    return problem.picture.pixels, "the input"


def _comparison(problem: Problem) -> Comparison:
    """How its task is compared; as usual where the task is not registered, or has no say."""
    spec = TASKS.get(problem.task)
    return Comparison() if spec is None or spec.compare is None else spec.compare


def caption(row: Row) -> tuple[str, ...]:
    """Say in words how long it took and how good it is."""
    scores = "" if row.psnr is None else f"{row.psnr:.2f} dB"
    if row.ssim is not None:
        scores += f"{', ' if scores else ''}SSIM {row.ssim:.3f}"
    return tuple(line for line in (_seconds(row), scores) if line)


def _seconds(row: Row) -> str:
    if row.seconds is None:
        return ""
    if row.seconds < 0.01:
        return "under 0.01 s"
    return f"{row.seconds:.2f} s" if row.seconds < 10 else f"{row.seconds:.0f} s"
