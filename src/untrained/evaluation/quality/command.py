"""The quality bench for the command line: check, measure, write, print."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from untrained.errors import RequestError
from untrained.evaluation.plain_json import as_json
from untrained.evaluation.quality import cases
from untrained.evaluation.quality.cases import Case, QualityTask
from untrained.evaluation.quality.measure import Plan, account, measure
from untrained.evaluation.quality.outcome import GAP, markdown, table
from untrained.evaluation.quality.published import published
from untrained.system.output_files import shown
from untrained.system.owned_folder import Kind, OwnedFolder, claimed
from untrained.system.progress import progress_bars
from untrained.system.rescue import keep_files
from untrained.system.signals import finished_first
from untrained.tasks.presets import preset

_BENCH = Kind("a bench", ("bench.json", "bench.md").__contains__, "--out")


@dataclass(frozen=True)
class Setting:
    """Defaults and limits of a task's bench."""

    pictures: str
    """The default set."""
    option: str
    """Name of the strength: an option of the command."""
    usual: int
    """The default strength."""
    known: tuple[int, int]
    """Least and largest strength allowed."""


SETTINGS: dict[QualityTask, Setting] = {
    "denoise": Setting("cset9", "sigma", 25, (1, 255)),
    "deblock": Setting("cset9", "quality", 10, (1, 95)),
    "upscale": Setting("set5", "factor", 4, (2, 16)),
    "inpaint": Setting("set11", "missing", 50, (1, 99)),
}


@dataclass(frozen=True)
class Request:
    """The arguments of ``untrained bench TASK``."""

    task: QualityTask
    data: Path
    strength: int
    """Sigma, JPEG quality, factor or percentage of missing pixels."""
    pictures: str | None = None
    preset: str = "fast"
    peers: bool = False
    gap: bool = False
    out: Path | None = None
    device: str = "auto"
    seed: int = 0
    overwrite: bool = False
    json: bool = False
    quiet: bool = False


def run_quality(request: Request) -> int:
    """Measure all pictures and write the folder; return the exit status 0.

    Raises
    ------
    RequestError
        If the request is wrong; nothing was written.
    WorkError, OSError
        If the work fails.
    """
    setting = SETTINGS[request.task]
    low, high = setting.known
    if not low <= request.strength <= high:
        raise RequestError(f"--{setting.option} {request.strength}: give {low} to {high}")
    if not 0 <= request.seed < 2**62:
        raise RequestError(f"seed {request.seed} cannot be used: give 0 or more, below 2^62")
    pictures = request.pictures or setting.pictures
    preset(request.task, request.preset)  # raises for an unknown preset before the long work
    out = request.out or Path(f"bench-{request.task}")
    with claimed(out, _BENCH, overwrite=request.overwrite, inputs=(request.data,)) as folder:
        return _run(request, setting, pictures, folder)


def _run(request: Request, setting: Setting, pictures: str, folder: OwnedFolder) -> int:
    plan = Plan(request.preset, request.seed, request.device, request.peers, request.gap)
    with progress_bars(quiet=request.quiet) as report_progress:
        rows = [measure(case, plan, report_progress) for case in _cases(request, pictures)]
    command = _command(request, setting, pictures)
    results = account(request.task, plan, rows, command=command, pictures=pictures)
    figures = published(request.task, pictures, request.strength)
    results |= {
        setting.option: request.strength,
        "published": [each._asdict() for each in figures],
    }
    with finished_first(f"the bench was done and is in {folder.path}"):
        _write(request, folder, results)
    return 0


def _write(request: Request, folder: OwnedFolder, results: dict[str, Any]) -> None:
    files = {
        "bench.json": as_json(results),
        "bench.md": (markdown(results) + "\n").encode(errors="backslashreplace"),
    }
    try:
        folder.write(files)
    except (OSError, RequestError) as error:
        raise keep_files(folder.path, files, error) from error
    if not request.quiet:
        Console().print(table(results))
        if gap := results["mean"].get("gap"):
            sys.stdout.write(f"{GAP}: {gap['mean']:.2f} dB, at worst {gap['worst']:.2f}\n")
        sys.stdout.write(f"the numbers are in {shown(folder.path / 'bench.json')}\n")
    if request.json:
        sys.stdout.write(json.dumps(results | {"out": str(folder.path)}, allow_nan=False) + "\n")


def _cases(request: Request, pictures: str) -> Iterator[Case]:
    make = {
        "denoise": cases.denoise,
        "deblock": cases.deblock,
        "upscale": cases.upscale,
        "inpaint": cases.inpaint,
    }[request.task]
    return make(request.data, pictures, request.strength)


def _command(request: Request, setting: Setting, pictures: str) -> str:
    words = f"untrained bench {request.task} --data DIR --preset {request.preset}"
    if pictures != setting.pictures:
        words += f" --pictures {pictures}"
    if request.strength != setting.usual:
        words += f" --{setting.option} {request.strength}"
    words += " --peers" if request.peers else ""
    words += " --gap" if request.gap else ""
    return f"{words} --seed {request.seed}"
