"""Samples of networks with random weights: what the structure alone produces."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from torch import Tensor

from untrained.evaluation import figures
from untrained.evaluation.study import fitting, pictures, spectral_tools
from untrained.evaluation.study.fitting import watch
from untrained.evaluation.study.outcome import Outcome, Progress, Row, Study, Verdict
from untrained.evaluation.study.settings import SamplesSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = (
    "Hourglass networks with random weights, fed with noise, draw pictures with spatial structure; "
    "the deeper the network, the coarser the structure, and skip connections mix in finer scales "
    "(Ulyanov et al. 2020, samples from the prior)."
)

NOISE, PICTURE = "white noise", "the picture"

_MARGIN = 0.5


def samples(image: Tensor, settings: SamplesSettings, *, seed: int, device: str) -> Study:
    """Draw from networks with random weights and measure the smoothness of the pictures.

    Parameters
    ----------
    image
        ``(1, C, H, W)``: sets the size, and is the natural picture for comparison.
    settings
        Networks, and the number of draws of each.
    seed
        Seed of the first draw; the next draws count up.
    device
        Device of the networks.
    """
    recipes = {
        name: fitting.plain_recipe(network, settings.pairing, steps=1, step_size=0.01)
        for name, network in settings.networks.items()
    }
    drawn: dict[str, list[Tensor]] = {
        NOISE: [
            pictures.uniform(image, pictures.generator(seed + k)) for k in range(settings.draws)
        ]
    }
    problem = fitting.seen_whole(image)
    for done, (name, recipe) in enumerate(recipes.items()):
        yield Progress(name, done / len(recipes))
        drawn[name] = [
            # The first step's picture comes from the initial weights.
            next(watch(problem, recipe, seed=seed + k, device=device)).image.cpu()
            for k in range(settings.draws)
        ]
    rows = [
        _row(name, seed + k, each) for name, group in drawn.items() for k, each in enumerate(group)
    ]
    rows.append(_row(PICTURE, seed, image))
    verdict = judge(rows)
    return Outcome(CLAIM, verdict, rows, _draw(drawn, rows))


def judge(rows: Sequence[Row]) -> Verdict:
    """Compare the medians: structure in every hourglass, coarser with depth, finer with skips.

    Parameters
    ----------
    rows
        Rows with ``source``, ``slope``, ``roughness``; names of hourglasses start with ``depth``.
    """
    slopes, roughness = _medians(rows, "slope"), _medians(rows, "roughness")
    like_noise = {
        name: slope <= slopes[NOISE] + _MARGIN
        for name, slope in slopes.items()
        if name not in (NOISE, PICTURE)
    }
    hourglasses = [name for name in like_noise if name.startswith("depth")]
    structured = not any(like_noise[name] for name in hourglasses)
    depths = [roughness[f"depth {depth}"] for depth in (1, 3, 5)]
    coarser = all(deep < shallow for shallow, deep in pairwise(depths))
    finer = roughness["depth 5, skips"] > roughness["depth 5"]
    noisy = [name for name, like in like_noise.items() if like]
    sentence = (
        f"the spectra of all hourglasses {'fall' if structured else 'do NOT fall'} clearly more "
        f"steeply than white noise's (slopes {min(slopes[name] for name in hourglasses):.1f} to "
        f"{max(slopes[name] for name in hourglasses):.1f}, noise {slopes[NOISE]:.1f}, the natural "
        f"picture {slopes[PICTURE]:.1f}); depth 1, 3, 5 {'does' if coarser else 'does NOT'} make "
        f"the structure coarser (roughness {', '.join(f'{value:.2f}' for value in depths)}); skips "
        f"{'do' if finer else 'do NOT'} bring back finer scales "
        f"({roughness['depth 5, skips']:.2f})"
        + (f"; hardly smoother than noise: {', '.join(noisy)}" if noisy else "")
    )
    numbers = {
        "median_slope": slopes,
        "median_roughness": roughness,
        "hardly_smoother_than_noise": noisy,
        "structured": structured,
        "coarser_with_depth": coarser,
        "finer_with_skips": finer,
    }
    return Verdict(structured and coarser and finer, sentence, numbers)


def _row(name: str, seed: int, image: Tensor) -> Row:
    return {
        "source": name,
        "seed": seed,
        "slope": spectral_tools.spectral_slope(image),
        "roughness": spectral_tools.roughness(image),
    }


def _medians(rows: Sequence[Row], column: str) -> dict[str, float]:
    names = dict.fromkeys(str(row["source"]) for row in rows)
    return {
        name: median(float(row[column]) for row in rows if row["source"] == name) for name in names
    }


def _draw(drawn: dict[str, list[Tensor]], rows: Sequence[Row]) -> "Figure":
    columns, lines = len(drawn), len(next(iter(drawn.values())))
    page = figures.new_figure(1.5 * columns, 1.5 * lines + 2.3)
    grid = page.add_gridspec(lines + 1, columns, height_ratios=[1] * lines + [1.1])
    for column, (name, group) in enumerate(drawn.items()):
        for line, image in enumerate(group):
            title = name.replace(", ", ",\n", 1) if line == 0 else ""
            figures.show(page.add_subplot(grid[line, column]), image, title, stretch=True)
    axes = page.add_subplot(grid[lines, :])
    for column, name in enumerate(drawn):
        values = [float(row["slope"]) for row in rows if row["source"] == name]
        axes.plot([column] * len(values), values, "o", color=figures.COLOURS[0], ms=7, alpha=0.7)
    natural = next(float(row["slope"]) for row in rows if row["source"] == PICTURE)
    axes.axhline(natural, color=figures.COLOURS[1], ls="--", lw=1.2)
    axes.text(-0.45, natural, "the natural picture", color=figures.COLOURS[1], va="bottom", size=9)
    axes.set(xlim=(-0.5, columns - 0.5), xticks=[], ylim=(-0.5, None), ylabel="spectral slope")
    axes.set_xlabel(
        "slope of the power spectrum: 0 for white noise, higher is smoother", fontsize=9
    )
    figures.clean_axes(axes)
    page.suptitle("Pictures of networks with random weights: nothing was fitted", fontsize=11)
    return page
