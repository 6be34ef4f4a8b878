"""The command line: one verb per task. Importing this file loads no torch."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts
from cyclopts import App, Parameter

from untrained.errors import RequestError, WorkError
from untrained.version import __version__

if TYPE_CHECKING:
    from untrained.image import Picture
    from untrained.problem import Problem

    Describe = Callable[[Picture | None], Problem]

FAILED, WRONG = 1, 2

app = App(
    name="untrained",
    help="Restore a picture with a network trained on nothing: it is fitted to that one picture.",
    version=__version__,
)


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every verb that fits."""

    preset: str = "fast"
    """Settings to use: fast, paper, tv (for inpaint also paper-text, paper-hole, paper-region)."""
    recipe: Path | None = None
    """JSON file of settings, in place of a preset."""
    seconds: float | None = None
    """Time budget in seconds."""
    steps: int | None = None
    """Budget in optimisation steps."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda or mps."""
    seed: int = 0
    """The same seed gives the same file on the same machine."""
    reference: Path | None = None
    """Clean picture; only for PSNR and SSIM, the fit never sees it."""
    overwrite: Annotated[bool, Parameter(negative="")] = False
    """Replace an existing output."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print one JSON object as the last line on standard output."""
    quiet: Annotated[bool, Parameter(negative="")] = False
    """Show no progress."""


@Parameter(name="*")
@dataclass(frozen=True)
class Options(Common):
    """Options of every verb that makes one file of one file."""

    prior: str = "untrained"
    """untrained (the structure of a network) or tv (total variation on free pixels)."""
    report: Path | None = None
    """Folder for a report: picture, curve, snapshots, report.json and index.html."""
    resume: Annotated[bool, Parameter(negative="")] = False
    """Go on with an interrupted fit."""


_COMMON = Common()
_DEFAULTS = Options()


@app.command
def denoise(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    sigma: float | None = None,
    options: Options = _DEFAULTS,
) -> int:
    """Remove noise.

    Parameters
    ----------
    input
        The noisy picture.
    output
        Where to write the result; its extension says the format.
    sigma
        Noise level in grey levels of 255; estimated from the picture when absent.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.denoise(picture, sigma=None if sigma is None else sigma / 255)

    return _run(input, output, options, describe)


@app.command
def deblock(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    options: Options = _DEFAULTS,
) -> int:
    """Remove JPEG artefacts.

    Parameters
    ----------
    input
        The picture with blocks and ringing.
    output
        Where to write the result; its extension says the format.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.deblock(picture)

    return _run(input, output, options, describe)


@app.command
def upscale(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    factor: float = 4,
    kernel: str = "lanczos2",
    options: Options = _DEFAULTS,
) -> int:
    """Enlarge a picture.

    Parameters
    ----------
    input
        The small picture.
    output
        Where to write the result; its extension says the format.
    factor
        How many times wider and higher: an integer from 2 to 16.
    kernel
        How the small picture is taken to have been reduced: lanczos2 or lanczos3.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.upscale(picture, factor, kernel=kernel)

    return _run(input, output, options, describe)


@app.command
def inpaint(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    mask: Path | None = None,
    known: Path | None = None,
    options: Options = _DEFAULTS,
) -> int:
    """Fill missing pixels; the known ones come back unchanged.

    With neither mask, transparent and NaN pixels are filled.

    Parameters
    ----------
    input
        The picture with missing pixels.
    output
        Where to write the result; its extension says the format.
    mask
        Picture of the same size: white is filled.
    known
        Picture of the same size: white is known.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.inpaint(picture, mask, known=known)

    return _run(input, output, options, describe)


