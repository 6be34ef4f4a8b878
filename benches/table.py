"""Make docs/benchmarks.md and the tables in README.md and docs from benches/results/*.json.

python -m benches.table
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benches import pages
from untrained.evaluation.quality import outcome

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- made by benches/table.py -->", "<!-- end -->"
PRESETS = ("fast", "balanced", "best")
HEAD = """# Benchmarks

`python -m benches.table` makes this page from `benches/results/*.json`; above every table is the
command that measured it. PSNR in dB, measured on the exported samples. No fit saw a clean picture.
The published means are over whole sets, and a table may hold only part of a set: compare with the
peers measured on the same input. `over` is the gain over the peer with the best mean. The settings
of the presets were chosen on crops of these and other pictures, with one seed; for `flash`, the
settings of both methods on these very pairs. Expect a little less elsewhere. Not measured on a GPU.
"""


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


def speed_tables(result: dict[str, Any]) -> str:
    """Milliseconds, operations, memory and start-up; and seconds to a quality when measured."""
    machine, settings = result["machine"], result["settings"]
    size = settings["size"]
    rates = ", ".join(
        f"{precision} {rate / 1e9:.0f}" for precision, rate in result["matrix_rates"].items()
    )
    head = ["way", "precision", "ms a step", "speed-up", "GFLOP a step", "of matrix rate"]
    head += ["peak memory", "first step after", "steps", "projected"]
    about = (
        f"{machine['gpu'] or machine['processor']}, {machine['threads']} threads, torch "
        f"{machine['torch']}, pictures of {size}x{size}, medians of {settings['rounds']} rounds. "
        f"Products of square matrices in GFLOP/s: {rates}. The columns are explained in "
        "[performance.md](performance.md)."
    )
    lines = [
        "## speed",
        "",
        f"`{result['command']}`",
        "",
        about,
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(_speed_cells(row))} |" for row in result["rows"]),
    ]
    return "\n".join([*lines, *(_reach_lines(result["reach"]) if result["reach"] else [])])


def _speed_cells(row: dict[str, Any]) -> list[str]:
    peak = row["peak_bytes"]
    return [
        row["title"],
        row["precision"],
        f"{row['ms']:.1f}",
        f"{row['speed_up']:.2f}",
        f"{row['operations'] / 1e9:.2f}",
        f"{100 * row['share_of_matrix_rate']:.0f} %",
        "unknown" if peak is None else f"{peak / 2**30:.2f} GiB",
        f"{row['first_step_seconds']:.1f} s",
        str(row["steps"]),
        f"{row['projected_full_seconds']:.0f} s",
    ]


def _reach_lines(reach: dict[str, Any]) -> list[str]:
    target = f"{reach['target']:.2f} dB"
    lines = ["", f"| denoise | ended with | after | seconds to {target} |", "|---|---|---|---|"]
    for each in reach["methods"]:
        needed = each["seconds_to_target"]
        reached = "not reached" if needed is None else f"{needed:.2f}"
        lines.append(
            f"| {each['title']} | {each['psnr']:.2f} dB | {each['seconds']:.2f} s | {reached} |"
        )
    skipped = "; ".join(f"{each['title']} ({each['why']})" for each in reach["skipped"])
    return [*lines, "", "![PSNR against seconds](speed.png)"] + (
        ["", f"Skipped: {skipped}."] if skipped else []
    )


def memory_table(result: dict[str, Any]) -> str:
    """Predicted and measured bytes of each fit."""
    machine = result["machine"]
    lines = [
        "## memory",
        "",
        f"`{result['command']}`; explained in [large_pictures.md](large_pictures.md).",
        "",
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}.",
        "",
        "| fit | side | precision | predicted | measured | off by |",
        "|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        predicted, measured = row["predicted"] / 2**20, row["measured"] / 2**20
        off = 100 * (predicted / measured - 1)
        lines.append(
            f"| {row['task']} {row['preset']} | {row['side']} | {row['precision']} | "
            f"{predicted:.0f} MiB | {measured:.0f} MiB | {off:+.0f} % |"
        )
    return "\n".join(lines)


def reconstruct_tables(result: dict[str, Any]) -> str:
    """PSNR of reconstructions beside the guess and total variation tuned by the truth."""
    machine = result["machine"]
    columns = ("guess", "total variation tuned by truth", "psnr", "seconds")
    lines = [
        "## reconstruct",
        "",
        f"`{result['command']}`",
        "",
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}.",
        "",
        "| measurement | picture | guess | TV tuned by truth | untrained | seconds |",
        "|---|---|---|---|---|---|",
    ]
    means = [{"kind": kind, "picture": "**mean**", **row} for kind, row in result["mean"].items()]
    for row in (*result["rows"], *(mean for mean in means if "psnr" in mean)):
        cells = [f"{row[column]:.{0 if column == 'seconds' else 2}f}" for column in columns]
        lines.append(f"| {row['kind']} | {row['picture']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def deepinv_table(result: dict[str, Any]) -> str:
    """Ours and deepinv's prior, row by row and in the mean of each kind."""
    machine = result["machine"]
    about = (
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}. One run, "
        f"the two in turn; {result['steps']} steps of its ConvDecoder."
    )
    columns = ("untrained psnr", "deepinv psnr", "gain", "untrained seconds", "deepinv seconds")
    lines = [
        f"## DeepImagePrior of deepinv, {result['size']}x{result['size']}",
        "",
        f"`{result['command']}`",
        "",
        about,
        "",
        f"| measurement | picture | {' | '.join(columns)} | share of time |",
        "|" + "---|" * (len(columns) + 3),
    ]
    means = [{"kind": kind, "picture": "**mean**", **row} for kind, row in result["mean"].items()]
    for row in (*result["rows"], *means):
        cells = [f"{row[key]:.{0 if 'seconds' in key else 2}f}" for key in columns]
        share = f"{100 * row['share of time']:.0f} %"
        lines.append(f"| {row['kind']} | {row['picture']} | {' | '.join(cells)} | {share} |")
    return "\n".join(lines)


