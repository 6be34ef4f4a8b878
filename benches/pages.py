"""The tables of measurements in the pages of docs, made from benches/results/*.json.

A table stands between ``<!-- made by benches/table.py: NAME -->`` and ``<!-- end -->``.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

Results = dict[str, dict[str, Any]]
"""Each result by the name of its file, without the ending."""

_MARKED = re.compile(r"(<!-- made by benches/table.py: ([\w-]+) -->\n).*?(\n<!-- end -->)", re.S)


def filled(text: str, results: Results) -> str:
    """Return the page with each of its marked tables made anew."""
    return _MARKED.sub(lambda found: found[1] + PARTS[found[2]](results) + found[3], text)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, *map(list, rows)]
    first, *rest = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([first, "|" + "---|" * len(names), *rest])


def _mean(rows: list[dict[str, Any]], key: str) -> float | None:
    values = [row.get(key) for row in rows]
    if any(value is None for value in values):
        return None
    return sum(values) / len(values)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _beside(result: dict[str, Any], peers: Iterable[str]) -> Iterable[list[str]]:
    """A row for each picture and the mean: peers, ours, seconds."""
    for row in [*result["rows"], result["mean"] | {"picture": "**mean**"}]:
        found = [row["peers"][name]["psnr"] for name in peers]
        yield [row["picture"], *map(_cell, found), _cell(row["psnr"]), f"{row['seconds']:.0f}"]


def demosaic(results: Results) -> str:
    """Return the table of docs/demosaic.md."""
    peers = ("bilinear", "Malvar, He, Cutler", "total variation")
    head = ["picture", *peers[:2], "total variation (`tv`)", "`fast`", "seconds"]
    return _table(head, _beside(results["demosaic-fast"], peers))


def flash(results: Results) -> str:
    """Return the table of docs/flash.md."""
    head = ["pair", "input", "joint bilateral", "untrained", "gain", "seconds"]
    rows = []
    for pair, given, filtered, own, seconds in _beside(
        results["flash-fast"], ("input", "joint bilateral")
    ):
        rows.append([pair, given, filtered, own, f"{float(own) - float(filtered):+.2f}", seconds])
    return _table(head, rows)


def noise(results: Results) -> str:
    """Return the table of docs/noise.md: means of each kind, without clean pictures."""
    every = [row for row in results["noise"]["rows"] if row["kind"] != "none"]
    others = {name: name.removesuffix(" told") for name in ("NLM told", "CBM3D told")}
    others |= {name: name for name in ("median 3x3", "switching median")}
    rows = []
    for kind in dict.fromkeys(row["kind"] for row in every):
        mine = [row for row in every if row["kind"] == kind]
        found = {title: _mean(mine, name) for name, title in others.items()}
        scores = {title: score for title, score in found.items() if score is not None}
        best = max(scores, key=scores.__getitem__)
        own = [_cell(_mean(mine, key)) for key in ("input", "psnr", "as gaussian")]
        rows.append([kind, *own, f"{best} {scores[best]:.2f}"])
    head = ["noise", "input", "untrained", "as Gaussian", "best other, tuned by the truth"]
    return _table(head, rows)


def phase(results: Results) -> str:
    """Return the table of docs/phase.md."""
    head = ["measurement", "usual, plain", "usual, constrained", "initial guess", "untrained"]
    columns = ("plain", "constrained", "guess", "psnr")
    rows = [
        [setting, *(_cell(mean[key]) for key in columns)]
        for setting, mean in results["phase"]["mean"].items()
    ]
    return _table(head, rows)


def bound(results: Results) -> str:
    """Return the table of docs/performance.md: seconds a step and their bound by operations."""
    rows = []
    for row in results["speed"]["rows"]:
        least = row["operations"] / results["speed"]["matrix_rates"][row["precision"]]
        taken = row["ms"] / 1000
        cells = [f"{seconds:.{2 if seconds > 1 else 3}f} s" for seconds in (least, taken)]
        rows.append([f"`{row['name']}`", *cells, f"{100 * row['share_of_matrix_rate']:.0f} %"])
    return _table(["way", "bound by operations", "measured", "of the bound"], rows)


PARTS: dict[str, Callable[[Results], str]] = {
    "bound": bound,
    "demosaic": demosaic,
    "flash": flash,
    "noise": noise,
    "phase": phase,
}
