"""First the picture, then the noise: why a fit has to stop in time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from untrained.evaluation import figures, metrics
from untrained.evaluation.study import fitting, pictures
from untrained.evaluation.study.fitting import watch
from untrained.evaluation.study.outcome import Outcome, Row, Study, Verdict
from untrained.evaluation.study.settings import OverfitSettings
from untrained.fitting.step import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = (
    "Fitting a degraded picture passes close to the clean one on its way: quality rises, peaks, "
    "and falls as the network takes up the degradation as well (Ulyanov et al. 2018, figures 1 "
    "and 3: 100, 2400 and 50000 steps)."
)

_FALL = 0.5


def overfit(image: Tensor, settings: OverfitSettings, *, seed: int, device: str) -> Study:
    """Fit a noisy picture far beyond the best step and record the PSNR to the clean one.

    Parameters
    ----------
    image
        The clean picture, ``(1, C, H, W)`` in [0, 1]; the fit sees it only with noise.
    settings
        Network, steps and noise level.
    seed
        Seed of the noise and the fit.
    device
        Device of the fits.
    """
    noisy = pictures.noisy(image, settings.sigma, pictures.generator(seed))
    due = set(fitting.log_spaced(settings.steps, 1.1))
    taken: dict[int, Tensor] = {}
    rows: list[Row] = []

    def note(step: Step) -> None:
        if step.index not in due:
            return
        picture = step.image.cpu()
        taken[step.index] = picture
        rows.append(
            {
                "step": step.index,
                "loss": step.loss,
                "psnr": metrics.psnr(picture, image),
                "psnr_to_noisy": metrics.psnr(picture, noisy),
            }
        )

    recipe = fitting.plain_recipe(
        settings.network, settings.pairing, steps=settings.steps, step_size=settings.step_size
    )
    fit = watch(fitting.seen_whole(noisy), recipe, seed=seed, device=device)
    yield from fitting.follow(fit, "noisy picture", note)
    verdict = judge(rows, metrics.psnr(noisy, image))
    best = int(verdict.numbers["peak_step"])
    shown = {step: taken[step] for step in _evenly_spaced(sorted(taken), best, settings.pictures)}
    return Outcome(CLAIM, verdict, rows, _draw(image, noisy, shown, rows))


def judge(rows: Sequence[Row], psnr_of_noisy: float) -> Verdict:
    """Find the peak, and check that it exceeds the PSNR of the noisy picture and of the end.

    Parameters
    ----------
    rows
        Rows with ``step`` and ``psnr``.
    psnr_of_noisy
        PSNR of the noisy picture itself, in dB.
    """
    best = max(rows, key=lambda row: float(row["psnr"]))
    peak, last = float(best["psnr"]), float(rows[-1]["psnr"])
    shown = peak > psnr_of_noisy + _FALL and peak > last + _FALL
    sentence = (
        f"the PSNR peaks at {peak:.2f} dB at step {best['step']} (noisy picture: "
        f"{psnr_of_noisy:.2f} dB) and is {last:.2f} dB at step {rows[-1]['step']}: "
        f"{'a peak, then a fall' if shown else 'NO clear peak and fall within these steps'}"
    )
    numbers = {
        "psnr_of_noisy": psnr_of_noisy,
        "peak_step": int(best["step"]),
        "peak_psnr": peak,
        "last_step": int(rows[-1]["step"]),
        "last_psnr": last,
    }
    return Verdict(shown, sentence, numbers)


def _evenly_spaced(steps: Sequence[int], best: int, count: int) -> list[int]:
    """Choose about `count` steps, evenly on a log axis up to the last, including the best."""
    first = max(1, best // 16)
    wanted = [first * (steps[-1] / first) ** (k / max(1, count - 1)) for k in range(count)]
    chosen = {min(steps, key=lambda step: abs(step - want)) for want in wanted}
    nearest = min(chosen - {steps[-1]} or chosen, key=lambda step: abs(step - best))
    return sorted(chosen - {nearest} | {best})


def _draw(image: Tensor, noisy: Tensor, taken: dict[int, Tensor], rows: Sequence[Row]) -> "Figure":
    columns = len(taken) + 2
    page = figures.new_figure(1.55 * columns, 5)
    grid = page.add_gridspec(2, columns, height_ratios=[1, 1.7])
    steps = [int(row["step"]) for row in rows]
    psnr = {int(row["step"]): float(row["psnr"]) for row in rows}
    best = max(psnr, key=lambda step: psnr[step])
    figures.show(page.add_subplot(grid[0, 0]), noisy, f"noisy\n{metrics.psnr(noisy, image):.1f} dB")
    for column, (step, picture) in enumerate(taken.items(), 1):
        axes = page.add_subplot(grid[0, column])
        peak = " (peak)" if step == best else ""
        figures.show(axes, picture, f"step {step}{peak}\n{psnr[step]:.1f} dB")
    figures.show(page.add_subplot(grid[0, columns - 1]), image, "clean\n(never seen)")
    axes = page.add_subplot(grid[1, :])
    noisier = {int(row["step"]): float(row["psnr_to_noisy"]) for row in rows}
    axes.plot(steps, list(noisier.values()), color=figures.COLOURS[1], lw=1.4)
    axes.plot(steps, list(psnr.values()), color=figures.COLOURS[0], lw=2)
    axes.plot([best], [psnr[best]], "o", color=figures.COLOURS[0])
    last = steps[-1]
    axes.annotate(
        "to the noisy picture",
        (last, noisier[last]),
        (-4, 4),
        ha="right",
        size=9,
        textcoords="offset points",
        va="bottom",
        color=figures.COLOURS[1],
    )
    axes.annotate(
        "to the clean picture",
        (last, psnr[last]),
        (-4, -6),
        ha="right",
        size=9,
        textcoords="offset points",
        va="top",
        color=figures.COLOURS[0],
    )
    for step in taken:
        axes.axvline(step, color="#bbbbbb", lw=0.8, zorder=0)
    axes.set(xscale="log", xlabel="step", ylabel="PSNR (dB)")
    figures.clean_axes(axes)
    page.suptitle("Fitting a noisy picture: first the picture, then the noise", fontsize=11)
    return page
