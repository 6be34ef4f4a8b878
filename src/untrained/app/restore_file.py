"""One file in, one file out: read, check, fit while showing and saving progress, write, tell."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
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

from untrained.app import invocation
from untrained.app.interruption import Interruption, StepEndedError, interruptible
from untrained.app.keeping import Keeper
from untrained.app.waiting import Waiting
from untrained.errors import RequestError
from untrained.evaluation.report import Origin, write_report
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
from untrained.system.heartbeat import listening
from untrained.system.progress import plain, vanishing
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
        return self.output.with_name(self.output.name + ".resume")


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
        It failed while working; an old output file is untouched.
    """
    console = console_for(quiet=job.quiet)
    with Waiting(console, "reading"):
        given = None if job.input is None else (read or job.read)(job.input)
    with interruptible() as interruption:
        with Waiting(console, "preparing"):
            problem = describe(given)
            reference = _checked(job, problem)
            fit, words = _begin(job, problem)
        say = _once(console)
        keeper = Keeper(job.saved_fit)
        snapshots = Snapshots() if job.report else None
        _work(job, fit, keeper, snapshots, interruption, say, console, (*words, *problem.notes))
        interrupted = fit.stop is None
        result = fit.restoration()
        writing.write(job.output, result.restored, overwrite=True)
        if interrupted:
            going_on = keeper.save_last(fit)
        else:
            going_on = ""
            keeper.drop()
        if job.report:
            _report(job, job.report, given, problem, result, snapshots, reference)
        say((*fit.notes, *fit.events, *result.self_checks))
        _tell(job, result, reference)
        if interrupted:
            say_always(
                f"interrupted at step {result.steps}: wrote the best picture so far to "
                f"{job.output}; {going_on}"
            )
        elif interruption.asked:
            say_always(f"interrupted when the fit was done: the picture is whole in {job.output}")
    return INTERRUPTED if interruption.asked else DONE


def _report(
    job: Job,
    folder: Path,
    given: Any,
    problem: Problem,
    result: Restoration,
    snapshots: Snapshots | None,
    reference: Picture | None,
) -> None:
    """Write the report folder; a measurement that is no picture is shown by the initial guess."""
    pictured = isinstance(given, Picture)
    write_report(
        folder,
        result,
        before=given if pictured else problem.picture,
        origin=Origin(
            file=None if job.input is None else str(job.input),
            command=invocation.typed(),
            before_is="input" if pictured else "initial guess",
        ),
        snapshots=snapshots,
        reference=reference,
        picture_name="restored" + job.output.suffix.lower(),
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
    writing.check_writable(job.output, problem.picture, overwrite=job.overwrite or job.resume)
    if job.output.exists() and not job.overwrite and not job.saved_fit.exists():
        raise RequestError(f"{job.output} exists and no unfinished fit lies beside it: --overwrite")
    if job.saved_fit.exists() and not (job.resume or job.overwrite):
        raise RequestError(
            f"an unfinished fit is kept in {job.saved_fit}: go on with --resume, or start again "
            "with --overwrite"
        )
    if job.report is not None:
        _check_report_folder(job.report)
    if job.reference is None:
        return None
    reference = job.read(job.reference)
    check_reference(reference, problem.result_size, problem.picture.channels)
    return reference


def _check_report_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"the report folder {folder} is a file: give a folder")
    if not folder.exists() and not folder.parent.is_dir():
        raise RequestError(f"the folder {folder.parent} does not exist: make it first")


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
    if not job.saved_fit.exists():
        words = f"nothing to resume: there is no {job.saved_fit}; starting"
        return set_up(problem, recipe, job.fit), (words,)
    fit = load_fit(job.saved_fit, problem, recipe, **asdict(job.fit))
    reason = reason_for_other_bits(job.saved_fit)
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
    words = f"{job.output}: {result.task} in {result.seconds:.1f} s, {result.stopped}"
    if scored["psnr"] is not None:
        words += f"; PSNR {scored['psnr']:.2f} dB"
    if scored["ssim"] is not None:
        words += f", SSIM {scored['ssim']:.4f}"
    if job.report:
        words += f"; report: {job.report / 'index.html'}"
    return words
