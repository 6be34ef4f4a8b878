"""The verb that measures this machine; its commands say what."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

bench = App(name="bench", help="Measure how well and how fast it works on this machine.")


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
    from untrained.speed.command import Request, run_speed  # noqa: PLC0415

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
