"""Restoration -> folder: the picture, the curve, snapshots, report.json and an HTML page."""

import html
import io
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.errors import RequestError
from untrained.evaluation import metrics
from untrained.evaluation.alignment import aligned
from untrained.fitting.fit_like import StepLike
from untrained.fitting.restoration import Record, Restoration, versions
from untrained.picture import preview, writing
from untrained.picture.picture import Picture
from untrained.picture.region import Size, sides_in_words

_SHOWN = 0.995
"""Quantile of the uncertainty at the end of its scale: an unmeasured corner may exceed it."""

_FEW = 30
"""A stage with fewer steps is drawn with a dot for each."""


class Snapshots:
    """Keeps the pictures of log-spaced steps: 1, 2, 3, 5, 8, 12 ... as 8-bit PNGs.

    Call `update` with every step; a snapshot is what would have been handed over then.
    """

    _RATIO = 1.5

    def __init__(self) -> None:
        self.pictures: dict[int, bytes] = {}
        self._next = 1

    def update(self, step: StepLike) -> None:
        """Keep the picture of a step if it is due."""
        if step.index >= self._next:
            self.pictures[step.index] = preview.png_bytes(step.picture)
            self._next = max(step.index + 1, math.ceil(step.index * self._RATIO))


def scores(
    restored: Picture, reference: Picture | None, *, ambiguous: bool = False
) -> dict[str, float | None]:
    """Compute PSNR in dB and SSIM against the clean picture; None without one, or if infinite.

    Parameters
    ----------
    restored
        The result.
    reference
        The clean picture.
    ambiguous
        Whether to remove shift, half turn and phase first.

    Raises
    ------
    RequestError
        If the two differ in size or channels.
    """
    if reference is None:
        return {"psnr": None, "ssim": None}
    check_reference(reference, restored.size, restored.channels)
    pixels, truth = _comparable(restored, reference, ambiguous=ambiguous)
    psnr = metrics.psnr(pixels, truth)
    return {
        "psnr": psnr if math.isfinite(psnr) else None,
        "ssim": metrics.ssim(pixels, truth),
    }


def _comparable(restored: Picture, reference: Picture, *, ambiguous: bool) -> tuple[Tensor, Tensor]:
    """Scale both to [0, 1]; pictures in physical units by the reference's minimum and maximum.

    Samples of the same type are scaled by black and white of the restored picture.
    """
    if restored.display_range is None:
        if restored.stored.dtype != reference.stored.dtype:
            return restored.pixels, reference.pixels
        gain = reference.scale / restored.scale
        shift = (reference.offset - restored.offset) / restored.scale
        return restored.pixels, gain * reference.pixels + shift
    truth = torch.from_numpy(reference.stored.transpose(2, 0, 1)[None].astype("float32"))
    low, high = float(truth.min()), float(truth.max())
    scale = (high - low) or 1.0
    pixels = aligned(restored.pixels, truth) if ambiguous else restored.pixels
    return (pixels - low) / scale, (truth - low) / scale


def check_reference(reference: Picture, size: Size, channels: int) -> None:
    """Check that a reference can be compared with a result of this size.

    Raises
    ------
    RequestError
        If it cannot; the message names both sizes.
    """
    if (*reference.size, reference.channels) != (*size, channels):
        raise RequestError(
            f"the reference is {sides_in_words(reference.size)} with {reference.channels} "
            f"channels, the result {sides_in_words(size)} with {channels}: they must match"
        )


def summary(result: Restoration, reference: Picture | None = None) -> dict[str, Any]:
    """Collect the contents of ``report.json`` as plain values."""
    return {
        "task": result.task,
        "stopped": result.stopped,
        "steps": result.steps,
        "chosen_step": result.chosen_step,
        "seconds": round(result.seconds, 3),
        "device": result.device,
        "precision": result.precision,
        "precision_why": result.precision_why,
        "seed": result.seed,
        "notes": [*result.notes, *result.self_checks],
        **scores(result.restored, reference, ambiguous=result.ambiguous),
        "recipe": result.recipe.model_dump(mode="json"),
        "versions": versions(),
        "history": [record._asdict() for record in result.history],
    }


