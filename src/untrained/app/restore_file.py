"""One file in, one file out: read, check, fit while showing and saving progress, write, tell."""

import hashlib
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from untrained.app import invocation, kept_fit
from untrained.app.interruption import Interruption, StepEndedError, interruptible
from untrained.app.keeping import Keeper
from untrained.app.waiting import Waiting
from untrained.errors import RequestError, WorkError
from untrained.evaluation.report import Origin, earlier_snapshots, kind_of, report_files
from untrained.evaluation.scores import check_reference, scores
from untrained.evaluation.snapshots import Snapshots
from untrained.fitting.checkpoint import load_fit, reason_for_other_bits
from untrained.fitting.fit_like import FitLike, StepLike
from untrained.fitting.restoration import Restoration
from untrained.fitting.restore import PriorName, set_up, settle_recipe
from untrained.picture import reading, writing
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.problem.problem import Problem
from untrained.recipes import NO_OPTIONS, FitOptions, read_recipe
from untrained.system import locks
from untrained.system.heartbeat import listening
from untrained.system.output_files import check_file_place, real, shown
from untrained.system.owned_folder import OwnedFolder, claimed
from untrained.system.progress import plain, vanishing
from untrained.system.rescue import SUFFIX, beside
from untrained.system.terminal import console as console_for
from untrained.system.terminal import say as say_always

DONE, INTERRUPTED = 0, 130
SECONDS_BETWEEN_SAVINGS = 60.0


@dataclass(frozen=True)
class Job:
    """What a command asks for, beyond its task. Fields are the options of every verb."""

    input: Path | None
    output: Path
    preset: str = "fast"
    recipe: Path | None = None
    prior: str = "untrained"
    fit: FitOptions = NO_OPTIONS
    reference: Path | None = None
    report: Path | None = None
    resume: bool = False
    overwrite: bool = False
    json: bool = False
    quiet: bool = False
    pages: PagesAre = "auto"
    """What the pages of the input are, and of the reference."""

    def read(self, path: Path) -> Picture:
        """Read a picture or volume."""
        return reading.read(path, pages=self.pages)

    @property
    def saved_fit(self) -> Path:
        """Where the unfinished fit is kept."""
        return beside(self.output)

    @property
    def picture_name(self) -> str:
        """Name of the result in the report."""
        return "restored" + self.output.suffix.lower()


def run_job(
    job: Job,
    describe: Callable[[Any], Problem],
    read: Callable[[Path], Any] | None = None,
) -> int:
    """Do a job; return the exit status: 0 done, 130 interrupted (the best picture is written).

    Parameters
    ----------
    job
        What to do.
    describe
        Makes the problem from what was read; from None when the job has no input.
    read
        Reads the input, where it is no picture but the samples of another measurement.

    Raises
    ------
    RequestError
        The request or the input is wrong; nothing was written.
    WorkError, OSError
        It failed while working; an old output file is untouched. If the fit had ended, it is kept:
        the message says where.
    """
    check_file_place(job.output, beside=(SUFFIX,))
    with locks.held(job.output), _report_folder(job) as folder:
        return _run(job, folder, describe, read)


def _report_folder(job: Job) -> AbstractContextManager[OwnedFolder | None]:
    if job.report is None:
        return nullcontext()
    return claimed(
        job.report,
        kind_of(job.picture_name),
        overwrite=job.overwrite,
        of=hashlib.sha256(os.fsencode(real(job.output))).hexdigest(),
        resume=job.resume and kept_fit.found(job.output) is not None,
    )


