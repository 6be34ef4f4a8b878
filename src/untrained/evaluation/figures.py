"""Shared drawing functions of the studies' figures."""

from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#1b6ca8", "#d95f02", "#1a9850", "#b2182b", "#7b3294", "#8c6d31", "#555555")
"""Line colours, distinct for colour-blind readers too."""


def new_figure(width: float, height: float) -> "Figure":
    """Make a figure of this size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def show(axes: Any, image: Tensor, title: str = "", *, stretch: bool = False) -> None:
    """Show ``(1, C, H, W)`` in [0, 1] in `axes`.

    Parameters
    ----------
    axes
        Matplotlib axes.
    image
        One or three channels.
    title
        Written above.
    stretch
        Whether to stretch the contrast to the whole range, 1 % clipped at either end.
    """
    if stretch:
        low, high = image.flatten().quantile(0.01), image.flatten().quantile(0.99)
        image = (image - low) / (high - low).clamp_min(1e-6)
    samples = image[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
    grey = samples.shape[2] == 1
    axes.imshow(
        samples[..., 0] if grey else samples,
        cmap="gray" if grey else None,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    axes.set_title(title, fontsize=9)
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_visible(False)


def clean_axes(axes: Any) -> None:
    """Hide the top and right edges of the box, and draw a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, which="major", alpha=0.25)
