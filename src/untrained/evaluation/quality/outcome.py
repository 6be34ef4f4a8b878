"""The numbers of a bench as tables: for the terminal, and in Markdown for the docs."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

_STRENGTHS = {
    "sigma": "sigma {}",
    "quality": "quality {}",
    "factor": "x{}",
    "missing": "{} % missing",
}
GAP = "the gain from stopping at the step of the budget that is best by the truth, network only"


def table(told: dict[str, Any]) -> Table:
    """Lay out the pictures and their mean for the terminal."""
    head, *body = _lines(told)
    laid = Table(title=told["command"], title_justify="left")
    for column in head:
        laid.add_column(column, justify="left" if column in ("picture", "size") else "right")
    for line in body:
        laid.add_row(*line)
    return laid


def markdown(told: dict[str, Any]) -> str:
    """Lay out the same as a section of a page, with the published figures below."""
    head, *body = _lines(told)
    facts = told["machine"]
    lines = [
        f"## {told['preset']}: {title(told)}",
        "",
        f"`{told['command']}`",
        "",
        f"{facts['processor']}, {facts['threads']} threads, torch {facts['torch']}.",
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(line)} |" for line in body),
    ]
    if told.get("published"):
        figures = "; ".join(
            f"{each['method']} {each['psnr']:.2f} ({each['where']})" for each in told["published"]
        )
        lines += ["", f"Published means over the whole set: {figures}."]
    if gap := told["mean"].get("gap"):
        lines += [
            "",
            f"Stop gap, {GAP}: {gap['mean']:.2f} dB in the mean, {gap['worst']:.2f} dB at worst.",
        ]
    if "covered" in told["mean"]:
        share = f"{100 * told['mean']['covered']:.0f} %"
        lines += [
            "",
            f"The truth lies within two deviations of the networks at {share} of samples.",
        ]
    skipped = dict(pair for row in told["rows"] for pair in row["skipped"].items())
    if skipped:
        lines += ["", f"Skipped: {'; '.join(f'{name} ({why})' for name, why in skipped.items())}."]
    return "\n".join(lines)


def title(told: dict[str, Any]) -> str:
    """Name the task, the set and the strength, which real noise has not."""
    strengths = [text.format(told[key]) for key, text in _STRENGTHS.items() if key in told]
    if told["pictures"] == "real":
        strengths = []
    return ", ".join([told["task"], told["pictures"], *strengths])


def best_peer(mean: dict[str, Any]) -> str | None:
    """Name the peer with the highest mean; None if there is none."""
    peers = mean["peers"]
    return max(peers, key=lambda name: peers[name]["psnr"] or 0.0, default=None)


def _lines(told: dict[str, Any]) -> Iterator[list[str]]:
    mean = told["mean"]
    peers = list(mean["peers"])
    best = best_peer(mean)
    head = ["picture", "size", *peers, "untrained"]
    yield [*head, *([f"over {best}"] if best else []), "seconds"]
    for row in [*told["rows"], mean | {"picture": "**mean**"}]:
        cells = [row["picture"], f"{row['width']}x{row['height']}" if "width" in row else ""]
        cells += [_decibels(row["peers"][name]["psnr"]) for name in peers]
        cells.append(_decibels(row["psnr"]))
        if best:
            cells.append(_gain(row["psnr"], row["peers"][best]["psnr"]))
        yield [*cells, f"{row['seconds']:.0f}"]


def _decibels(value: float | None) -> str:
    return "identical" if value is None else f"{value:.2f}"


def _gain(own: float | None, other: float | None) -> str:
    return "" if own is None or other is None else f"{own - other:+.2f}"
