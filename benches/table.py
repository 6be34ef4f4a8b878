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


def main() -> None:
    """Write the page."""
    results = sorted((ROOT / "benches" / "results").glob("*.json"))
    parts = [HEAD, *(table(json.loads(path.read_text())) for path in results)]
    (ROOT / "docs" / "benchmarks.md").write_text(
        "\n\n".join(part.rstrip() for part in parts) + "\n"
    )


if __name__ == "__main__":
    main()
