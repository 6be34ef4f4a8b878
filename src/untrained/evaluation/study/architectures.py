"""Compares architectures on the same missing pixels: depth, skips, U-Net, ResNet."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from untrained.evaluation import figures, metrics
from untrained.evaluation.study import fitting, pictures
from untrained.evaluation.study.fitting import watch
from untrained.evaluation.study.outcome import Outcome, Row, Study, Verdict
from untrained.evaluation.study.settings import ArchitecturesSettings
from untrained.fitting.step import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = (
    "The structure is the prior: deeper encoder-decoders fill what is missing better than shallow "
    "ones, and passing every scale across in full, as a U-Net does, hurts (Ulyanov et al. 2018, "
    "inpainting of a large region with different depths and architectures)."
)

SCATTERED, HOLES = "scattered", "holes"


def architectures(
    image: Tensor, settings: ArchitecturesSettings, *, seed: int, device: str
) -> Study:
    """Fill scattered missing pixels and holes by networks of different structure.

    Parameters
    ----------
    image
        The whole picture, ``(1, C, H, W)`` in [0, 1]; the fits see only the known pixels.
    settings
        Networks, steps and missing pixels.
    seed
        Seed of the mask and the fits.
    device
        Device of the fits.
    """
    problems = _problems(image, settings, pictures.generator(seed))
    cases = [(problem, name) for problem in problems for name in settings.networks]
    due = set(fitting.log_spaced(settings.steps, 1.5))
    rows: list[Row] = []
    last: dict[tuple[str, str], Tensor] = {}
    for number, case in enumerate(cases):
        known = problems[case[0]]

        def note(step: Step, case: tuple[str, str] = case, known: Tensor = known) -> None:
            if step.index in due:
                last[case] = step.image.cpu()
                rows.append(_row(case, step, last[case], image, known))

        recipe = fitting.plain_recipe(
            settings.networks[case[1]],
            settings.pairing,
            steps=settings.steps,
            step_size=settings.step_sizes[case[1]],
        )
        fit = watch(fitting.seen_through(image, known), recipe, seed=seed, device=device)
        yield from fitting.follow(fit, ": ".join(case), note, part=(number, len(cases)))
    return Outcome(CLAIM, judge(rows), rows, _draw(image, problems, last, rows))


def judge(rows: Sequence[Row]) -> Verdict:
    """Compare the final PSNR in the holes: depth 5 with depth 1, depth 5 with the U-Net.

    Parameters
    ----------
    rows
        Rows with ``problem``, ``network``, ``step`` and ``psnr_missing``.
    """
    final = _final(rows, "psnr_missing")
    holes = final[HOLES]
    deeper = {name: psnr["depth 5"] > psnr["depth 1"] for name, psnr in final.items()}
    over_unet = {name: psnr["depth 5"] > psnr["U-Net"] for name, psnr in final.items()}
    shown = deeper[HOLES] and over_unet[HOLES]
    listed = "; ".join(
        f"{name}: " + ", ".join(f"{network} {value:.1f}" for network, value in psnr.items())
        for name, psnr in final.items()
    )
    sentence = (
        f"PSNR in dB over the missing pixels: {listed}; in the holes depth "
        f"{'helps' if deeper[HOLES] else 'does NOT help'} "
        f"({holes['depth 1']:.1f} to {holes['depth 5']:.1f}) and the U-Net is "
        f"{'worse' if over_unet[HOLES] else 'NOT worse'} than the hourglass"
    )
    numbers = {
        "psnr_missing": final,
        "psnr": _final(rows, "psnr"),
        "deeper_is_better": deeper,
        "unet_is_worse": over_unet,
    }
    return Verdict(shown, sentence, numbers)


def _problems(
    image: Tensor, settings: ArchitecturesSettings, draws: torch.Generator
) -> dict[str, Tensor]:
    """Make the masks of known pixels, bool ``(1, 1, H, W)``."""
    height, width = image.shape[-2:]
    scattered = torch.rand((1, 1, height, width), generator=draws) >= settings.missing
    holes = torch.ones((1, 1, height, width), dtype=torch.bool)
    for top, bottom in _gaps(height, settings):
        for left, right in _gaps(width, settings):
            holes[..., top:bottom, left:right] = False
    return {SCATTERED: scattered, HOLES: holes}


def _gaps(side: int, settings: ArchitecturesSettings) -> list[tuple[int, int]]:
    """Compute start and end of the holes along a side, evenly spaced."""
    length = max(1, round(settings.hole * side))
    middles = [(k + 0.5) * side / settings.holes for k in range(settings.holes)]
    return [(round(middle - length / 2), round(middle - length / 2) + length) for middle in middles]


def _row(case: tuple[str, str], step: Step, picture: Tensor, image: Tensor, known: Tensor) -> Row:
    gaps = ~known.expand_as(image)
    return {
        "problem": case[0],
        "network": case[1],
        "step": step.index,
        "loss": step.loss,
        "psnr": metrics.psnr(picture, image),
        "psnr_missing": metrics.psnr(picture[gaps], image[gaps]),
    }


def _final(rows: Sequence[Row], column: str) -> dict[str, dict[str, float]]:
    final: dict[str, dict[str, float]] = {}
    for row in sorted(rows, key=lambda row: int(row["step"])):
        final.setdefault(str(row["problem"]), {})[str(row["network"])] = float(row[column])
    names = dict.fromkeys(str(row["network"]) for row in rows)
    return {name: {n: final[name][n] for n in names} for name in sorted(final, reverse=True)}


def _draw(
    image: Tensor,
    problems: dict[str, Tensor],
    last: dict[tuple[str, str], Tensor],
    rows: Sequence[Row],
) -> "Figure":
    final = _final(rows, "psnr_missing")
    networks = list(final[SCATTERED])
    page = figures.new_figure(1.5 * (len(networks) + 2), 4.2)
    panels = page.subplots(len(problems), len(networks) + 2)
    for line, (problem, known) in zip(panels, problems.items(), strict=True):
        figures.show(line[0], torch.where(known, image, torch.ones(())), f"given: {problem}")
        best = max(final[problem].values())
        for axes, network in zip(line[1:], networks, strict=False):
            value = final[problem][network]
            figures.show(axes, last[problem, network], f"{network}\n{value:.1f} dB")
            axes.title.set_fontweight("bold" if value == best else "normal")
        figures.show(line[-1], image, "whole picture\n(never seen)")
    page.suptitle("Missing pixels filled by networks of different structure", fontsize=11)
    page.supxlabel("PSNR over the missing pixels; bold: best of the row", fontsize=9)
    return page
