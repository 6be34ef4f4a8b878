"""Restoration -> folder: the picture, the curve, snapshots, report.json and an HTML page."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from torch import Tensor

from untrained.arguments import FilePath, Reads, checked, naming, read, short
from untrained.errors import RequestError
from untrained.evaluation.report_charts import curve, uncertainty_map
from untrained.evaluation.report_page import Shown, page
from untrained.evaluation.scores import input_scores, scores
from untrained.evaluation.snapshots import Snapshots
from untrained.fitting.restoration import Restoration, versions
from untrained.picture import writing
from untrained.picture.formats.registry import by_extension
from untrained.picture.picture import Picture
from untrained.picture.region import sides_in_words
from untrained.picture.taking import PictureOrVolume


@checked
@dataclass(frozen=True)
class Origin:
    """Where a result came from, as far as it is known."""

    file: str | None = None
    """The input file as the user named it."""
    command: str | None = None
    """What the user typed."""
    before_is: str = "input"
    """What the picture before the fit is: the input, or the initial guess of a measurement."""


def summary(
    result: Restoration, before: Picture, origin: Origin, reference: Picture | None = None
) -> dict[str, Any]:
    """Collect the contents of ``report.json`` as plain values."""
    given = _facts(before) if origin.before_is == "input" else {}
    return {
        "task": result.task,
        "input": {"file": origin.file, **given} if given or origin.file else None,
        "command": origin.command,
        "result": _facts(result.restored),
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
        **input_scores(result, before if given else None, reference),
        "recipe": result.recipe.model_dump(mode="json"),
        "versions": versions(),
        "history": [record._asdict() for record in result.history],
    }


def _picture_name(value: Any) -> str:
    name: str = read("picture_name", str, value)
    if Path(name).name != name or "\0" in name:
        raise RequestError(f"{short(name)} is not the name of a file: give one without a folder")
    with naming("picture_name"):
        by_extension(Path(name))
    return name


PictureName = Annotated[str, Reads(_picture_name, "the name of a file")]
"""An argument that names a picture in a folder."""


@checked
def write_report(
    folder: FilePath,
    result: Restoration,
    *,
    before: PictureOrVolume,
    origin: Origin = Origin(),
    snapshots: Snapshots | None = None,
    reference: PictureOrVolume | None = None,
    picture_name: PictureName = "restored.png",
) -> Path:
    """Write the report folder.

    Parameters
    ----------
    folder
        Created if missing; files of an earlier report in it are replaced.
    result
        The result to report.
    before
        The picture before the fit, for the slider; enlarged to the size of the result.
    origin
        The file and the command, and what the picture before the fit is.
    snapshots
        Intermediate pictures.
    reference
        The clean picture, for the metrics and to be shown.
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
    drawn = curve(result)
    _put(folder / "curve.png", drawn)
    taken = snapshots.pictures if snapshots else {}
    for index, png in taken.items():
        _put(folder / "snapshots" / f"step-{index:05d}.png", png)
    for name in ("uncertainty.npy", "uncertainty.png", "kernel.npy"):
        (folder / name).unlink(missing_ok=True)
    if result.kernel is not None:
        _put_array(folder / "kernel.npy", result.kernel)
    if result.uncertainty is not None:
        _put_array(folder / "uncertainty.npy", result.uncertainty[0, 0])
        _put(folder / "uncertainty.png", uncertainty_map(result.uncertainty, result.restored))
    facts = summary(result, before, origin, reference)
    _put(folder / "report.json", json.dumps(facts, indent=2, allow_nan=False).encode())
    shown = Shown(before, origin.before_is, result.restored, reference)
    _put(folder / "index.html", page(facts, result, shown, drawn, taken).encode())
    return folder / "index.html"


def _facts(picture: Picture) -> dict[str, Any]:
    return {
        "size": sides_in_words(picture.size),
        "channels": picture.channels,
        "samples": str(picture.stored.dtype),
    }


def _put_array(path: Path, values: Tensor) -> None:
    array = io.BytesIO()
    np.save(array, values.numpy())
    _put(path, array.getvalue())


def _put(path: Path, content: bytes) -> None:
    writing.replace_file(path, content)
