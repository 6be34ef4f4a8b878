"""Fuzz for an hour, or for as many seconds as are given: ``python -m tests.fuzz [SECONDS [SEED]]``.

It prints the seed of each fault and keeps the file that caused it in ``fuzz-found``.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.attack import Watched, attack
from tests.fuzz.corpus import corpus

ROUND = 20.0
"""Seconds of one part before the next."""

FOUND = Path("fuzz-found")


def main(seconds: float, seed: int) -> int:
    """Go round the parts until the time is up; return how many faults there were."""
    end = time.monotonic() + seconds
    reached = dict.fromkeys(corpus(), seed)
    faults: set[str] = set()
    watched = Watched()
    while time.monotonic() < end:
        for part in corpus():
            left = min(ROUND, end - time.monotonic())
            with tempfile.TemporaryDirectory() as folder:
                for fault in attack(watched, part, Path(folder), left, reached[part]):
                    reached[part] += 1
                    if fault is not None and fault.words[-200:] not in faults:
                        faults.add(fault.words[-200:])
                        FOUND.mkdir(exist_ok=True)
                        kept = FOUND / f"{part.replace(' ', '-')}-{fault.seed}-{fault.name}"
                        kept.write_bytes(fault.data)
                        sys.stdout.write(f"{part} seed {fault.seed} ({kept}): {fault.words}\n")
            sys.stdout.flush()
    watched.close()
    files = sum(reached.values()) - seed * len(reached)
    sys.stdout.write(f"{files} damaged files, {len(faults)} kinds of fault\n")
    return len(faults)


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    sys.exit(
        min(1, main(given[0] if given else 3600.0, int(given[1]) if len(given) > 1 else 10**6))
    )
