"""The verb that measures this machine; its commands say what."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from untrained.evaluation.quality.cases import QualityTask

bench = App(name="bench", help="Measure how well and how fast it works on this machine.")


@Parameter(name="*")
@dataclass(frozen=True)
class Measured:
    """Options of every bench of quality."""

    pictures: str | None = None
    """Name of the set of pictures, a folder in --data; the one of the paper when absent."""
    preset: str = "fast"
    """Settings to measure."""
    peers: Annotated[bool, Parameter(negative="")] = False
    """Measure total variation and every other method that is installed, too."""
    gap: Annotated[bool, Parameter(negative="")] = False
    """Judge the picture as it goes, too: what stopping at the best step would have gained."""
    out: Path | None = None
    """Folder for bench.json and bench.md; bench-TASK when absent."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda or mps."""
    seed: int = 0
    """Draws weights and latents."""
    overwrite: Annotated[bool, Parameter(negative="")] = False
    """Replace the files of an earlier run."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print one JSON object as the last line on standard output."""
    quiet: Annotated[bool, Parameter(negative="")] = False
    """Show no progress and no table."""


_MEASURED = Measured()


@bench.command
def denoise(*, data: Path, sigma: int = 25, options: Measured = _MEASURED) -> int:
    """Measure denoising, the noise level not told.

    Parameters
    ----------
    data
        Folder that holds denoising/NAME and denoising/NAME_sigma25, with the same file names in
        both; or real/*/*_noisy.* and *_clean.*, for --pictures real. NAME is cset9 when absent.
    sigma
        Noise level in grey levels, as in the name of the folder.
    """
    return _measure("denoise", data, sigma, options)


@bench.command
def deblock(*, data: Path, quality: int = 10, options: Measured = _MEASURED) -> int:
    """Measure the removal of JPEG artefacts.

    Parameters
    ----------
    data
        Folder that holds clean pictures in denoising/NAME. NAME is cset9 when absent.
    quality
        JPEG quality they are written with.
    """
    return _measure("deblock", data, quality, options)


@bench.command
def upscale(*, data: Path, factor: int = 4, options: Measured = _MEASURED) -> int:
    """Measure upscaling: luma, without a border, as in the paper.

    Parameters
    ----------
    data
        Folder that holds clean pictures in sr/NAME. NAME is set5 when absent.
    factor
        They are reduced by this.
    """
    return _measure("upscale", data, factor, options)


@bench.command
def inpaint(*, data: Path, missing: int = 50, options: Measured = _MEASURED) -> int:
    """Measure inpainting of scattered pixels, which are zero in the damaged picture.

    Parameters
    ----------
    data
        Folder that holds inpainting/NAME and inpainting/NAME_masked50, with the same file names in
        both. NAME is set11 when absent.
    missing
        Percentage of missing pixels, as in the name of the folder.
    """
    return _measure("inpaint", data, missing, options)


def _measure(task: "QualityTask", data: Path, strength: int, options: Measured) -> int:
    from untrained.evaluation.quality.command import Request, run_quality  # noqa: PLC0415

    given = {field.name: getattr(options, field.name) for field in fields(options)}
    return run_quality(Request(task, data, strength, **given))


@bench.command
def speed(
    *,
    out: Path = Path("bench-speed"),
    size: int | None = None,
    rounds: int | None = None,
    quick: Annotated[bool, Parameter(negative="")] = False,
    reach: Annotated[bool, Parameter(negative="")] = False,
    original_steps: int | None = None,
    target: float | None = None,
    device: str = "auto",
    seed: int = 0,
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Measure milliseconds a step, operations, memory and start-up, beside the original way.

    Parameters
    ----------
    out
        Folder for speed.json and, with --reach, curve.png.
    size
        Height and width of the picture: a multiple of 4 from 16 to 512. 512 when absent.
    rounds
        How often each way has its turn. 5 when absent.
    quick
        Size 128, 2 rounds and, with --reach, 60 steps of the original way.
    reach
        Measure PSNR against seconds too: the original way takes hours on a CPU.
    original_steps
        With --reach: steps of the original way; those of the preset paper when absent.
    target
        With --reach: PSNR in dB to be reached; where the original way ends when absent.
    device
        Where to compute: auto, cpu, cuda or mps.
    seed
        Draws noise, mask, weights and latents.
    overwrite
        Replace the files of an earlier run.
    json
        Print one JSON object as the last line on standard output.
    quiet
        Show no progress and no table.
    """
    from untrained.evaluation.speed.command import Request, run_speed  # noqa: PLC0415

    return run_speed(
        Request(
            out,
            size=size,
            rounds=rounds,
            quick=quick,
            reach=reach,
            original_steps=original_steps,
            target=target,
            device=device,
            seed=seed,
            overwrite=overwrite,
            json=json,
            quiet=quiet,
        )
    )
