"""Start-up and peak memory of one configuration, in a process of its own.

    python -m untrained.evaluation.speed.probe CONFIGURATION FOLDER DEVICE SEED

runs two steps and prints when the first ended and the most memory held.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from untrained.errors import WorkError


class Probed(NamedTuple):
    """What one process took."""

    first_step_seconds: float
    """From its start to the end of the first step: imports, reading, building, one step."""
    peak_bytes: int | None
    """Allocated on a CUDA device, else resident; None where the system does not tell."""


def probe(name: str, folder: Path, *, device: str, seed: int) -> Probed:
    """Run two steps of the configuration `name` on the inputs in `folder` in a new process.

    Raises
    ------
    WorkError
        If it fails; the message has its last words.
    """
    words = [sys.executable, "-m", __name__, name, str(folder), device, str(seed)]
    started = time.time()
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise WorkError(f"{name} failed in a process of its own: {last}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Probed(told["first_step_ended"] - started, told["peak_bytes"])


def _run(name: str, folder: Path, device: str, seed: int) -> None:
    # Imported late: imports are part of the start-up that is measured.
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
    told = {"first_step_ended": ended, "peak_bytes": peak_memory(where)}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    _run(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
