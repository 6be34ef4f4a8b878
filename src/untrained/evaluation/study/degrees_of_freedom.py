"""Estimates the effective degrees of freedom of a fit over its steps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from untrained.evaluation import figures, metrics
from untrained.evaluation.study import fitting, pictures
from untrained.evaluation.study.fitting import watch
from untrained.evaluation.study.outcome import Outcome, Progress, Row, Study, Verdict
from untrained.evaluation.study.settings import FreedomSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = (
    "The network has more weights than the picture has samples, and yet the fit starts with few "
    "effective degrees of freedom and gains them step by step, up to nearly one for each sample "
    "when the noise is fitted too; the best picture comes long before (Jo et al. 2021, with the "
    "degrees of freedom of Stein 1981 and Ye 1998)."
)

_FEW, _NEARLY_ALL, _AT_BEST, _RISING = 0.1, 0.5, 0.5, 0.9


def freedom(image: Tensor, settings: FreedomSettings, *, seed: int, device: str) -> Study:
    """Estimate the degrees of freedom by perturbing the measurement (Monte-Carlo divergence).

    ``df = b . (f(y + e b) - f(y - e b)) / (2 e)`` with random signs ``b``, and `f` the picture
    after a number of steps (Ramani et al. 2008, doi 10.1109/TIP.2008.2001404). A fit is chaotic: a
    small `e` would compare two unrelated trajectories. So `e` is as large as the noise, as in the
    generalised degrees of freedom of Ye 1998 (doi 10.1080/01621459.1998.10474094), and `df` is a
    mean slope over that range.

    Parameters
    ----------
    image
        The clean picture, ``(1, C, H, W)`` in [0, 1]; the fits see it only with noise.
    settings
        Network, steps, noise level and perturbation.
    seed
        Seed of the noise, the signs and the fits.
    device
        Device of the fits.
    """
    draws = pictures.generator(seed)
    noisy = image + settings.sigma * torch.randn(image.shape, generator=draws)
    signs = 2.0 * torch.randint(0, 2, image.shape, generator=draws) - 1
    change = settings.perturbation * signs
    recipe = fitting.plain_recipe(
        settings.network, settings.pairing, steps=settings.steps, step_size=settings.step_size
    )
    fits = [
        watch(fitting.seen_whole(target), recipe, seed=seed, device=device)
        for target in (noisy, noisy + change, noisy - change)
    ]
    due = set(fitting.log_spaced(settings.steps))
    rows: list[Row] = []
    for middle, above, below in zip(*fits, strict=True):
        yield Progress("three fits side by side", middle.progress)
        if middle.index not in due:
            continue
        difference = (above.image - below.image).cpu()
        rows.append(
            {
                "step": middle.index,
                "df": float((signs * difference).sum()) / (2 * settings.perturbation),
                "samples": image.numel(),
                "pixels": image.shape[-2] * image.shape[-1],
                "loss": middle.loss,
                "psnr": metrics.psnr(middle.image.cpu(), image),
            }
        )
    return Outcome(CLAIM, judge(rows), rows, _draw(rows))


def judge(rows: Sequence[Row]) -> Verdict:
    """Check that the degrees of freedom start few, rise, and are nearly all only after the peak.

    Parameters
    ----------
    rows
        Rows with ``step``, ``df``, ``samples``, ``pixels`` and ``psnr``.
    """
    shares = [float(row["df"]) / float(row["samples"]) for row in rows]
    best = max(range(len(rows)), key=lambda k: float(rows[k]["psnr"]))
    rising = _rank_correlation(shares)
    shown = (
        shares[0] < _FEW
        and shares[-1] > _NEARLY_ALL
        and shares[best] < _AT_BEST
        and rising > _RISING
    )
    first, middle, last = (
        f"{float(rows[k]['df']):.0f} ({100 * shares[k]:.0f} %)" for k in (0, best, -1)
    )
    sentence = (
        f"of {rows[0]['samples']} samples ({rows[0]['pixels']} pixels) the degrees of freedom are "
        f"{first} at step {rows[0]['step']}, {middle} at the best picture, step "
        f"{rows[best]['step']}, and {last} at step {rows[-1]['step']}: "
        f"{'few, then nearly all' if shown else 'NOT the course claimed'}"
    )
    numbers = {
        "samples": int(rows[0]["samples"]),
        "pixels": int(rows[0]["pixels"]),
        "first_df": float(rows[0]["df"]),
        "best_step": int(rows[best]["step"]),
        "best_psnr": float(rows[best]["psnr"]),
        "best_df": float(rows[best]["df"]),
        "last_step": int(rows[-1]["step"]),
        "last_df": float(rows[-1]["df"]),
        "rank_correlation_with_step": rising,
    }
    return Verdict(shown, sentence, numbers)


def _rank_correlation(values: Sequence[float]) -> float:
    """Compute Spearman's correlation of a sequence with its order; 0 for fewer than two values."""
    n = len(values)
    if n < 2:
        return 0.0
    order = sorted(range(n), key=lambda k: values[k])
    squares = sum((place - k) ** 2 for place, k in enumerate(order))
    return 1 - 6 * squares / (n * (n**2 - 1))


def _draw(rows: Sequence[Row]) -> "Figure":
    page = figures.new_figure(7.5, 4.5)
    axes = page.add_subplot()
    other = axes.twinx()
    steps = [int(row["step"]) for row in rows]
    psnr = [float(row["psnr"]) for row in rows]
    total = int(rows[0]["samples"])
    best = psnr.index(max(psnr))
    blue, orange = figures.COLOURS[:2]
    axes.axhline(total, color="#888888", ls=":")
    pixels = rows[0]["pixels"]
    axes.text(steps[0], total, f"{total} samples in {pixels} pixels", va="bottom", size=9)
    axes.plot(steps, [float(row["df"]) for row in rows], color=blue, lw=2)
    other.plot(steps, psnr, color=orange, lw=1.4)
    other.plot([steps[best]], [max(psnr)], "o", color=orange)
    axes.annotate(
        f"best picture: step {steps[best]},\n{float(rows[best]['df']):.0f} degrees of freedom "
        f"({100 * float(rows[best]['df']) / total:.0f} %)",
        (steps[best], float(rows[best]["df"])),
        (0.04, 0.55),
        textcoords="axes fraction",
        arrowprops={"arrowstyle": "->", "color": "#444444"},
        size=9,
    )
    axes.set(xscale="log", xlabel="step", ylim=(None, 1.12 * total))
    axes.set_ylabel("effective degrees of freedom", color=blue)
    other.set_ylabel("PSNR to the clean picture (dB)", color=orange)
    other.spines[["top"]].set_visible(False)
    figures.clean_axes(axes)
    page.suptitle("How many numbers of a noisy picture the fit has taken up", fontsize=11)
    return page
