"""Restoration -> folder: the picture, the curve, snapshots, report.json and an HTML page."""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from torch import Tensor

from untrained.arguments import FilePath, Reads, checked, naming, read, short
from untrained.errors import RequestError
from untrained.evaluation.plain_json import as_json
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
from untrained.system.owned_folder import Kind, OwnedFolder, claimed


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


UNKNOWN = Origin()

_FILES = re.compile(
    r"restored\.\w+|report\.json|index\.html|(curve|uncertainty)\.png|(kernel|uncertainty)\.npy"
    r"|snapshots/step-\d+\.png"
)
_SNAPSHOT = re.compile(r"snapshots/step-(\d+)\.png")


def kind_of(picture_name: str) -> Kind:
    """What the folder of a report may hold."""

    def may_write(name: str) -> bool:
        return name == picture_name or _FILES.fullmatch(name) is not None

    return Kind("a report", may_write, "--report", folders=("snapshots",))


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


def earlier_snapshots(folder: OwnedFolder, steps: int) -> dict[int, bytes]:
    """Read the snapshots of the first steps, which a fit that goes on has left in its report."""
    found = {}
    for name, png in folder.earlier().items():
        match = _SNAPSHOT.fullmatch(name)
        if match and int(match[1]) <= steps:
            found[int(match[1])] = png
    return found


def report_files(
    result: Restoration,
    *,
    before: Picture,
    origin: Origin = UNKNOWN,
    snapshots: Snapshots | None = None,
    reference: Picture | None = None,
    picture_name: str = "restored.png",
) -> dict[str, bytes]:
    """Make the files of a report, by name; parameters as for `write_report`.

    Raises
    ------
    PictureError
        If the format of `picture_name` cannot hold the result.
    """
    drawn = curve(result)
    taken = snapshots.pictures if snapshots else {}
    files = {picture_name: writing.encoded(Path(picture_name), result.restored)}
    files["curve.png"] = drawn
    files |= {f"snapshots/step-{index:05d}.png": png for index, png in taken.items()}
    if result.kernel is not None:
        files["kernel.npy"] = _array(result.kernel)
    if result.uncertainty is not None:
        files["uncertainty.npy"] = _array(result.uncertainty[0, 0])
        files["uncertainty.png"] = uncertainty_map(result.uncertainty, result.restored)
    facts = summary(result, before, origin, reference)
    files["report.json"] = as_json(facts)
    shown = Shown(before, origin.before_is, result.restored, reference)
    files["index.html"] = page(facts, result, shown, drawn, taken).encode(errors="backslashreplace")
    return files


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
    origin: Origin = UNKNOWN,
    snapshots: Snapshots | None = None,
    reference: PictureOrVolume | None = None,
    picture_name: PictureName | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the report folder.

    Parameters
    ----------
    folder
        New, empty, or with an earlier report.
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
        File name of the restored picture, such as restored.tif; its extension sets the format. When
        None, restored.png, or the first of .tif and .npy that can hold the result.
    overwrite
        Whether an earlier report may be replaced, where nobody has changed it.

    Returns
    -------
    The path of ``index.html``.

    Raises
    ------
    RequestError
        If the folder holds something else, or the format cannot hold the result.
    OSError
        If the folder cannot be written.
    """
    name: str = _name_for(result.restored) if picture_name is None else picture_name
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with claimed(folder, kind_of(name), overwrite=overwrite) as owned:
        owned.write(
            report_files(
                result,
                before=before,
                origin=origin,
                snapshots=snapshots,
                reference=reference,
                picture_name=name,
            )
        )
    return folder / "index.html"


def _name_for(picture: Picture) -> str:
    """Choose a format that everyone can open, if one holds the picture."""
    names = [f"restored{extension}" for extension in (".png", ".tif")]
    fitting = (name for name in names if by_extension(Path(name)).why_not(picture) is None)
    return next(fitting, "restored.npy")


def _facts(picture: Picture) -> dict[str, Any]:
    return {
        "size": sides_in_words(picture.size),
        "channels": picture.channels,
        "samples": str(picture.stored.dtype),
    }


def _array(values: Tensor) -> bytes:
    array = io.BytesIO()
    np.save(array, values.numpy())
    return array.getvalue()