def write_report(
    folder: str | Path,
    result: Restoration,
    *,
    before: Picture,
    snapshots: Snapshots | None = None,
    reference: Picture | None = None,
    picture_name: str = "restored.png",
) -> Path:
    """Write the report folder.

    Parameters
    ----------
    folder
        Created if missing; files of an earlier report in it are replaced.
    result
        The result to report.
    before
        The input, for the before/after slider; enlarged to the size of the result.
    snapshots
        Intermediate pictures.
    reference
        The clean picture, for the metrics.
    picture_name
        File name of the restored picture; its extension sets the format.

    Returns
    -------
    The path of ``index.html``.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder)
    (folder / "snapshots").mkdir(parents=True, exist_ok=True)
    for old in (folder / "snapshots").glob("step-*.png"):
        old.unlink()
    writing.write(folder / picture_name, result.restored, overwrite=True)
    curve = _curve(result)
    _put(folder / "curve.png", curve)
    taken = snapshots.pictures if snapshots else {}
    for index, png in taken.items():
        _put(folder / "snapshots" / f"step-{index:05d}.png", png)
    for name in ("uncertainty.npy", "uncertainty.png", "kernel.npy"):
        (folder / name).unlink(missing_ok=True)
    if result.kernel is not None:
        _put_array(folder / "kernel.npy", result.kernel)
    if result.uncertainty is not None:
        _put_array(folder / "uncertainty.npy", result.uncertainty[0, 0])
        _put(folder / "uncertainty.png", _uncertainty_map(result.uncertainty, result.restored))
    facts = summary(result, reference)
    _put(folder / "report.json", json.dumps(facts, indent=2, allow_nan=False).encode())
    page = folder / "index.html"
    _put(page, _page(facts, result, before, curve, taken, reference).encode())
    return page


def side_by_side(pictures: list[Tensor], gap: int = 8) -> Tensor:
    """Place ``(1, C, H, W)`` pictures in a row, smaller ones enlarged to the largest height."""
    height = max(picture.shape[-2] for picture in pictures)
    width = max(picture.shape[-1] for picture in pictures)
    scaled = [_enlarged(picture, (height, width)) for picture in pictures]
    space = torch.ones((1, scaled[0].shape[1], height, gap))
    row = [part for picture in scaled for part in (space, picture.clamp(0, 1))]
    return torch.cat(row[1:], dim=-1)


def _put_array(path: Path, values: Tensor) -> None:
    array = io.BytesIO()
    np.save(array, values.numpy())
    _put(path, array.getvalue())


def _put(path: Path, content: bytes) -> None:
    writing.replace_file(path, content)


def _enlarged(image: Tensor, size: Size) -> Tensor:
    if tuple(image.shape[2:]) == size:
        return image
    return F.interpolate(image, size=size, mode="nearest")


def _uncertainty_map(deviation: Tensor, picture: Picture) -> bytes:
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


def _curve(result: Restoration) -> bytes:
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


def _page(
    facts: dict[str, Any],
    result: Restoration,
    before: Picture,
    curve: bytes,
    snapshots: dict[int, bytes],
    reference: Picture | None,
) -> str:
    shown = _enlarged(before.shown, result.restored.size)
    rows = {
        "task": facts["task"],
        "stopped because": facts["stopped"],
        "steps": f"{facts['steps']}, picture of step {facts['chosen_step']}",
        "time": f"{facts['seconds']:.1f} s on {facts['device']} in {facts['precision']}",
        "preset": f"{result.recipe.name}: {result.recipe.why}",
        "seed": facts["seed"],
    }
    if reference is not None:
        rows["PSNR"] = "identical" if facts["psnr"] is None else f"{facts['psnr']:.2f} dB"
        rows["SSIM"] = "not defined" if facts["ssim"] is None else f"{facts['ssim']:.4f}"
    for number, note in enumerate(facts["notes"], 1):
        rows[f"note {number}"] = note
    table = "".join(
        f"<tr><th>{html.escape(key)}</th><td>{html.escape(str(value))}</td></tr>"
        for key, value in rows.items()
    )
    strip = "".join(
        f'<figure><img src="{preview.data_url(png)}" alt="step {index}">'
        f"<figcaption>step {index}</figcaption></figure>"
        for index, png in snapshots.items()
    )
    return _PAGE.format(
        task=html.escape(str(facts["task"])),
        before=preview.data_url(preview.png_bytes(shown)),
        after=preview.data_url(preview.png_bytes(result.restored.shown)),
        width=result.restored.width,
        table=table,
        curve=preview.data_url(curve),
        strip=strip or "<p>No snapshots were kept.</p>",
        uncertainty=_uncertainty_section(result),
        recipe=html.escape(json.dumps(facts["recipe"], indent=2)),
    )


def _uncertainty_section(result: Restoration) -> str:
    if result.uncertainty is None:
        return ""
    drawn = preview.data_url(_uncertainty_map(result.uncertainty, result.restored))
    return (
        "<h2>Where the networks disagree</h2>"
        f'<img class="curve" src="{drawn}" alt="standard deviation over the networks">'
        "<p>Errors common to all networks do not show here.</p>"
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>untrained: {task}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem;
  padding: 0 1rem; }}
.pair {{ position: relative; width: min(100%, max({width}px, 20rem)); }}
.pair img {{ display: block; width: 100%; image-rendering: auto; }}
.pair .top {{ position: absolute; inset: 0; clip-path: inset(0 calc(100% - var(--at)) 0 0); }}
.pair::after {{ content: ""; position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px;
  background: #fff; box-shadow: 0 0 3px #000; }}
input[type=range] {{ width: min(100%, max({width}px, 20rem)); margin: .5rem 0; }}
th {{ text-align: left; padding-right: 1.5rem; vertical-align: top; white-space: nowrap; }}
.strip {{ display: flex; gap: .6rem; overflow-x: auto; }}
.strip figure {{ margin: 0; flex: none; text-align: center; }}
.strip img {{ height: 9rem; }}
.curve {{ max-width: 100%; }}
pre {{ background: #8881; padding: 1rem; overflow-x: auto; }}
</style></head><body>
<h1>{task}</h1>
<div class="pair" id="pair" style="--at:50%">
<img src="{after}" alt="restored"><img class="top" src="{before}" alt="input">
</div>
<label>input <input type="range" min="0" max="100" value="50" aria-label="before or after"
 oninput="document.getElementById('pair').style.setProperty('--at', this.value + '%')">
restored</label>
<table>{table}</table>
<h2>Curve</h2><img class="curve" src="{curve}" alt="loss against steps">
{uncertainty}<h2>Snapshots</h2><div class="strip">{strip}</div>
<h2>Recipe</h2><pre>{recipe}</pre>
</body></html>
"""
