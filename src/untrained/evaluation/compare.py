"""Run, time and draw our method and the baselines on the same input."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

from torch import Tensor

from untrained.arguments import FilePath, checked
from untrained.baselines.inpaint import nearest
from untrained.baselines.registry import Baseline, baselines, load, named, solve
from untrained.baselines.third_party import read_weights
from untrained.errors import NotApplicable, RequestError, WorkError
from untrained.evaluation.scores import check_reference, scores
from untrained.evaluation.sheet import Panel, Sheet, amplified, make_sheet
from untrained.fitting.restoration import Restoration
from untrained.fitting.restore import restore, set_up, settle_recipe
from untrained.picture.picture import Picture
from untrained.picture.taking import PictureOrVolume
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
    """One method and its result."""

    method: str
    """Short name: input, untrained, nlm ..."""
    title: str
    picture: Picture | None = None
    """None if the method did not run; the notes give the reason."""
    seconds: float | None = None
    """Wall-clock time, without file access and imports."""
    psnr: float | None = None
    """In dB against the reference; None without one, or if infinite."""
    ssim: float | None = None
    notes: tuple[str, ...] = ()


@checked
def compare(
    problem: Problem,
    recipe: Recipe | str = "fast",
    *,
    reference: PictureOrVolume | None = None,
    model: FilePath | None = None,
    report_progress: Tell | None = None,
    **options: Unpack[FitKeywords],
) -> list[Row]:
    """Solve a problem by a fit and by every baseline that applies.

    Parameters
    ----------
    problem
        From one of the functions in `untrained.tasks`.
    recipe
        A preset's name, or a Recipe.
    reference
        The clean picture, any kind (see `as_picture`), only for PSNR and SSIM; no method sees it.
    model
        Weights of a trained restorer: a state dictionary that the package spandrel recognises.
    report_progress
        Called with progress.
    options
        Budget, device, seed and tiles of the fit. Peers that fit a network run equally many steps.

    Returns
    -------
    The input, ours, then the peers. A peer that is not installed, does not apply or fails has no
    picture and a note with the reason.

    Raises
    ------
    RequestError
        If a setting, the reference or the model file is wrong.
    WorkError
        If the fit fails.
    """
    report_progress = report_progress or (lambda _title, _share: None)
    weights = None if model is None else read_weights(Path(model))
    clean: Picture | None = reference
    if clean is not None:
        check_reference(clean, problem.size, problem.picture.channels)
    chosen = FitOptions(**options)
    fit = set_up(problem, settle_recipe(problem, recipe, options=chosen), chosen)
    started = time.perf_counter()
    for step in fit:
        report_progress("untrained", step.progress)
    result = fit.restoration()
    took = time.perf_counter() - started
    report_progress("untrained", 1.0)
    rows = [_input(problem), _ours(result, took)]
    report_progress(_TV, 0.0)
    rows.append(run_total_variation(problem, chosen.device, chosen.seed))
    report_progress(_TV, 1.0)
    steps = sum(row.stage == "network" for row in result.history)
    for baseline in baselines(
        problem.task, steps=steps, seed=chosen.seed, device=result.device, weights=weights
    ):
        report_progress(baseline.title, 0.0)
        rows.append(run_peer(baseline, problem))
        report_progress(baseline.title, 1.0)
    # Missing pixels hold arbitrary values: a PSNR of an input with gaps means nothing.
    scored = problem.rendering.filled is None and _comparison(problem).input_scored
    unscored = 0 if scored else 1
    return rows[:unscored] + [_scored(row, clean) for row in rows[unscored:]]


def _input(problem: Problem) -> Row:
    return Row("input", "input", problem.picture, notes=problem.notes)


def _ours(result: Restoration, seconds: float) -> Row:
    notes = (f"preset {result.recipe.name}, {result.steps} steps", result.stopped)
    return Row("untrained", "untrained", result.restored, seconds, notes=notes)


def run_total_variation(problem: Problem, device: str, seed: int) -> Row:
    """Run the same loop with a hand-crafted prior; a failure becomes a note."""
    row = Row("tv", _TV)
    started = time.perf_counter()
    try:
        result = restore(problem, prior="tv", device=device, seed=seed)
    except (RequestError, WorkError) as reason:
        return replace(row, notes=(f"not run: {_line(reason)}",))
    return replace(row, picture=result.restored, seconds=time.perf_counter() - started)


def run_peer(baseline: Baseline, problem: Problem) -> Row:
    """Run a baseline and time it; a failure becomes a note.

    Third-party packages may raise any error. In our own baselines only errors that data or machine
    can cause count as failures; others are raised.
    """
    row = Row(baseline.name, baseline.title)
    # Output and warnings of other packages must not mix with our one line of JSON.
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
    """Put known pixels back, without our projection and clipping correction."""
    plain = replace(
        problem,
        knowledge=replace(problem.knowledge, project=None),
        rendering=replace(problem.rendering, undo_clipping=None),
    )
    return plain.render(image)


def _scored(row: Row, reference: Picture | None) -> Row:
    if row.picture is None or reference is None or _size(row.picture) != _size(reference):
        return row
    found = scores(row.picture, reference)
    return replace(row, psnr=found["psnr"], ssim=found["ssim"])


def _size(picture: Picture) -> tuple[int, int]:
    return picture.height, picture.width


# On paper -----------------------------------------------------------------------------------------


def draw(
    problem: Problem, rows: list[Row], *, heading: str = "", reference: Picture | None = None
) -> Sheet:
    """Draw the pictures side by side at 100 %, with the change by each method below.

    Changes are relative to the input; in upscaling to its bicubic enlargement, in inpainting to the
    input with gaps filled by the nearest pixel, in demosaicing to the bilinear interpolation.
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
    """Return how to compare the task; the default if it is not registered or sets nothing."""
    spec = TASKS.get(problem.task)
    return Comparison() if spec is None or spec.compare is None else spec.compare


def caption(row: Row) -> tuple[str, ...]:
    """Format seconds, PSNR and SSIM as lines of text."""
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
