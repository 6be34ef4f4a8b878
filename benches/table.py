"""Make docs/benchmarks.md from benches/results/*.json.

python -m benches.table
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
HEAD = """# Benchmarks

Made by `python -m benches.table` from `benches/results/*.json`; every table says the command that
measured it. PSNR in dB is that of the exported samples. No fit saw a clean picture. The published
means are over whole sets, of which a table may hold a part: compare with the peers measured on the
same input; `gain` is over the peer beside `untrained`. The settings of `fast` were chosen on crops
of these pictures, among others, with one seed; for `flash`, those of both methods on these very
pairs. Expect a little less elsewhere. Not measured on a GPU.
"""
PEERS = ("input", "jpeg", "bicubic", "joint bilateral")
"""The last that a task has is the one that `gain` is over."""


def table(result: dict[str, Any]) -> str:
    """One task's numbers as Markdown."""
    rows = result["rows"]
    peers = [name for name in PEERS if name in rows[0]]
    head = ["picture", "size", *peers, "untrained", "gain", "seconds"]
    if not peers:
        head.remove("gain")
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    mean = result["mean"] | {"picture": "**mean**"}
    lines += [f"| {' | '.join(_cells(row, peers))} |" for row in [*rows, mean]]
    machine = result["machine"]
    published = "; ".join(
        f"{name} {facts['psnr']:.2f} ({facts['where']})"
        for name, facts in result["published"].items()
    )
    closing = ["", f"Published means: {published}."] if published else []
    return "\n".join(
        [
            f"## {result['recipe']['name']}: {result['command'].split()[3]}",
            "",
            f"`{result['command']}`",
            "",
            f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}.",
            "",
            *lines,
            *closing,
        ]
    )


def _cells(row: dict[str, Any], peers: list[str]) -> list[str]:
    size = f"{row['width']}x{row['height']}" if "width" in row else ""
    cells = [row["picture"], size, *(f"{row[peer]:.2f}" for peer in peers), f"{row['psnr']:.2f}"]
    if peers:
        cells.append(f"{row['psnr'] - row[peers[-1]]:+.2f}")
    return [*cells, f"{row['seconds']:.0f}"]


def feature_tables(result: dict[str, Any]) -> str:
    """Inversions and dreams, a column for each prior."""
    machine = result["machine"]
    lines = [
        "## fast: invert and dream",
        "",
        f"`{result['command']}`, EfficientNet-Lite0",
        "",
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}.",
    ]
    for key, rows, columns in (
        ("layer", result["inversions"], ("features_off", "psnr", "seconds")),
        ("class", result["dreams"], ("as_written", "least", "median", "seconds")),
    ):
        priors = list(dict.fromkeys(row["prior"] for row in rows))
        head = [f"{prior}: {column.replace('_', ' ')}" for prior in priors for column in columns]
        lines += ["", f"| {' | '.join([key, *head])} |", "|---" * (len(head) + 1) + "|"]
        for name in dict.fromkeys(row[key] for row in rows):
            mine = [
                row for prior in priors for row in rows if (row[key], row["prior"]) == (name, prior)
            ]
            cells = [f"{row[column]:.4g}" for row in mine for column in columns]
            lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def section(result: dict[str, Any]) -> str:
    """The part of the page that a file of results makes."""
    return feature_tables(result) if "dreams" in result else table(result)


def main() -> None:
    """Write the page."""
    results = sorted((ROOT / "benches" / "results").glob("*.json"))
    parts = [HEAD, *(section(json.loads(path.read_text())) for path in results)]
    (ROOT / "docs" / "benchmarks.md").write_text(
        "\n\n".join(part.rstrip() for part in parts) + "\n"
    )


if __name__ == "__main__":
    main()
