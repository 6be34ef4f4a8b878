"""Measures when a fit reaches each frequency band."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from untrained.evaluation import figures
from untrained.evaluation.study import fitting, pictures, spectral_tools
from untrained.evaluation.study.fitting import watch
from untrained.evaluation.study.outcome import Outcome, Row, Study, Verdict
from untrained.evaluation.study.settings import SpectrumSettings
from untrained.fitting.step import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = (
    "The network fits the low frequencies of a picture before the high ones (Chakrabarty and Maji "
    "2019, 'The spectral bias of the deep image prior')."
)

NATURAL, NOISE = "natural", "uniform noise"


def spectrum(image: Tensor, settings: SpectrumSettings, *, seed: int, device: str) -> Study:
    """Fit a picture and white noise and record the relative error in each frequency band.

    Pictures have most of their power at low frequencies. White noise has equal power at all, so an
    order seen there comes from the network alone.

    Parameters
    ----------
    image
        The picture, ``(1, C, H, W)`` in [0, 1].
    settings
        Network, steps and bands.
    seed
        Seed of the noise and the fits.
    device
        Device of the fits.
    """
    targets = {NATURAL: image, NOISE: pictures.uniform(image, pictures.generator(seed))}
    recipe = fitting.plain_recipe(
        settings.network, settings.pairing, steps=settings.steps, step_size=settings.step_size
    )
    due = set(fitting.log_spaced(settings.steps, 1.1))
    rows: list[Row] = []
    for number, (name, target) in enumerate(targets.items()):
        whole = spectral_tools.band_power(target, settings.bands)

        def note(
            step: Step, name: str = name, target: Tensor = target, whole: Tensor = whole
        ) -> None:
            if step.index not in due:
                return
            error = spectral_tools.band_power(step.image.cpu() - target, settings.bands)
            rows.extend(
                {"target": name, "step": step.index, "band": band, "relative_error": float(share)}
                for band, share in enumerate((error / whole.clamp_min(1e-30)).sqrt())
            )

        fit = watch(fitting.seen_whole(target), recipe, seed=seed, device=device)
        yield from fitting.follow(fit, name, note, part=(number, len(targets)))
    return Outcome(CLAIM, judge(rows, settings.fitted), rows, _draw(rows, settings))


def judge(rows: Sequence[Row], fitted: float) -> Verdict:
    """Check that in the picture no band is fitted before the band below it.

    The order for the noise is listed but does not count.

    Parameters
    ----------
    rows
        Rows with ``target``, ``step``, ``band`` and ``relative_error``.
    fitted
        Relative error at which a band counts as fitted.
    """
    bands = sorted({int(row["band"]) for row in rows})
    steps = {
        name: [_first(rows, name, band, fitted) for band in bands] for name in (NATURAL, NOISE)
    }
    ordered = {name: _in_order(course) for name, course in steps.items()}
    listed = "; ".join(
        f"{name} {', '.join(str(step or 'not reached') for step in course)} "
        f"({'in order' if ordered[name] else 'NOT in order'})"
        for name, course in steps.items()
    )
    sentence = (
        f"steps to a relative error of {fitted:g}, from the lowest band to the highest: {listed}"
    )
    numbers = {"steps_to_fitted": steps, "in_order": ordered}
    return Verdict(ordered[NATURAL], sentence, numbers)


def _first(rows: Sequence[Row], name: str, band: int, fitted: float) -> int | None:
    steps = (
        int(row["step"])
        for row in rows
        if row["target"] == name
        and int(row["band"]) == band
        and float(row["relative_error"]) <= fitted
    )
    return min(steps, default=None)


def _in_order(course: Sequence[int | None]) -> bool:
    known = [math.inf if step is None else step for step in course]
    return known[0] < known[-1] and known == sorted(known)


def _draw(rows: Sequence[Row], settings: SpectrumSettings) -> "Figure":
    from matplotlib import colormaps

    page = figures.new_figure(9, 4.2)
    panels = page.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, (NATURAL, NOISE), strict=True):
        for band in range(settings.bands):
            points = [
                (int(row["step"]), float(row["relative_error"]))
                for row in rows
                if row["target"] == name and row["band"] == band
            ]
            low, high = (0.5 * (band + k) / settings.bands for k in (0, 1))
            colour = colormaps["viridis"](0.92 * band / max(1, settings.bands - 1))
            label = f"{low:.2g} to {high:.2g}"
            axes.plot(*zip(*points, strict=True), color=colour, lw=1.8, label=label)
        axes.axhline(settings.fitted, color="#888888", ls=":", lw=1)
        axes.set(xscale="log", xlabel="step", title=name, ylim=(0, 1.6))
        figures.clean_axes(axes)
    panels[0].set_ylabel("relative error in the band")
    panels[0].legend(title="cycles per pixel", frameon=False, fontsize=9, title_fontsize=9)
    page.suptitle("Which frequencies are fitted when", fontsize=11)
    return page
