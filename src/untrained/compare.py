"""Ours and what a person would use instead, on the same input: run, time, write."""

import contextlib
import importlib.metadata
import io
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from torch import Tensor

from untrained import files, preview, report, tasks
from untrained.baselines import (
    Baseline,
    NotApplicable,
    baselines,
    bicubic,
    load,
    nearest,
    read_weights,
    solve,
)
from untrained.errors import RequestError
from untrained.image import Picture, as_picture
from untrained.problem import Problem
from untrained.recipes import Recipe, Task, read_recipe
from untrained.restoration import Restoration, versions
from untrained.restore import settle_recipe, watch
from untrained.sheet import Panel, Sheet, amplified, make_sheet

AMPLIFICATION = 4
PEERS = ("scikit-image", "scipy", "pillow", "bm3d", "deepinv", "spandrel", "torchvision")

Tell = Callable[[str, float], None]
"""Takes the title of the method at work and the share of it that is done."""


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
    seed: int = 0,
    device: str = "auto",
    steps: int | None = None,
    seconds: float | None = None,
    reference: Any = None,
    model: str | Path | None = None,
    tell: Tell | None = None,
) -> list[Row]:
    """Solve a problem by a fit and by every other method that applies.

    Parameters
    ----------
    problem
        From one of the functions in `untrained.tasks`.
    recipe, seed, device, steps, seconds
        For the fit, as for `restore.watch`. Peers that fit a network take as many steps.
    reference
        The clean picture, only for PSNR and SSIM: Picture, array or tensor; no method sees it.
    model
        Weights of a trained restorer, a state dictionary that the package spandrel recognises.
    tell
        Called with progress.

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
        report.check_reference(clean, problem.size, problem.channels)
    fit = watch(problem, recipe, seed=seed, device=device, steps=steps, seconds=seconds)
    started = time.perf_counter()
    for step in fit:
        tell("untrained", step.progress)
    result = fit.restoration()
    took = time.perf_counter() - started
    tell("untrained", 1.0)
    rows = [_input(problem), _ours(result, took)]
    for baseline in baselines(
        problem.task, steps=result.steps, seed=seed, device=result.device, weights=weights
    ):
        tell(baseline.title, 0.0)
        rows.append(_peer(baseline, problem))
        tell(baseline.title, 1.0)
    # Gaps may hold anything: a figure for an input with gaps would mean nothing.
    unscored = 0 if problem.filled is None else 1
    return rows[:unscored] + [_scored(row, clean) for row in rows[unscored:]]


def _input(problem: Problem) -> Row:
    return Row("input", "input", problem.picture, notes=problem.notes)


def _ours(result: Restoration, seconds: float) -> Row:
    notes = (f"preset {result.recipe.name}, {result.steps} steps", result.stopped)
    return Row("untrained", "untrained", result.restored, seconds, notes=notes)


def _peer(baseline: Baseline, problem: Problem) -> Row:
    row = Row(baseline.name, baseline.title)
    # What other packages print or warn of must not mix with our one line of JSON.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            load(baseline)
            started = time.perf_counter()
            picture = _dressed(problem, solve(baseline, problem))
        except NotApplicable as reason:
            return replace(row, notes=(f"not run: {_line(reason)}",))
        except Exception as error:
            return replace(row, notes=(f"failed: {type(error).__name__}: {_line(error)}",))
        return replace(row, picture=picture, seconds=time.perf_counter() - started)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or "no reason given"


def _dressed(problem: Problem, image: Tensor) -> Picture:
    """Put known pixels back; but leave a peer's enlargement as it is, not back-projected."""
    return replace(problem, agree=None).compose(image)


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
    against its gaps filled with the nearest pixel.
    """
    base, what = _base(problem)

    def panel(image: Tensor, title: str, *caption: str) -> Panel:
        return Panel(image, title, caption, amplified(image, base, AMPLIFICATION))

    seen = problem.picture.pixels if problem.filled is None else problem.measurement
    panels = [Panel(seen, rows[0].title, _caption(rows[0]))]
    panels += [
        panel(row.picture.pixels, row.title, *_caption(row)) for row in rows[1:] if row.picture
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
    if problem.task == "upscale":
        return bicubic(problem).clamp(0, 1), "the bicubic enlargement"
    if problem.filled is not None:
        return nearest(problem), "the input with its gaps filled from the nearest pixel"
    return problem.picture.pixels, "the input"


def _caption(row: Row) -> tuple[str, ...]:
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


# The command --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """What ``untrained compare`` asks for."""

    input: Path
    task: Task
    out: Path | None = None
    sigma: float | None = None
    factor: float | None = None
    mask: Path | None = None
    known: Path | None = None
    model: Path | None = None
    preset: str = "fast"
    recipe: Path | None = None
    seconds: float | None = None
    steps: int | None = None
    device: str = "auto"
    seed: int = 0
    reference: Path | None = None
    overwrite: bool = False
    json: bool = False
    quiet: bool = False

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.out or self.input.with_name(f"compare-{self.input.stem}")


_BELONGS: dict[str, tuple[Task, ...]] = {
    "sigma": ("denoise",),
    "factor": ("upscale",),
    "mask": ("inpaint",),
    "known": ("inpaint",),
    "model": ("denoise", "deblock", "upscale"),
}


def run_comparison(request: Request) -> int:
    """Do what is asked and write the folder; return the exit status 0.

    Raises
    ------
    RequestError
        The request or the input is wrong; nothing was written.
    WorkError, OSError
        It failed while working.
    """
    _check_options(request)
    console = Console(stderr=True, quiet=request.quiet)
    picture = files.read(request.input)
    problem = _described(request, picture)
    suffix = _checked_folder(request, picture)
    reference = None if request.reference is None else files.read(request.reference)
    recipe = settle_recipe(
        problem,
        request.preset if request.recipe is None else read_recipe(request.recipe),
        steps=request.steps,
        seconds=request.seconds,
    )
    with _progress(console, quiet=request.quiet) as tell:
        rows = compare(
            problem,
            recipe,
            seed=request.seed,
            device=request.device,
            reference=reference,
            model=request.model,
            tell=tell,
        )
    size = f"{picture.width}x{picture.height}"
    heading = f"{request.task}: {request.input.name}, {size}"
    sheet = draw(problem, rows, heading=heading, reference=reference)
    told = [_told(row, suffix) for row in rows]
    facts = {
        "task": request.task,
        "input": str(request.input),
        "rows": told,
        "settings": _settings(request) | {"recipe": recipe.model_dump(mode="json")},
        "versions": versions() | _peer_versions(),
    }
    _write(request.folder, rows, suffix, preview.encoded(sheet.image), facts)
    _tell(request, rows, told)
    return 0


def _check_options(request: Request) -> None:
    for name, homes in _BELONGS.items():
        if getattr(request, name) is not None and request.task not in homes:
            raise RequestError(f"--{name} is for {', '.join(homes)}, not for {request.task}")


def _described(request: Request, picture: Picture) -> Problem:
    if request.task == "denoise":
        sigma = request.sigma
        return tasks.denoise(picture, sigma=None if sigma is None else sigma / 255)
    if request.task == "upscale":
        return tasks.upscale(picture, 4 if request.factor is None else request.factor)
    if request.task == "inpaint":
        return tasks.inpaint(picture, request.mask, known=request.known)
    return tasks.deblock(picture)


def _checked_folder(request: Request, picture: Picture) -> str:
    """Check that the results can be written; give the extension of the pictures."""
    folder = request.folder
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"{folder} is a file: give a folder for the results")
    if not folder.exists() and not folder.parent.is_dir():
        raise RequestError(f"the folder {folder.parent} does not exist: make it first")
    given = (request.input, request.reference, request.mask, request.known, request.model)
    if folder.resolve() in [path.resolve().parent for path in given if path]:
        raise RequestError(f"the folder {folder} holds what is compared: give another to --out")
    if folder.is_dir() and any(folder.iterdir()) and not request.overwrite:
        raise RequestError(f"{folder} is not empty: choose another folder or give --overwrite")
    place = folder if folder.is_dir() else folder.parent
    try:
        files.check_writable(place / "untrained.png", picture, overwrite=True)
    except RequestError:
        files.check_writable(place / "untrained.tif", picture, overwrite=True)
        return ".tif"
    return ".png"


@contextmanager
def _progress(console: Console, *, quiet: bool) -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, disable=quiet)
    lines: dict[str, TaskID] = {}

    def tell(title: str, share: float) -> None:
        progress.start()  # only now: a wrong request is told in one line
        if title not in lines:
            lines[title] = progress.add_task(title, total=1.0)
        progress.update(lines[title], completed=share)

    try:
        yield tell
    finally:
        if lines:
            progress.stop()


def _told(row: Row, suffix: str) -> dict[str, Any]:
    written = row.picture is not None and row.method != "input"
    return {
        "method": row.method,
        "title": row.title,
        "file": row.method + suffix if written else None,
        "seconds": None if row.seconds is None else round(row.seconds, 3),
        "psnr": row.psnr,
        "ssim": row.ssim,
        "notes": list(row.notes),
    }


def _settings(request: Request) -> dict[str, Any]:
    told = {field.name: getattr(request, field.name) for field in fields(request)}
    for name in ("input", "task", "out", "overwrite", "json", "quiet"):
        del told[name]
    return {key: str(value) if isinstance(value, Path) else value for key, value in told.items()}


def _peer_versions() -> dict[str, str]:
    found = {}
    for package in PEERS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _write(folder: Path, rows: list[Row], suffix: str, sheet: bytes, facts: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    _clear(folder)
    for row in rows[1:]:
        if row.picture is not None:
            files.write(folder / (row.method + suffix), row.picture, overwrite=True)
    files.replace_file(folder / "sheet.png", sheet)
    content = json.dumps(facts, indent=2, allow_nan=False).encode()
    files.replace_file(folder / "compare.json", content)


def _clear(folder: Path) -> None:
    """Remove the pictures of an earlier comparison, of whatever task."""
    listed = [baseline for task in get_args(Task) for baseline in baselines(task, weights={})]
    for name in {"untrained", *(baseline.name for baseline in listed)}:
        for suffix in (".png", ".tif"):
            (folder / (name + suffix)).unlink(missing_ok=True)


def _tell(request: Request, rows: list[Row], told: list[dict[str, Any]]) -> None:
    if request.json:
        line = {
            "task": request.task,
            "input": str(request.input),
            "out": str(request.folder),
            "rows": told,
        }
        sys.stdout.write(json.dumps(line, allow_nan=False) + "\n")
    elif not request.quiet:
        for row in rows:
            words = ", ".join(_caption(row)) or "; ".join(row.notes)
            sys.stdout.write(f"{row.title:16} {words}\n")
        sys.stdout.write(f"look at {request.folder / 'sheet.png'}\n")
