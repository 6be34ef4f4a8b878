"""Formats the results of a bench as tables: for the terminal, and in Markdown for the docs."""

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


def table(results: dict[str, Any]) -> Table:
    """Make the table of all pictures and their mean for the terminal."""
    head, *body = _lines(results)
    laid = Table(title=results["command"], title_justify="left")
    for column in head:
        laid.add_column(column, justify="left" if column in ("picture", "size") else "right")
    for line in body:
        laid.add_row(*line)
    return laid


def markdown(results: dict[str, Any]) -> str:
    """Make the same table as a Markdown section, with the published values below."""
    head, *body = _lines(results)
    facts = results["machine"]
    lines = [
        f"## {results['preset']}: {title(results)}",
        "",
        f"`{results['command']}`",
        "",
        f"{facts['processor']}, {facts['threads']} threads, torch {facts['torch']}.",
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(line)} |" for line in body),
    ]
    if results.get("published"):
        figures = "; ".join(
            f"{each['method']} {each['psnr']:.2f} ({each['where']})"
            for each in results["published"]
        )
        lines += ["", f"Published means over the whole set: {figures}."]
    if gap := results["mean"].get("gap"):
        lines += [
            "",
            f"Stop gap, {GAP}: {gap['mean']:.2f} dB in the mean, {gap['worst']:.2f} dB at worst.",
        ]
    if "covered" in results["mean"]:
        share = f"{100 * results['mean']['covered']:.0f} %"
        lines += [
            "",
            f"The truth lies within two deviations of the networks at {share} of samples.",
        ]
    skipped = dict(pair for row in results["rows"] for pair in row["skipped"].items())
    if skipped:
        lines += ["", f"Skipped: {'; '.join(f'{name} ({why})' for name, why in skipped.items())}."]
    return "\n".join(lines)


def title(results: dict[str, Any]) -> str:
    """Name the task, the set and the strength; real noise has no strength."""
    strengths = [text.format(results[key]) for key, text in _STRENGTHS.items() if key in results]
    if results["pictures"] == "real":
        strengths = []
    return ", ".join([results["task"], results["pictures"], *strengths])


def best_peer(mean: dict[str, Any]) -> str | None:
    """Name the peer with the highest mean; None if there is none."""
    peers = mean["peers"]
    return max(peers, key=lambda name: peers[name]["psnr"] or 0.0, default=None)


def _lines(results: dict[str, Any]) -> Iterator[list[str]]:
    mean = results["mean"]
    peers = list(mean["peers"])
    best = best_peer(mean)
    head = ["picture", "size", *peers, "untrained"]
    yield [*head, *([f"over {best}"] if best else []), "seconds"]
    for row in [*results["rows"], mean | {"picture": "**mean**"}]:
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
