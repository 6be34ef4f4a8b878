"""Verbs that make a picture from what a classifier has learnt."""

import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from untrained.app.commands.options import DEFAULTS, Options, presets_in_help, run_fit
from untrained.errors import RequestError

_LEAST_SIDE, _LARGEST_SIDE = 8, 4096
"""Of a dream, in pixels: classifiers reduce it by 32, its fit holds thousands of bytes a pixel."""

if TYPE_CHECKING:
    from untrained.picture.picture import Picture
    from untrained.problem.problem import Problem


@presets_in_help("invert")
def invert(
    input: Path | None = None,  # noqa: A002
    output: Path | None = None,
    /,
    *,
    model: str = "efficientnet-lite0",
    weights: Path | None = None,
    layer: str | None = None,
    list_layers: Annotated[bool, Parameter(negative="")] = False,
    sheet: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Find a picture with the same features in a layer of a model: what the layer has kept.

    Parameters
    ----------
    input
        The picture whose features are taken.
    output
        Where to write the result; its extension says the format.
    model
        efficientnet-lite0 (extra "features"), or a classifier of torchvision.
    weights
        File of weights (a state dictionary) for a torchvision model.
    layer
        Name of the layer; with --sheet several, parted by commas.
    list_layers
        Print the names and shapes of the layers, and nothing else.
    sheet
        Write a sheet of layers (five from shallow to deep when none is named) by two priors.
    """
    from untrained.operators.classifiers import load_model  # noqa: PLC0415
    from untrained.operators.features import list_layers as named_layers  # noqa: PLC0415

    chosen = load_model(model, weights)
    if list_layers:
        for name, shape in named_layers(chosen):
            sys.stdout.write(f"{name:40} {'x'.join(map(str, shape[1:]))}\n")
        return 0
    if input is None or output is None or (layer is None and not sheet):
        raise RequestError("invert needs IN, OUT and --layer LAYER; --list-layers names the layers")
    if sheet:
        from untrained import tasks  # noqa: PLC0415
        from untrained.app.prior_sheet import evenly_spaced  # noqa: PLC0415
        from untrained.picture import reading  # noqa: PLC0415

        before = reading.read(input)
        layers = _parted(layer, "--layer") if layer else evenly_spaced(named_layers(chosen))
        problems = {name: tasks.invert(before, chosen, name) for name in layers}
        heading = f"{input.name}: features of {chosen.name} inverted"
        return _draw(output, heading, options, problems, before)
    wanted = str(layer)

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.invert(picture, chosen, wanted)

    return run_fit(input, output, options, describe)


@presets_in_help("dream")
def dream(
    output: Path,
    /,
    *,
    target: str,
    model: str = "efficientnet-lite0",
    weights: Path | None = None,
    size: int | None = None,
    sheet: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Find a picture that excites a class, a channel or a layer of a model.

    Parameters
    ----------
    output
        Where to write the result; its extension says the format.
    target
        A class by name or index, or LAYER:CHANNEL, or LAYER: for all of a layer; with --sheet
        several, parted by commas.
    model
        efficientnet-lite0 (extra "features"), or a classifier of torchvision.
    weights
        File of weights (a state dictionary) for a torchvision model.
    size
        Height and width of the picture; the model's own when absent.
    sheet
        Write a sheet of targets by two priors.
    """
    from untrained.operators.classifiers import load_model  # noqa: PLC0415

    if size is not None and not _LEAST_SIDE <= size <= _LARGEST_SIDE:
        raise RequestError(f"--size {size}: give {_LEAST_SIDE} to {_LARGEST_SIDE} pixels")
    for name in target.split(","):
        if name.strip().startswith(":"):
            raise RequestError(
                f"--target {target}: no layer is named before the colon; give LAYER:CHANNEL, "
                "LAYER: or a class"
            )
    chosen = load_model(model, weights)
    if sheet:
        from untrained import tasks  # noqa: PLC0415

        names = _parted(target, "--target")
        problems = {name: tasks.dream(chosen, name, size=size) for name in names}
        return _draw(output, f"dreams of {chosen.name}", options, problems)

    def describe(_picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.dream(chosen, target, size=size)

    return run_fit(None, output, options, describe)


def _parted(words: str, option: str) -> list[str]:
    """Names parted by commas."""
    names = [name.strip() for name in words.split(",")]
    if "" in names:
        raise RequestError(f"{option} {words}: a name between the commas is empty")
    return names


def _draw(
    output: Path,
    heading: str,
    options: Options,
    problems: "dict[str, Problem]",
    before: "Picture | None" = None,
) -> int:
    from untrained.app.prior_sheet import SheetRequest, run_sheet  # noqa: PLC0415

    names = ("fit", "overwrite", "quiet")
    given = {name: getattr(options, name) for name in names}
    others = [field.name for field in fields(options) if field.name not in names]
    idle = [name for name in others if getattr(options, name) != getattr(DEFAULTS, name)]
    idle += [
        name
        for name in ("seconds", "tile")
        if getattr(options.fit, name) != getattr(DEFAULTS.fit, name)
    ]
    if idle:
        raise RequestError(f"--{idle[0]} does nothing with --sheet: leave it out")
    return run_sheet(SheetRequest(output, heading, **given), problems, before)
