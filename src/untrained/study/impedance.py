"""How readily the network fits a natural picture, and how reluctantly noise."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from untrained.restore import watch
from untrained.step import Step
from untrained.study import figure, fitting, pictures
from untrained.study.outcome import Outcome, Row, Study, Verdict
from untrained.study.settings import ImpedanceSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = (
    "The network fits a natural picture fastest, the same picture with noise more slowly, and the "
    "same pixels shuffled or pure noise most slowly: it offers noise high impedance (Ulyanov et "
    "al. 2018, figure 2)."
)

NATURAL, NOISY, SHUFFLED, UNIFORM = "natural", "with noise", "pixels shuffled", "uniform noise"


def impedance(image: Tensor, settings: ImpedanceSettings, *, seed: int, device: str) -> Study:
    """Fit four pictures of the same size with the same network and watch the loss.

    Parameters
    ----------
    image
        The natural picture, ``(1, C, H, W)`` in [0, 1].
    settings
        Network, steps and noise level.
    seed
        Of the noise and of the fits, which all begin with the same weights and latent.
    device
        Where to compute.
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
    verdict = judge(rows, settings.levels)
    return Outcome(CLAIM, verdict, rows, _draw(targets, rows, settings))


def judge(rows: Sequence[Row], levels: Sequence[float]) -> Verdict:
    """Compare the steps to the hardest level that the noisy picture reached, in the claimed order.

    Parameters
    ----------
    rows
        With ``target``, ``step`` and ``loss``.
    levels
        Losses whose first step is noted.
    """
    reached = {
        name: {f"{level:g}": _first(rows, name, level) for level in sorted(levels, reverse=True)}
        for name in (NATURAL, NOISY, SHUFFLED, UNIFORM)
    }
    common = [level for level, step in reached[NOISY].items() if step is not None]
    numbers = {"steps_to_loss": reached, "level": float(common[-1]) if common else None}
    if not common:
        return Verdict(
            False, "too few steps: the noisy picture reached none of the levels", numbers
        )
    hardest = common[-1]
    times = {name: steps[hardest] for name, steps in reached.items()}
    natural, noisy, *noise = (float("inf") if t is None else t for t in times.values())
    shown = natural < noisy < min(noise)
    told = ", ".join(f"{name} {step or 'not reached'}" for name, step in times.items())
    sentence = (
        f"steps to a mean squared error of {hardest}: {told}; "
        f"{'in' if shown else 'NOT in'} the order claimed"
    )
    return Verdict(shown, sentence, numbers)


def _first(rows: Sequence[Row], name: str, level: float) -> int | None:
    steps = (
        int(row["step"]) for row in rows if row["target"] == name and float(row["loss"]) <= level
    )
    return min(steps, default=None)


def _draw(targets: dict[str, Tensor], rows: Sequence[Row], settings: ImpedanceSettings) -> "Figure":
    page = figure.new_figure(9, 4.6)
    grid = page.add_gridspec(2, 4, width_ratios=[1, 1, 2.2, 2.2])
    axes = page.add_subplot(grid[:, 2:])
    for number, (name, target) in enumerate(targets.items()):
        colour = figure.COLOURS[number]
        small = page.add_subplot(grid[number // 2, number % 2])
        figure.show(small, target, name)
        small.title.set_color(colour)
        points = [(int(row["step"]), float(row["loss"])) for row in rows if row["target"] == name]
        axes.plot(*zip(*points, strict=True), color=colour, lw=1.4, label=name)
    axes.axhline(settings.sigma**2, color="#888888", ls=":", lw=1)
    axes.text(1, settings.sigma**2, " variance of the noise added", va="bottom", size=8)
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="mean squared error to the target")
    axes.legend(frameon=False, loc="lower left", fontsize=9)
    figure.clean_axes(axes)
    page.suptitle("The same network fitted to four targets", fontsize=11)
    return page
