"""Verbs that judge: a comparison on one picture, an experiment of the papers."""

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

from cyclopts import Parameter

from untrained.app.commands.options import COMMON, Common

if TYPE_CHECKING:
    from untrained.tasks.denoise import NoiseName


def compare(
    input: Path,  # noqa: A002
    /,
    *,
    task: Literal["denoise", "deblock", "upscale", "inpaint", "flash", "demosaic"],
    out: Path | None = None,
    sigma: float | None = None,
    noise: str | None = None,
    factor: float | None = None,
    mask: Path | None = None,
    known: Path | None = None,
    flash: Path | None = None,
    pattern: str | None = None,
    register: Annotated[bool, Parameter(negative="")] = False,
    model: Path | None = None,
    options: Common = COMMON,
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
        For denoise and demosaic: noise level in grey levels of 255; when absent, estimated from the
        picture, and none in a mosaic.
    noise
        For denoise: gaussian, poisson, poisson-gaussian, impulse, or auto, as the picture shows;
        auto when absent.
    factor
        For upscale: more than 1, up to 16; 4 when absent.
    mask
        For inpaint: picture of the same size, white is filled.
    known
        For inpaint: picture of the same size, white is known.
    flash
        For flash: the flash picture.
    pattern
        For demosaic: RGGB, BGGR, GRBG or GBRG; RGGB when absent.
    register
        For flash: shift the flash picture onto the other first, for every method.
    model
        Weights of a trained restorer to compare with; needs the package spandrel.
    """
    from untrained.app.compare_file import Request, run_comparison  # noqa: PLC0415

    given = {field.name: getattr(options, field.name) for field in fields(options)}
    request = Request(
        input,
        task,
        out=out,
        sigma=sigma,
        noise=cast("NoiseName | None", noise),
        factor=factor,
        mask=mask,
        known=known,
        flash=flash,
        pattern=pattern,
        register=register,
        model=model,
        **given,
    )
    return run_comparison(request)


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
    from untrained.evaluation.study.command import Request, run_study  # noqa: PLC0415

    return run_study(
        Request(name, out, image, quick, steps, seed, device, overwrite=overwrite, quiet=quiet)
    )