def _run(
    job: Job,
    folder: OwnedFolder | None,
    describe: Callable[[Any], Problem],
    read: Callable[[Path], Any] | None,
) -> int:
    console = console_for(quiet=job.quiet)
    with Waiting(console, "reading"):
        given = None if job.input is None else (read or job.read)(job.input)
    with interruptible() as interruption:
        with Waiting(console, "preparing"):
            problem = describe(given)
            reference = _checked(job, problem)
            before = _identity(job.output)
            fit, words = _begin(job, problem)
        say = _once(console)
        keeper = Keeper(job.saved_fit)
        snapshots = None
        if folder is not None:
            snapshots = Snapshots()
            snapshots.recall(earlier_snapshots(folder, len(fit.history)))
        words = (*words, *problem.notes, *writing.left_out(job.output, problem.picture))
        _work(job, fit, keeper, snapshots, interruption, say, console, words)
        interrupted = fit.stop is None
        with _kept_if_not_written(job, fit, "the result", job.output):
            result = fit.restoration()
            written = _written(job, result.restored, before)
        if folder is not None:
            with _kept_if_not_written(job, fit, "the report", folder.path):
                folder.write(_report(job, given, problem, result, snapshots, reference))
        if interrupted:
            going_on = kept_fit.keep_interrupted(job.output, fit)
        else:
            going_on = ""
            kept_fit.forget(job.output)
        say((*fit.notes, *fit.events, *result.self_checks))
        _tell(replace(job, output=written), result, reference)
        if interrupted:
            say_always(
                f"interrupted at step {result.steps}: wrote the best picture so far to {written}; "
                f"{going_on}"
            )
        elif interruption.asked:
            say_always(f"interrupted when the fit was done: the picture is whole in {written}")
    if written != job.output:
        raise WorkError(
            f"{shown(job.output)} has appeared meanwhile and was not replaced: the result is in "
            f"{shown(written)}"
        )
    return INTERRUPTED if interruption.asked else DONE


@contextmanager
def _kept_if_not_written(job: Job, fit: FitLike, what: str, place: Path) -> Iterator[None]:
    """Keep the fit when what it made cannot be written; the error says where it is."""
    try:
        yield
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        failed = f"{what} could not be written to {shown(place)} ({shown(reason)})"
        try:
            kept = kept_fit.keep(job.output, fit)
        except WorkError as second:
            raise WorkError(f"{failed}, and {second}") from error
        raise WorkError(
            f"{failed}; the fit is kept in {shown(kept)}: the same command with --resume ends it "
            "in a second"
        ) from error


def _written(job: Job, restored: Picture, before: tuple[int, ...] | None) -> Path:
    """Write the result; beside its place if something has appeared there; return where it is."""
    if job.overwrite or (before is not None and _identity(job.output) == before):
        writing.write(job.output, restored, overwrite=True)
        return job.output
    stem, suffix = job.output.stem, job.output.suffix
    others = (job.output.with_name(f"{stem}-{number}{suffix}") for number in itertools.count(2))
    for place in itertools.chain([job.output], others):
        if not place.exists():
            with suppress(FileExistsError):  # it has appeared this very moment
                writing.write(place, restored)
                return place
    raise AssertionError("names are endless")


def _identity(path: Path) -> tuple[int, ...] | None:
    """What tells a file from another one of its name; None if there is none."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return None


def _report(
    job: Job,
    given: Any,
    problem: Problem,
    result: Restoration,
    snapshots: Snapshots | None,
    reference: Picture | None,
) -> dict[str, bytes]:
    """Make the report's files; a measurement that is no picture is shown by the initial guess."""
    pictured = isinstance(given, Picture)
    return report_files(
        result,
        before=given if pictured else problem.picture,
        origin=Origin(
            file=None if job.input is None else str(job.input),
            command=invocation.typed(),
            before_is="input" if pictured else "initial guess",
        ),
        snapshots=snapshots,
        reference=reference,
        picture_name=job.picture_name,
    )


def _once(console: Console) -> Callable[[Iterable[str]], None]:
    """Make what prints sentences, each once."""
    said: set[str] = set()

    def say(sentences: Iterable[str]) -> None:
        for sentence in sentences:
            if sentence not in said:
                said.add(sentence)
                console.print(sentence)

    return say


def _checked(job: Job, problem: Problem) -> Picture | None:
    """Find all that can be found wrong before the long work."""
    kept_fit.check(job.output)
    kept = kept_fit.found(job.output)
    if kept is not None and not (job.resume or job.overwrite):
        raise RequestError(
            f"an unfinished fit is kept in {shown(kept)}: go on with --resume, or start again with "
            "--overwrite"
        )
    writing.check_writable(
        job.output,
        problem.picture,
        size=problem.result_size,
        overwrite=job.overwrite or job.resume,
        beside=(SUFFIX,),
    )
    if job.output.exists() and not job.overwrite and kept is None:
        raise RequestError(
            f"{shown(job.output)} exists and no unfinished fit lies beside it: --overwrite"
        )
    if job.reference is None:
        return None
    reference = job.read(job.reference)
    check_reference(reference, problem.result_size, problem.picture.channels)
    return reference


