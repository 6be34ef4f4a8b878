"""The outcome of a study and its three files: figure, numbers and rows."""

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
"""One row of the long-form table; all rows of a study have the same keys."""

KINDS = (".png", ".json", ".csv")


class Progress(NamedTuple):
    """The progress of a study."""

    label: str
    """Name of the current part."""
    share: float
    """Share of the whole study, in [0, 1]."""


class Verdict(NamedTuple):
    """Whether the numbers show what the paper claims."""

    shown: bool
    sentence: str
    numbers: dict[str, Any]
    """The numbers behind the verdict, as plain values for JSON."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """The result of a study."""

    claim: str
    """The paper's claim, in words."""
    verdict: Verdict
    rows: Sequence[Row]
    figure: "Figure"


Study = Generator[Progress, None, Outcome]
"""A running study: yields progress, returns its outcome."""


def check_folder(folder: Path, name: str, *, overwrite: bool) -> None:
    """Check before the long work that the files of study `name` can be written.

    Raises
    ------
    RequestError
        If `folder` is a file, cannot be created or written, or already has one of the files.
    """
    check_folder_writable(folder)
    there = [path for kind in KINDS if (path := folder / f"{name}{kind}").exists()]
    if there and not overwrite:
        raise RequestError(f"{there[0]} already exists: choose another --out or give --overwrite")


def write_outcome(folder: Path, name: str, outcome: Outcome, facts: Mapping[str, Any]) -> None:
    """Write ``NAME.png``, ``NAME.json`` and ``NAME.csv``, each whole or not at all.

    Parameters
    ----------
    folder
        Created if missing.
    name
        Name of the study.
    outcome
        Its result.
    facts
        Settings and circumstances as plain values, added to the JSON file.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    verdict = outcome.verdict
    contents = {
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
        folder / f"{name}.json", (json.dumps(contents, indent=2, allow_nan=False) + "\n").encode()
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
