"""Outcome: what a study found, and its three files: figure, numbers and rows."""

import csv
import io
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from untrained.errors import RequestError
from untrained.picture.writing import check_folder_writable, replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Mapping[str, str | int | float]
"""One line of the long-form table; all rows of a study have the same keys."""

KINDS = (".png", ".json", ".csv")


class Progress(NamedTuple):
    """How far a study is."""

    label: str
    """What is being done."""
    share: float
    """Share of the whole study, in [0, 1]."""


class Verdict(NamedTuple):
    """Whether the numbers show what the paper claims."""

    shown: bool
    sentence: str
    numbers: dict[str, Any]
    """The few numbers that decided it; plain values for JSON."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a study found."""

    claim: str
    """The paper's claim, in words."""
    verdict: Verdict
    rows: Sequence[Row]
    figure: "Figure"


Study = Generator[Progress, None, Outcome]
"""A study under way: yields progress, returns its outcome."""


def check_folder(folder: Path, name: str, *, overwrite: bool) -> None:
    """Check before the long work that the files of study `name` can be written.

    Raises
    ------
    RequestError
        If `folder` is a file, cannot be made or written to, or holds one of the files already.
    """
    check_folder_writable(folder)
    there = [path for kind in KINDS if (path := folder / f"{name}{kind}").exists()]
    if there and not overwrite:
        raise RequestError(f"{there[0]} exists: choose another --out or give --overwrite")


def write_outcome(folder: Path, name: str, outcome: Outcome, facts: Mapping[str, Any]) -> None:
    """Write ``NAME.png``, ``NAME.json`` and ``NAME.csv``, each whole or not at all.

    Parameters
    ----------
    folder
        Made when absent.
    name
        The study.
    outcome
        What it found.
    facts
        How it was made, as plain values: they join the numbers in the JSON file.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    verdict = outcome.verdict
    told = {
        "study": name,
        "claim": outcome.claim,
        "shown": verdict.shown,
        "verdict": verdict.sentence,
        "numbers": verdict.numbers,
        "rows": len(outcome.rows),
        **facts,
    }
    replace_file(folder / f"{name}.csv", _csv(outcome.rows))
    replace_file(folder / f"{name}.png", _png(outcome.figure))
    replace_file(
        folder / f"{name}.json", (json.dumps(told, indent=2, allow_nan=False) + "\n").encode()
    )


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
