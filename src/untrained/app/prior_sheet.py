"""Problems x priors on one sheet: what ``--sheet`` of ``invert`` and ``dream`` does."""

from dataclasses import dataclass
from pathlib import Path

from untrained.errors import RequestError
from untrained.evaluation.sheet import Panel, make_sheet
from untrained.fitting.restore import settle_recipe, watch
from untrained.picture import preview, writing
from untrained.picture.picture import Picture
from untrained.problem.problem import Problem
from untrained.recipes import NO_OPTIONS, FitOptions
from untrained.system import locks
from untrained.system.output_files import create_file, replace_file, shown
from untrained.system.progress import progress_bars
from untrained.system.rescue import keep_files
from untrained.system.signals import finished_first
from untrained.system.terminal import console

LAYERS = 5
PRIORS = {"untrained network": "fast", "total variation": "tv"}


@dataclass(frozen=True)
class SheetRequest:
    """Where the sheet goes, and how to run its fits."""

    output: Path
    heading: str
    fit: FitOptions = NO_OPTIONS
    """For both priors; if no steps are given, those of the untrained network's preset."""
    overwrite: bool = False
    quiet: bool = False


def run_sheet(
    request: SheetRequest, problems: dict[str, Problem], before: Picture | None = None
) -> int:
    """Solve each problem with each prior in equally many steps; return the exit status 0.

    Parameters
    ----------
    request
        What to write, and how.
    problems
        Problems by title, one column each.
    before
        The input, shown first in each row.

    Raises
    ------
    RequestError
        If the output is wrong; nothing was written.
    """
    if request.output.suffix.lower() != ".png":
        raise RequestError(f"the sheet {request.output} must be a PNG: name it .png")
    writing.check_place(request.output, overwrite=request.overwrite)
    with locks.held(request.output):
        return _run(request, problems, before)


def _run(request: SheetRequest, problems: dict[str, Problem], before: Picture | None) -> int:
    panels = []
    with progress_bars(quiet=request.quiet) as report_progress:
        for prior, preset in PRIORS.items():
            if before is not None:
                panels.append(Panel(before.pixels, "the input", (prior,)))
            for title, problem in problems.items():
                fit = watch(
                    problem,
                    preset,
                    steps=_steps(request, problem),
                    seed=request.fit.seed,
                    device=request.fit.device,
                )
                for step in fit:
                    report_progress(f"{title}, {prior}", step.progress)
                result = fit.restoration()
                caption = (f"{prior}, {result.seconds:.0f} s", *result.self_checks)
                panels.append(Panel(result.image, title, caption))
    across = len(panels) // len(PRIORS)
    sheet = make_sheet(panels, heading=shown(request.heading), across=across)
    content = preview.encoded(sheet.image)
    with finished_first(f"the sheet was done and is in {request.output}"):
        try:
            (replace_file if request.overwrite else create_file)(request.output, content)
        except (OSError, RequestError) as error:
            raise keep_files(request.output, {request.output.name: content}, error) from error
        console(quiet=request.quiet).print(f"wrote {shown(request.output)}")
    return 0


def _steps(request: SheetRequest, problem: Problem) -> int:
    """Those asked for; else, for both priors, those of the untrained network's preset."""
    asked = request.fit.steps
    return settle_recipe(problem).steps if asked is None else asked


def evenly_spaced(
    layers: list[tuple[str, tuple[int, ...]]], count: int = LAYERS
) -> tuple[str, ...]:
    """Choose layers evenly from shallow to deep; whole blocks if the model has enough of them.

    Layers without spatial extent (1x1 or vectors) are left out.
    """
    spatial = [name for name, shape in layers if len(shape) == 4 and min(shape[-2:]) > 1]
    blocks = [name for name in spatial if name.count(".") == 1]
    blocks = [name for name in blocks if name.rpartition(".")[2].isdecimal()]
    names = blocks if len(blocks) >= count else spatial
    if len(names) <= count:
        return tuple(names)
    return tuple(names[round(i * (len(names) - 1) / (count - 1))] for i in range(count))
