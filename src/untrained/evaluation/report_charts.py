"""The drawings of a report: the curve of the losses, the map of the uncertainty."""

import io
import itertools
from typing import Any

import numpy as np
from torch import Tensor

from untrained.fitting.restoration import Record, Restoration
from untrained.picture.picture import Picture

_SHOWN = 0.995
"""Quantile of the uncertainty at the end of its scale: an unmeasured corner may exceed it."""

_FEW = 30
"""A stage with fewer steps is drawn with a dot for each."""


def uncertainty_map(deviation: Tensor, picture: Picture) -> bytes:
    """Draw a standard deviation ``(1, 1, [D,] H, W)`` with a scale in grey levels or units."""
    from matplotlib.figure import Figure

    measured = picture.display_range is not None
    plane = deviation[0, 0]
    plane = plane if plane.ndim == 2 else plane[len(plane) // 2]
    levels = (1 if measured else 255) * plane.numpy()
    unit = "units of the picture" if measured else "grey levels of 255"
    figure = Figure(figsize=(7, 5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    most = float(np.quantile(levels, _SHOWN)) or None
    drawn = axes.imshow(levels, cmap="magma", vmin=0, vmax=most)
    axes.set_axis_off()
    figure.colorbar(drawn, extend="max", label=f"standard deviation over the networks, {unit}")
    return _drawn(figure)


def _drawn(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def curve(result: Restoration) -> bytes:
    """Draw the loss of each stage, and what the stop rule watched, against the steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for stage, records in itertools.groupby(result.history, key=lambda record: record.stage):
        points = [(record.step, record.loss) for record in records]
        mark = "." if len(points) < _FEW else ""
        axes.plot(*zip(*points, strict=True), lw=0.8, marker=mark, label=f"loss: {stage}")
    scale = "log" if all(record.loss > 0 for record in result.history) else "linear"
    axes.set(xlabel="step", ylabel="loss", yscale=scale)
    networks = [record for record in result.history if record.stage == "network"]
    watched = [record for record in networks if record.statistic is not None]
    lines = axes.get_lines()
    if watched:
        lines += _plot_statistic(axes, result, watched)
    stop = axes.axvline(
        result.chosen_step,
        color="black",
        ls="--",
        lw=1,
        label=f"result: step {result.chosen_step}",
    )
    axes.legend(handles=[*lines, stop], loc="upper right")
    axes.set_title(result.stopped, fontsize=9)
    return _drawn(figure)


def _plot_statistic(axes: Any, result: Restoration, watched: list[Record]) -> list[Any]:
    other = axes.twinx()
    rules = result.recipe.stopping
    name = rules[0].kind if rules else "distance from the classical estimate"
    other.set(ylabel=name, yscale="log")
    points = [record.step for record in watched], [record.statistic for record in watched]
    return list(other.plot(*points, color="tab:red", lw=0.8, label=name))
