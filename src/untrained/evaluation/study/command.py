"""One study for the command line: check, run with a progress bar, write, print."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from untrained.errors import RequestError
from untrained.evaluation.study import pictures
from untrained.evaluation.study.outcome import Outcome, Study, kind_of, outcome_files
from untrained.evaluation.study.registry import study_of
from untrained.evaluation.study.settings import settings_of
from untrained.fitting.device import choose_engine
from untrained.fitting.restoration import versions
from untrained.system.output_files import shown
from untrained.system.owned_folder import OwnedFolder, claimed
from untrained.system.progress import plain, vanishing
from untrained.system.rescue import keep_files
from untrained.system.signals import finished_first
from untrained.system.terminal import console


@dataclass(frozen=True)
class Request:
    """The arguments of ``untrained study``."""

    name: str
    out: Path | None = None
    image: Path | None = None
    quick: bool = False
    steps: int | None = None
    seed: int = 0
    device: str = "auto"
    overwrite: bool = False
    quiet: bool = False


def run_study(request: Request) -> int:
    """Run a study and write its files; return the exit status 0.

    Raises
    ------
    RequestError
        If the request is wrong; nothing was written.
    WorkError, OSError
        If the work fails.
    """
    study = study_of(request.name)
    settings = settings_of(request.name, quick=request.quick, steps=request.steps)
    if not 0 <= request.seed < 2**62:
        raise RequestError(f"seed {request.seed} cannot be used: give 0 or more, below 2^62")
    folder = request.out or Path(f"study-{request.name}")
    inputs = () if request.image is None else (request.image,)
    kind = kind_of(request.name)
    with claimed(folder, kind, overwrite=request.overwrite, inputs=inputs) as owned:
        return _run(request, study, settings, owned)


def _run(request: Request, study: Callable[..., Study], settings: Any, folder: OwnedFolder) -> int:
    engine = choose_engine(request.device, "float32")
    image, origin = pictures.natural(request.image, settings.side)
    start = time.perf_counter()
    outcome = _finished(
        study(image, settings, seed=request.seed, device=engine.device.type), request
    )
    facts = {
        "seconds": round(time.perf_counter() - start, 1),
        "picture": origin,
        "quick": request.quick,
        "seed": request.seed,
        "device": engine.device.type,
        "settings": settings.model_dump(mode="json"),
        "versions": versions(),
    }
    files = outcome_files(request.name, outcome, facts)
    with finished_first(f"the study was done and is in {folder.path}"):
        try:
            folder.write(files)
        except (OSError, RequestError) as error:
            raise keep_files(folder.path, files, error) from error
        if not request.quiet:
            verdict = outcome.verdict
            sys.stdout.write(
                f"{shown(folder.path)}: {request.name}.png, {request.name}.json and "
                f"{request.name}.csv in {facts['seconds']} s\n"
                f"{'claim shown' if verdict.shown else 'claim NOT shown'}: {verdict.sentence}\n"
            )
    return 0


def _finished(study: Study, request: Request) -> Outcome:
    """Run a study to its end with a progress bar."""
    columns = (
        plain(request.name),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        plain("{task.description}"),
    )
    bar = Progress(*columns, console=console(quiet=request.quiet), disable=request.quiet)
    task = bar.add_task("", total=1.0)
    with vanishing(bar):
        while True:
            try:
                label, share = next(study)
            except StopIteration as end:
                bar.update(task, completed=1.0, description="done")
                outcome: Outcome = end.value
                return outcome
            bar.start()
            bar.update(task, completed=share, description=label)
