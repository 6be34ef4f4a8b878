"""Compares how fast a network fits a natural picture and noise."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from untrained.evaluation import figures
from untrained.evaluation.study import fitting, pictures
from untrained.evaluation.study.fitting import watch
from untrained.evaluation.study.outcome import Outcome, Row, Study, Verdict
from untrained.evaluation.study.settings import ImpedanceSettings
from untrained.fitting.step import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = (
    "The network fits a natural picture fastest, the same picture with noise more slowly, and the "
    "same pixels shuffled or pure noise most slowly: it offers noise high impedance (Ulyanov et "
    "al. 2018, figure 2)."
)

NATURAL, NOISY, SHUFFLED, UNIFORM = "natural", "with noise", "pixels shuffled", "uniform noise"
TARGETS = (NATURAL, NOISY, SHUFFLED, UNIFORM)


def impedance(image: Tensor, settings: ImpedanceSettings, *, seed: int, device: str) -> Study:
    """Fit four targets of the same size by the same network and record the loss.

    Parameters
    ----------
    image
        The natural picture, ``(1, C, H, W)`` in [0, 1].
    settings
        Network, steps and noise level.
    seed
        Seed of the noise and the fits, which all start from the same weights and latent.
    device
        Device of the fits.
    """
    draws = pictures.generator(seed)
    targets = {
        NATURAL: image,
        NOISY: pictures.noisy(image, settings.sigma, draws),
        SHUFFLED: pictures.shuffled(image, draws),
        UNIFORM: pictures.uniform(image, draws),
    }
    recipe = fitting.plain_recipe(
        settings.network, settings.pairing, steps=settings.steps, step_size=settings.step_size
    )
    rows: list[Row] = []
    for number, (name, target) in enumerate(targets.items()):

        def note(step: Step, name: str = name) -> None:
            rows.append({"target": name, "step": step.index, "loss": step.loss})

        fit = watch(fitting.seen_whole(target), recipe, seed=seed, device=device)
        yield from fitting.follow(fit, name, note, part=(number, len(targets)))
    verdict = judge(rows, settings.levels, settings.sigma**2)
    return Outcome(CLAIM, verdict, rows, _draw(targets, rows, settings))


def judge(rows: Sequence[Row], levels: Sequence[float], variance: float) -> Verdict:
    """Compare the steps to each level in the claimed order, down to the variance of the noise.

    Below it, the residual of the noisy picture is noise too, which is slow to fit by the claim.

    Parameters
    ----------
    rows
        Rows with ``target``, ``step`` and ``loss``.
    levels
        Losses; the first step at or below each is compared.
    variance
        Variance of the added noise; levels below it are listed but do not count.
    """
    falling = sorted(levels, reverse=True)
    steps = {name: [_first(rows, name, level) for level in falling] for name in TARGETS}
    in_order = [_in_order([steps[name][k] for name in TARGETS]) for k in range(len(falling))]
    decisive = [k for k, level in enumerate(falling) if level >= variance]
    shown = bool(decisive) and all(in_order[k] for k in decisive)
    hardest = decisive[-1] if decisive else len(falling) - 1
    listed = ", ".join(f"{name} {steps[name][hardest] or 'not reached'}" for name in TARGETS)
    lost = [f"{level:g}" for level, right in zip(falling, in_order, strict=True) if not right]
    sentence = (
        f"steps to a mean squared error of {falling[hardest]:g}: {listed}; "
        f"{'' if shown else 'NOT '}in the order claimed down to the variance of the noise added "
        f"({variance:.2g})" + (f"; the order is lost at {', '.join(lost)}" if lost else "")
    )
    numbers = {
        "levels": falling,
        "steps_to_level": steps,
        "in_order": in_order,
        "variance_of_noise": variance,
    }
    return Verdict(shown, sentence, numbers)


def _in_order(steps: Sequence[int | None]) -> bool:
    """Return whether the picture comes first, then the noisy one, then both others."""
    natural, noisy, *noise = (math.inf if step is None else step for step in steps)
    return natural < noisy < min(noise)


def _first(rows: Sequence[Row], name: str, level: float) -> int | None:
    steps = (
        int(row["step"]) for row in rows if row["target"] == name and float(row["loss"]) <= level
    )
    return min(steps, default=None)


def _draw(targets: dict[str, Tensor], rows: Sequence[Row], settings: ImpedanceSettings) -> "Figure":
    page = figures.new_figure(9, 4.6)
    grid = page.add_gridspec(2, 4, width_ratios=[1, 1, 2.2, 2.2])
    axes = page.add_subplot(grid[:, 2:])
    for number, (name, target) in enumerate(targets.items()):
        colour = figures.COLOURS[number]
        small = page.add_subplot(grid[number // 2, number % 2])
        figures.show(small, target, name)
        small.title.set_color(colour)
        points = [(int(row["step"]), float(row["loss"])) for row in rows if row["target"] == name]
        axes.plot(*zip(*points, strict=True), color=colour, lw=1.4, label=name)
    axes.axhline(settings.sigma**2, color="#888888", ls=":", lw=1)
    axes.text(1, settings.sigma**2, " variance of the noise added", va="bottom", size=8)
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="mean squared error to the target")
    axes.legend(frameon=False, loc="lower left", fontsize=9)
    figures.clean_axes(axes)
    page.suptitle("The same network fitted to four targets", fontsize=11)
    return page