def noise_table(result: dict[str, Any]) -> str:
    """Ours on the picture alone, beside filters with their best settings by the truth."""
    machine = result["machine"]
    columns = ("input", "psnr", "as gaussian", "median 3x3", "switching median")
    columns = (*columns, "NLM told", "CBM3D told")
    head = ["noise", "picture", "input", "untrained", "as Gaussian", "median 3x3"]
    head += ["switching median", "NLM, best of 28", "CBM3D, best of 7", "seconds"]
    lines = [
        f"## kinds of noise, {result['size']}x{result['size']}, real noise 192x192",
        "",
        f"`{result['command']}`; explained in [noise.md](noise.md).",
        "",
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}.",
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
    ]
    for row in result["rows"]:
        cells = ["" if row.get(key) is None else f"{row[key]:.2f}" for key in columns]
        exact = row["kind"] == "none" and row["psnr"] is None
        cells[:2] = ["", "identical"] if exact else cells[:2]
        words = (row["kind"], row["picture"], *cells, f"{row['seconds']:.0f}")
        lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def phase_tables(result: dict[str, Any]) -> str:
    """Means over the pictures of each setting, then the pictures."""
    machine = result["machine"]
    columns = ("guess", "plain", "constrained", "psnr")
    lines = [
        "## phase",
        "",
        f"`{result['command']}`; explained in [phase.md](phase.md).",
        "",
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}.",
        "",
        f"| setting | picture | {' | '.join(columns)} | seconds |",
        "|" + "---|" * (len(columns) + 3),
    ]
    for setting, mean in result["mean"].items():
        mine = [row for row in result["rows"] if row["setting"] == setting]
        for row in (*mine, {"picture": "**mean**", **mean}):
            cells = ["" if row[key] is None else f"{row[key]:.2f}" for key in columns]
            seconds = f"{row['seconds']:.0f}" if "seconds" in row else ""
            words = (setting, row["picture"], *cells, seconds)
            lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def volume_tables(result: dict[str, Any]) -> str:
    """PSNR of each method on each volume and their mean, a table a task; then the memory."""
    machine = result["machine"]
    shape = "x".join(map(str, reversed(result["shape"])))
    lines = [
        "## volumes",
        "",
        f"`{result['command']}`; explained in [volumes.md](volumes.md).",
        "",
        f"Volumes of {shape}: noise of 25 grey levels, half of the voxels missing, enlarged by 2.",
        "",
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}.",
    ]
    for task in dict.fromkeys(row["task"] for row in result["rows"]):
        mine = [row for row in result["rows"] if row["task"] == task]
        names = list(dict.fromkeys(row["volume"] for row in mine))
        head = [task, *names, "**mean**", "seconds"]
        lines += ["", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
        for method in dict.fromkeys(row["method"] for row in mine):
            own = [row for row in mine if row["method"] == method]
            scores = [row["psnr"] for row in own]
            seconds = sum(row["seconds"] for row in own) / len(own)
            cells = [*(f"{score:.2f}" for score in (*scores, sum(scores) / len(scores)))]
            lines.append(f"| {' | '.join([method, *cells, f'{seconds:.0f}'])} |")
    if not result["memory"]:
        return "\n".join(lines)
    head = ["fit", "side", "precision", "predicted", "measured"]
    lines += ["", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in result["memory"]:
        sizes = [f"{row[key] / 1e9:.2f} GB" for key in ("predicted", "measured")]
        words = [row["task"], str(row["side"]), row["precision"], *sizes]
        lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def gallery_table(result: dict[str, Any]) -> str:
    """PSNR of the hardest cases."""
    rows = [
        [row["what"], row["other"], f"{row['best other']:.2f}", f"{row['untrained']:.2f}"]
        for row in result["rows"]
    ]
    head = ["case", "best other", "its PSNR", "untrained"]
    lines = [
        "## gallery",
        "",
        f"`{result['command']}`; shown in [gallery.md](gallery.md).",
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)


def section(result: dict[str, Any]) -> str:
    """The section for one file of results."""
    if result.get("bench") == "quality":
        return outcome.markdown(result)
    if result.get("bench") == "memory":
        return memory_table(result)
    if result.get("bench") == "speed":
        return speed_tables(result)
    if result.get("bench") == "reconstruct":
        return reconstruct_tables(result)
    if result.get("bench") == "deepinv":
        return deepinv_table(result)
    if result.get("bench") == "noise":
        return noise_table(result)
    if result.get("bench") == "phase":
        return phase_tables(result)
    if result.get("bench") == "volumes":
        return volume_tables(result)
    if result.get("bench") == "gallery":
        return gallery_table(result)
    return feature_tables(result)


def results_by_name() -> pages.Results:
    """All saved results by the names of their files, in order."""
    folder = ROOT / "benches" / "results"
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def read_results() -> list[dict[str, Any]]:
    """All saved results, in the order of their files' names."""
    return list(results_by_name().values())


def page(results: list[dict[str, Any]]) -> str:
    """The page of benchmarks."""
    parts = [HEAD]
    for result in results:
        parts.append(section(result))
        if "note" in result:
            parts.append(result["note"])
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def overview(results: list[dict[str, Any]]) -> str:
    """The table of means for the README: a row for each set, a column for each preset."""
    means: dict[str, dict[str, Any]] = {}
    for result in results:
        if result.get("bench") == "quality":
            means.setdefault(outcome.title(result), {})[result["preset"]] = result
    presets = [name for name in PRESETS if any(name in found for found in means.values())]
    head = ["task", "pictures", "best peer measured", *presets]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for title, found in sorted(means.items()):
        count = len(next(iter(found.values()))["rows"])
        own = [f"{found[name]['mean']['psnr']:.2f}" if name in found else "" for name in presets]
        lines.append(f"| {' | '.join([title, str(count), _best_peer(found.values()), *own])} |")
    return "\n".join(lines)


def _best_peer(found: Iterable[dict[str, Any]]) -> str:
    """The best method over all files of one set; the untouched input is not a method."""
    scores = {
        name: peer["psnr"]
        for result in found
        for name, peer in result["mean"]["peers"].items()
        if name != "input" and peer["psnr"] is not None
    }
    best = max(scores, key=scores.__getitem__, default=None)
    return "" if best is None else f"{best} {scores[best]:.2f}"


def readme(text: str, results: list[dict[str, Any]]) -> str:
    """The README with its table of means made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{overview(results)}\n{END}{after}"


def main() -> None:
    """Write the page of benchmarks and the tables in the README and in docs."""
    results = read_results()
    (ROOT / "docs" / "benchmarks.md").write_text(page(results))
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text(), results))
    for path in (ROOT / "docs").glob("*.md"):
        path.write_text(pages.filled(path.read_text(), results_by_name()))


if __name__ == "__main__":
    main()