@app.command
def flash(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    flash: Path,
    register: Annotated[bool, Parameter(negative="")] = False,
    options: Options = _DEFAULTS,
) -> int:
    """Give a noisy no-flash picture the detail of its flash picture; the light stays.

    Parameters
    ----------
    input
        The no-flash picture.
    output
        Where to write the result; its extension says the format.
    flash
        The flash picture, of the same size and depth.
    register
        Shift the flash picture onto the other first.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import files, tasks  # noqa: PLC0415

        return tasks.flash(picture, files.read(flash), register=register)

    return _run(input, output, options, describe)


@app.command
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
    options: Options = _DEFAULTS,
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
    from untrained.features import list_layers as named_layers  # noqa: PLC0415
    from untrained.models import load_model  # noqa: PLC0415

    chosen = load_model(model, weights)
    if list_layers:
        for name, shape in named_layers(chosen):
            sys.stdout.write(f"{name:40} {'x'.join(map(str, shape[1:]))}\n")
        return 0
    if input is None or output is None or (layer is None and not sheet):
        raise RequestError("invert needs IN, OUT and --layer LAYER; --list-layers names the layers")
    if sheet:
        from untrained import files, tasks  # noqa: PLC0415
        from untrained.prior_sheet import spread  # noqa: PLC0415

        before = files.read(input)
        layers = layer.split(",") if layer else spread(named_layers(chosen))
        problems = {name: tasks.invert(before, chosen, name) for name in layers}
        heading = f"{input.name}: features of {chosen.name} inverted"
        return _draw(output, heading, options, problems, before)
    wanted = layer or ""

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.invert(picture, chosen, wanted)

    return _run(input, output, options, describe)


@app.command
def dream(
    output: Path,
    /,
    *,
    target: str,
    model: str = "efficientnet-lite0",
    weights: Path | None = None,
    size: int | None = None,
    sheet: Annotated[bool, Parameter(negative="")] = False,
    options: Options = _DEFAULTS,
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
    from untrained.models import load_model  # noqa: PLC0415

    chosen = load_model(model, weights)
    if sheet:
        from untrained import tasks  # noqa: PLC0415

        names = [name.strip() for name in target.split(",")]
        problems = {name: tasks.dream(chosen, name, size=size) for name in names}
        return _draw(output, f"dreams of {chosen.name}", options, problems)

    def describe(_picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.dream(chosen, target, size=size)

    return _run(None, output, options, describe)


@app.command
def compare(
    input: Path,  # noqa: A002
    /,
    *,
    task: Literal["denoise", "deblock", "upscale", "inpaint", "flash"],
    out: Path | None = None,
    sigma: float | None = None,
    factor: float | None = None,
    mask: Path | None = None,
    known: Path | None = None,
    flash: Path | None = None,
    register: Annotated[bool, Parameter(negative="")] = False,
    model: Path | None = None,
    options: Common = _COMMON,
) -> int:
    """Restore a picture by a fit and by what is used instead, side by side on one sheet.

    Parameters
    ----------
    input
        The picture.
    task
        What to do with it.
    out
        Folder for sheet.png, a picture from each method and compare.json; compare-NAME beside the
        input when absent.
    sigma
        For denoise: noise level in grey levels of 255; estimated from the picture when absent.
    factor
        For upscale: an integer from 2 to 16, 4 when absent.
    mask
        For inpaint: picture of the same size, white is filled.
    known
        For inpaint: picture of the same size, white is known.
    flash
        For flash: the flash picture.
    register
        For flash: shift the flash picture onto the other first, for every method.
    model
        Weights of a trained restorer to compare with; needs the package spandrel.
    """
    from untrained.compare_job import Request, run_comparison  # noqa: PLC0415

    given = {field.name: getattr(options, field.name) for field in fields(options)}
    request = Request(
        input,
        task,
        out=out,
        sigma=sigma,
        factor=factor,
        mask=mask,
        known=known,
        flash=flash,
        register=register,
        model=model,
        **given,
    )
    return run_comparison(request)


@app.command
def study(
    name: str,
    /,
    *,
    out: Path | None = None,
    image: Path | None = None,
    quick: Annotated[bool, Parameter(negative="")] = False,
    steps: int | None = None,
    seed: int = 0,
    device: str = "auto",
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Run an experiment of the Deep Image Prior papers: a figure, the numbers, a verdict.

    Parameters
    ----------
    name
        samples, impedance, architectures, overfit, freedom or spectrum.
    out
        Folder for NAME.png, NAME.json and NAME.csv; study-NAME when absent.
    image
        Picture to study; one of scikit-image's when absent.
    quick
        Small picture, narrow networks, few steps: minutes on two cores.
    steps
        Steps of each fit.
    seed
        The same seed gives the same numbers on the same machine.
    device
        Where to compute: auto, cpu, cuda or mps.
    overwrite
        Replace the files of an earlier run.
    quiet
        Show no progress and no verdict.
    """
    from untrained.study.command import Request, run_study  # noqa: PLC0415

    return run_study(
        Request(name, out, image, quick, steps, seed, device, overwrite=overwrite, quiet=quiet)
    )


@app.command
def info() -> int:
    """Show versions, devices and the precision that would be used."""
    from untrained.engine import available_devices, choose_engine  # noqa: PLC0415
    from untrained.restoration import versions  # noqa: PLC0415

    engine = choose_engine()
    rows = versions() | {
        "devices": ", ".join(available_devices()),
        "device": engine.device.type,
        "precision": f"{engine.precision}: {engine.why}",
    }
    for key, value in rows.items():
        sys.stdout.write(f"{key:10} {value}\n")
    return 0


def _draw(
    output: Path,
    heading: str,
    options: Options,
    problems: "dict[str, Problem]",
    before: "Picture | None" = None,
) -> int:
    from untrained.prior_sheet import SheetRequest, run_sheet  # noqa: PLC0415

    names = ("steps", "seed", "device", "overwrite", "quiet")
    given = {name: getattr(options, name) for name in names}
    others = [field.name for field in fields(options) if field.name not in names]
    if idle := [name for name in others if getattr(options, name) != getattr(_DEFAULTS, name)]:
        raise RequestError(f"--{idle[0]} does nothing with --sheet: leave it out")
    return run_sheet(SheetRequest(output, heading, **given), problems, before)


def _run(source: Path | None, target: Path, options: Options, describe: "Describe") -> int:
    from untrained.job import Job, run_job  # noqa: PLC0415

    given = {field.name: getattr(options, field.name) for field in fields(options)}
    return run_job(Job(source, target, **given), describe)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong request, 130 interrupted."""
    sys.exit(_status(sys.argv[1:] if arguments is None else arguments))


def _status(arguments: list[str]) -> int:
    try:
        status = app(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
    except (cyclopts.CycloptsError, RequestError) as error:
        return _say(error, WRONG)
    except (WorkError, OSError, MemoryError) as error:
        return _say(error, FAILED)
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        return _say(error, FAILED)
    except KeyboardInterrupt:
        return _say("interrupted before there was a picture; nothing was written", 130)
    return status if isinstance(status, int) else 0


def _say(what: object, status: int) -> int:
    line = " ".join(str(what).split())
    sys.stderr.write(f"untrained: {line or type(what).__name__}\n")
    return status


if __name__ == "__main__":
    main()
