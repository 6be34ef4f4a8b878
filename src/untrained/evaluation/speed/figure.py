"""The figure: PSNR against seconds."""

import io
from collections.abc import Sequence

from untrained.evaluation.figures import COLOURS, clean_axes, new_figure
from untrained.evaluation.speed.psnr_over_time import Reached


def draw(found: Sequence[Reached], target: float, heading: str) -> bytes:
    """Draw each method as a line, or as a point if it gives one picture; return a PNG.

    Parameters
    ----------
    found
        What each method reached; those without a point are left out.
    target
        PSNR in dB to mark.
    heading
        Title of the figure.
    """
    figure = new_figure(8, 5)
    axes = figure.add_subplot()
    colours = iter(COLOURS)
    for each in (each for each in found if each.points):
        seconds, quality = [p.seconds for p in each.points], [p.psnr for p in each.points]
        style = (
            {"marker": "o", "linestyle": "none"} if len(each.points) == 1 else {"linewidth": 1.8}
        )
        axes.plot(seconds, quality, label=each.title, color=next(colours), **style)
    axes.axhline(target, color="#555555", linewidth=1, linestyle="--")
    axes.annotate(
        f"{target:.2f} dB",
        (0.995, target),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="bottom",
        fontsize=9,
    )
    axes.set_xscale("log")
    axes.set(xlabel="seconds", ylabel="PSNR in dB", title=heading)
    axes.legend(loc="best", frameon=False)
    clean_axes(axes)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
