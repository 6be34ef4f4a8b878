"""The outcome of a study and its three files: figure, numbers and rows."""

import csv
import io
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from untrained.evaluation.plain_json import as_json
from untrained.system.owned_folder import Kind

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


def kind_of(name: str) -> Kind:
    """What study `name` writes to its folder; other studies may lie there too."""
    return Kind("studies", {f"{name}{kind}" for kind in KINDS}.__contains__, "--out")


def outcome_files(name: str, outcome: Outcome, facts: Mapping[str, Any]) -> dict[str, bytes]:
    """Make ``NAME.png``, ``NAME.json`` and ``NAME.csv``.

    Parameters
    ----------
    name
        Name of the study.
    outcome
        Its result.
    facts
        Settings and circumstances as plain values, added to the JSON file.
    """
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
    return {
        f"{name}.csv": _csv(outcome.rows),
        f"{name}.png": _png(outcome.figure),
        f"{name}.json": as_json(contents),
    }


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
