"""Layers x priors on one sheet: what ``untrained invert --sheet`` does."""

from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from untrained import files, preview, tasks
from untrained.errors import RequestError
from untrained.features import list_layers
from untrained.models import Model
from untrained.problem import Problem
from untrained.restoration import Restoration
from untrained.restore import settle_recipe, watch
from untrained.sheet import Panel, make_sheet

LAYERS = 5
PRIORS = {"untrained network": "fast", "total variation": "tv"}


@dataclass(frozen=True)
class SheetRequest:
    """What is asked for."""

    input: Path
    output: Path
    model: Model
    layers: tuple[str, ...] = ()
    """Five from shallow to deep when empty."""
    steps: int | None = None
    """For both priors; as many as the untrained one's preset has when None."""
    seed: int = 0
    device: str = "auto"
    overwrite: bool = False
    quiet: bool = False


def run_sheet(request: SheetRequest) -> int:
    """Invert each layer with each prior, the same number of steps; return the exit status 0.

    Raises
    ------
    RequestError
        If the input, a layer or the output is wrong; nothing was written.
    """
    picture = files.read(request.input)
    if request.output.suffix.lower() != ".png":
        raise RequestError(f"the sheet {request.output} must be a PNG: name it .png")
    files.check_writable(request.output, picture, overwrite=request.overwrite)
    layers = request.layers or spread(list_layers(request.model))
    problems = {layer: tasks.invert(picture, request.model, layer) for layer in layers}
    console = Console(stderr=True, quiet=request.quiet)
    panels = []
    with Progress(console=console, disable=request.quiet) as progress:
        for title, preset in PRIORS.items():
            panels.append(Panel(picture.pixels, request.input.name, (title,)))
            for layer, problem in problems.items():
                bar = progress.add_task(f"{layer}, {title}", total=1.0)
                fit = watch(
                    problem,
                    preset,
                    steps=request.steps or settle_recipe(problem).steps,
                    seed=request.seed,
                    device=request.device,
                )
                for step in fit:
                    progress.update(bar, completed=step.progress)
                panels.append(_panel(layer, problem, fit.restoration()))
    heading = f"{request.input.name}: features of {request.model.name} inverted"
    sheet = make_sheet(panels, heading=heading, across=len(layers) + 1)
    files.replace_file(request.output, preview.encoded(sheet.image))
    console.print(f"wrote {request.output}", highlight=False)
    return 0


def _panel(layer: str, problem: Problem, result: Restoration) -> Panel:
    with torch.no_grad():
        error = float(problem.misfit(problem.operator.cpu()(result.image), problem.measurement))
    return Panel(result.image, layer, (f"features off by {error:.3g}", f"{result.seconds:.0f} s"))


def spread(layers: list[tuple[str, tuple[int, ...]]], count: int = LAYERS) -> tuple[str, ...]:
    """Choose layers evenly from shallow to deep, whole blocks of the model where it has them.

    Layers that keep no place (1x1 or vectors) are left out.
    """
    spatial = [name for name, shape in layers if len(shape) == 4 and min(shape[-2:]) > 1]
    blocks = [
        name for name in spatial if name.count(".") == 1 and name.rpartition(".")[2].isdecimal()
    ]
    names = blocks if len(blocks) >= count else spatial
    if len(names) <= count:
        return tuple(names)
    return tuple(names[round(i * (len(names) - 1) / (count - 1))] for i in range(count))
