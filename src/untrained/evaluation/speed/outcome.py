"""Formats the measurements as plain values for JSON and as tables for the terminal."""

import statistics
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from untrained.evaluation.speed.configurations import ORIGINAL, Configuration
from untrained.evaluation.speed.measure import Measured
from untrained.evaluation.speed.probe import Probed
from untrained.evaluation.speed.psnr_over_time import Reached
from untrained.fitting.device import Engine
from untrained.recipes import Recipe


def row(
    way: Configuration,
    recipe: Recipe,
    engine: Engine,
    counted: int,
    measured: Measured,
    probed: Probed,
) -> dict[str, Any]:
    """Make the row of one configuration.

    Parameters
    ----------
    way, recipe, engine
        The configuration, its recipe and its engine.
    counted
        Floating-point operations per step.
    measured
        Timings of all configurations; the speed-up is over the original one, round by round.
    probed
        Start-up and memory in a separate process.
    """
    times = measured.milliseconds[way.name]
    ratios = [
        old / new for old, new in zip(measured.milliseconds[ORIGINAL.name], times, strict=True)
    ]
    milliseconds = statistics.median(times)
    rate = 1000 * counted / milliseconds
    return {
        "name": way.name,
        "title": way.title,
        "task": way.task,
        "preset": way.preset,
        "precision": engine.precision,
        "precision_why": engine.why,
        "steps_a_turn": measured.steps_a_turn[way.name],
        "ms_each_round": times,
        "ms": milliseconds,
        "speed_up_each_round": ratios,
        "speed_up": statistics.median(ratios),
        "operations": counted,
        "operations_per_second": rate,
        "share_of_matrix_rate": rate / statistics.median(measured.rates[engine.precision]),
        "peak_bytes": probed.peak_bytes,
        "first_step_seconds": probed.first_step_seconds,
        "steps": recipe.steps,
        "projected_full_seconds": recipe.steps * milliseconds / 1000,
    }


def rates(measured: Measured) -> dict[str, float]:
    """Compute the median matrix rates in operations per second."""
    return {name: statistics.median(values) for name, values in measured.rates.items()}


def reached(found: Sequence[Reached], target: float) -> dict[str, Any]:
    """Collect what each method reached, and which methods were skipped."""
    return {
        "target": target,
        "methods": [
            {
                "name": each.name,
                "title": each.title,
                "seconds": each.points[-1].seconds,
                "psnr": each.points[-1].psnr,
                "seconds_to_target": each.seconds_to(target),
                "points": [point._asdict() for point in each.points],
            }
            for each in found
            if each.points
        ],
        "skipped": [
            {"name": each.name, "title": each.title, "why": each.skipped}
            for each in found
            if not each.points
        ],
    }


def table_of_steps(rows: Sequence[dict[str, Any]]) -> Table:
    """Make the table of the time per step."""
    table = _table("steps", "precision", "ms", "speed-up", "GFLOP", "of matrix rate")
    for each in rows:
        table.add_row(
            each["name"],
            each["precision"],
            f"{each['ms']:.1f}",
            f"{each['speed_up']:.2f}",
            f"{each['operations'] / 1e9:.2f}",
            f"{100 * each['share_of_matrix_rate']:.0f} %",
        )
    return table


def table_of_runs(rows: Sequence[dict[str, Any]]) -> Table:
    """Make the table of memory, start-up and time of a whole run."""
    table = _table("runs", "peak memory", "first step after", "steps", "projected")
    for each in rows:
        peak = each["peak_bytes"]
        table.add_row(
            each["name"],
            "unknown" if peak is None else f"{peak / 2**30:.2f} GiB",
            f"{each['first_step_seconds']:.1f} s",
            str(each["steps"]),
            f"{each['projected_full_seconds']:.0f} s",
        )
    return table


def table_of_reach(results: dict[str, Any]) -> Table:
    """Make the table of what each method reached."""
    table = _table("quality", "ended with", "after", f"seconds to {results['target']:.2f} dB")
    for each in results["methods"]:
        needed = each["seconds_to_target"]
        table.add_row(
            each["title"],
            f"{each['psnr']:.2f} dB",
            f"{each['seconds']:.2f} s",
            "not reached" if needed is None else f"{needed:.2f}",
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table("", title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    return table
