"""Start-up and peak memory of one configuration, in a separate process.

    python -m untrained.evaluation.speed.probe CONFIGURATION FOLDER DEVICE SEED

runs two steps and prints the end time of the first and the peak memory.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from untrained.errors import WorkError


class Probed(NamedTuple):
    """Start-up time and memory of one process."""

    first_step_seconds: float
    """From process start to the end of the first step: imports, reading, building, one step."""
    peak_bytes: int | None
    """Allocated on a CUDA device, else resident; None if the system does not report it."""


def probe(name: str, folder: Path, *, device: str, seed: int) -> Probed:
    """Run two steps of the configuration `name` on the inputs in `folder` in a new process.

    Raises
    ------
    WorkError
        If the process fails; the message has the last line of its output.
    """
    words = [sys.executable, "-m", __name__, name, str(folder), device, str(seed)]
    started = time.time()
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise WorkError(f"{name} failed in a separate process: {last}")
    values = json.loads(done.stdout.splitlines()[-1])
    return Probed(values["first_step_ended"] - started, values["peak_bytes"])


def _run(name: str, folder: Path, device: str, seed: int) -> None:
    # Imported here: imports are part of the measured start-up.
    from untrained.evaluation.speed.configurations import configuration  # noqa: PLC0415
    from untrained.system.allocator import keep_freed_memory  # noqa: PLC0415
    from untrained.system.machine import peak_memory, synchronise  # noqa: PLC0415

    keep_freed_memory()
    chosen = configuration(name)
    problem = chosen.problem(folder)
    recipe = chosen.recipe(problem)
    where = chosen.engine(recipe, device).device
    fit = chosen.begin(problem, recipe, seed=seed, device=device)
    next(fit)
    synchronise(where)
    ended = time.time()
    next(fit)
    synchronise(where)
    values = {"first_step_ended": ended, "peak_bytes": peak_memory(where)}
    sys.stdout.write(json.dumps(values) + "\n")


if __name__ == "__main__":
    _run(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
