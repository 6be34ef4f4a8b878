"""One file in, one folder of pictures, sheet and figures out: what ``untrained compare`` does."""

import contextlib
import importlib.metadata
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from untrained.app.commands.restore import help_of, option
from untrained.app.describe import pose
from untrained.baselines.registry import names
from untrained.errors import RequestError
from untrained.evaluation.compare import Row, caption, compare, draw
from untrained.evaluation.plain_json import as_json
from untrained.fitting.restoration import versions
from untrained.fitting.restore import settle_recipe
from untrained.picture import preview, reading, writing
from untrained.picture.picture import Picture
from untrained.problem.problem import Problem
from untrained.recipes import NO_OPTIONS, FitOptions, read_recipe
from untrained.system.output_files import shown
from untrained.system.owned_folder import Kind, OwnedFolder, claimed
from untrained.system.progress import progress_bars
from untrained.system.rescue import keep_files
from untrained.system.signals import finished_first
from untrained.tasks.registry import TASKS, compared_options, task_named

PEERS = ("scikit-image", "scipy", "pillow", "bm3d", "deepinv", "spandrel", "torchvision")


@dataclass(frozen=True)
class Request:
    """What ``untrained compare`` asks for."""

    input: Path
    task: str
    own: Mapping[str, Any]
    """The options of all tasks by name; None or False if not given."""
    out: Path | None = None
    model: Path | None = None
    preset: str = "fast"
    recipe: Path | None = None
    fit: FitOptions = NO_OPTIONS
    reference: Path | None = None
    overwrite: bool = False
    json: bool = False
    quiet: bool = False

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.out or self.input.with_name(f"compare-{self.input.stem}")


def run_comparison(request: Request) -> int:
    """Run the comparison and write the folder; return the exit status 0.

    Raises
    ------
    RequestError
        If the request or the input is wrong; nothing was written.
    WorkError, OSError
        If the work fails.
    """
    _check_options(request)
    with claimed(
        request.folder, _COMPARISON, overwrite=request.overwrite, inputs=_inputs(request)
    ) as folder:
        return _run(request, folder)


def _run(request: Request, folder: OwnedFolder) -> int:
    picture = reading.read(request.input)
    problem = _described(request, picture)
    suffix = _checked_suffix(folder, problem)
    reference = None if request.reference is None else reading.read(request.reference)
    recipe = settle_recipe(
        problem,
        request.preset if request.recipe is None else read_recipe(request.recipe),
        options=request.fit,
    )
    with progress_bars(quiet=request.quiet) as report_progress:
        rows = compare(
            problem,
            recipe,
            reference=reference,
            model=request.model,
            report_progress=report_progress,
            **asdict(request.fit),
        )
    size = f"{picture.width}x{picture.height}"
    heading = f"{request.task}: {shown(request.input.name)}, {size}"
    sheet = draw(problem, rows, heading=heading, reference=reference)
    row_facts = [_row_facts(row, suffix) for row in rows]
    facts = {
        "task": request.task,
        "input": str(request.input),
        "rows": row_facts,
        "settings": _settings(request) | {"recipe": recipe.model_dump(mode="json")},
        "versions": versions() | _peer_versions(),
    }
    files = _files(rows, suffix, preview.encoded(sheet.image), facts)
    with finished_first(f"the comparison was done and is in {request.folder}"):
        try:
            folder.write(files)
        except (OSError, RequestError) as error:
            raise keep_files(request.folder, files, error) from error
        _print_results(request, rows, row_facts)
    return 0


def _check_options(request: Request) -> None:
    """Refuse an option of another task."""
    for name, (_, homes) in compared_options(*TASKS.values()).items():
        _check_home(request, name, request.own[name], homes)
    trained = [spec.name for spec in TASKS.values() if spec.compare and spec.compare.trained]
    _check_home(request, "model", request.model, trained)


def _check_home(request: Request, name: str, given: Any, homes: Sequence[str]) -> None:
    if given not in (None, False) and request.task not in homes:
        raise RequestError(f"{option(name)} is for {', '.join(homes)}, not for {request.task}")


def _described(request: Request, picture: Picture) -> Problem:
    spec = task_named(request.task)
    given = {}
    for field in fields(spec.options):
        value = request.own.get(field.name)
        if value is not None:
            given[field.name] = value
        elif field.default is MISSING:
            what = help_of(spec)[field.name]
            raise RequestError(f"{spec.name} needs {option(field.name)}: {what}")
    return pose(spec, spec.options(**given), picture)


def _inputs(request: Request) -> list[Path]:
    given = [getattr(request, field.name) for field in fields(request) if field.name != "out"]
    return [path for path in (*given, *request.own.values()) if isinstance(path, Path)]


def _checked_suffix(folder: OwnedFolder, problem: Problem) -> str:
    """Check that the results can be written; return the extension of the pictures."""
    place, size = folder.path, problem.result_size
    try:
        writing.check_writable(place / "untrained.png", problem.picture, size=size, overwrite=True)
    except RequestError:
        writing.check_writable(place / "untrained.tif", problem.picture, size=size, overwrite=True)
        return ".tif"
    return ".png"


def _may_write(name: str) -> bool:
    methods = ("untrained", "tv", *names())
    return name in ("sheet.png", "compare.json") or (
        name.endswith((".png", ".tif")) and name[:-4] in methods
    )


_COMPARISON = Kind("a comparison", _may_write, "--out")


def _row_facts(row: Row, suffix: str) -> dict[str, Any]:
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
    settings = {field.name: getattr(request, field.name) for field in fields(request)}
    for name in ("input", "task", "out", "own", "overwrite", "json", "quiet", "fit"):
        del settings[name]
    settings |= dict(request.own) | asdict(request.fit)
    return {
        key: str(value) if isinstance(value, Path) else value for key, value in settings.items()
    }


def _peer_versions() -> dict[str, str]:
    found = {}
    for package in PEERS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _files(rows: list[Row], suffix: str, sheet: bytes, facts: dict[str, Any]) -> dict[str, bytes]:
    files = {}
    for row in rows[1:]:
        if row.picture is not None:
            name = row.method + suffix
            files[name] = writing.encoded(Path(name), row.picture)
    files["sheet.png"] = sheet
    files["compare.json"] = as_json(facts)
    return files


def _print_results(request: Request, rows: list[Row], row_facts: list[dict[str, Any]]) -> None:
    if request.json:
        line = {
            "task": request.task,
            "input": str(request.input),
            "out": str(request.folder),
            "rows": row_facts,
        }
        sys.stdout.write(json.dumps(line, allow_nan=False) + "\n")
    elif not request.quiet:
        for row in rows:
            words = ", ".join(caption(row)) or "; ".join(row.notes)
            sys.stdout.write(f"{row.title:16} {words}\n")
        sys.stdout.write(f"see {request.folder / 'sheet.png'}\n")