def _begin(job: Job, problem: Problem) -> tuple[FitLike, tuple[str, ...]]:
    """Begin the fit, or go on with the one that was kept; and what to say of that."""
    recipe = settle_recipe(
        problem,
        job.preset if job.recipe is None else read_recipe(job.recipe),
        prior=cast("PriorName", job.prior),
        options=job.fit,
    )
    if not job.resume:
        return set_up(problem, recipe, job.fit), ()
    kept = kept_fit.found(job.output)
    if kept is None:
        words = f"nothing to resume: there is no {job.saved_fit}; starting"
        return set_up(problem, recipe, job.fit), (words,)
    fit = load_fit(kept, problem, recipe, **asdict(job.fit))
    reason = reason_for_other_bits(kept)
    words = f"going on from step {len(fit.history)}"
    return fit, (words,) if reason is None else (words, reason)


def _work(
    job: Job,
    fit: FitLike,
    keeper: Keeper,
    snapshots: Snapshots | None,
    interruption: Interruption,
    say: Callable[[Iterable[str]], None],
    console: Console,
    first_words: Iterable[str],
) -> None:
    """Run the fit to its end or until it is interrupted, saving it now and then.

    The first words are said, and the bar is drawn, when the fit gives its first sign of life: until
    then it may turn out that the request was wrong.
    """
    saved = time.monotonic()
    with Waiting(console, "beginning") as waiting, _bar(job, fit, console) as show:

        def advance(share: float, step: StepLike | None = None) -> None:
            waiting.stop()
            say(first_words)
            show(share, step)

        def heard(share: float) -> None:
            advance(share)
            if interruption.asked and fit.last is not None:
                raise StepEndedError

        with suppress(StepEndedError), listening(heard):
            for step in fit:
                interruption.has_picture = True
                advance(step.progress, step)
                say((*fit.notes, *fit.events))
                if snapshots is not None:
                    snapshots.update(step)
                if interruption.asked:
                    return
                if time.monotonic() - saved > SECONDS_BETWEEN_SAVINGS and fit.stop is None:
                    keeper.save(fit)
                    saved = time.monotonic()


class _Advance(Protocol):
    def __call__(self, share: float, step: StepLike | None = None) -> None: ...


@contextmanager
def _bar(job: Job, fit: FitLike, console: Console) -> Iterator[_Advance]:
    columns = (
        plain("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        plain("{task.fields[loss]}"),
    )
    progress = Progress(*columns, console=console, disable=job.quiet)
    task = progress.add_task(fit.problem.task, total=1.0, loss="")

    def advance(share: float, step: StepLike | None = None) -> None:
        progress.start()
        progress.update(task, completed=share)
        if step is not None:
            words = f"{fit.problem.task}: {step.stage}"
            progress.update(task, description=words, loss=f"loss {step.loss:.2e}")

    with vanishing(progress):
        yield advance


def _tell(job: Job, result: Restoration, reference: Picture | None) -> None:
    scored = scores(result.restored, reference, ambiguous=result.ambiguous)
    if job.json:
        sys.stdout.write(json.dumps(_line(job, result, scored), allow_nan=False) + "\n")
    elif not job.quiet:
        sys.stdout.write(_sentence(job, result, scored) + "\n")


def _line(job: Job, result: Restoration, scored: dict[str, float | None]) -> dict[str, Any]:
    return {
        "task": result.task,
        "input": None if job.input is None else str(job.input),
        "output": str(job.output),
        "steps": result.steps,
        "chosen_step": result.chosen_step,
        "stopped": result.stopped,
        "seconds": round(result.seconds, 3),
        "device": result.device,
        "precision": result.precision,
        "preset": result.recipe.name,
        "seed": result.seed,
        **scored,
    }


def _sentence(job: Job, result: Restoration, scored: dict[str, float | None]) -> str:
    words = f"{shown(job.output)}: {result.task} in {result.seconds:.1f} s, {result.stopped}"
    if scored["psnr"] is not None:
        words += f"; PSNR {scored['psnr']:.2f} dB"
    if scored["ssim"] is not None:
        words += f", SSIM {scored['ssim']:.4f}"
    if job.report:
        words += f"; report: {shown(job.report / 'index.html')}"
    return words
