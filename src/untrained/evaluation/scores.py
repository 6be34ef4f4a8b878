"""PSNR and SSIM of a result, in its own terms, against a clean picture."""

import math

import torch
from torch import Tensor

from untrained.errors import RequestError
from untrained.evaluation import metrics
from untrained.evaluation.alignment import aligned
from untrained.fitting.restoration import Restoration
from untrained.picture.picture import Picture
from untrained.picture.region import Size, sides_in_words
from untrained.tasks.registry import TASKS


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


def input_scores(
    result: Restoration, before: Picture | None, reference: Picture | None
) -> dict[str, float | None]:
    """Compute PSNR and SSIM of the input; None where they mean nothing.

    They mean nothing for an input of another size than the result, with missing pixels, or of a
    task that says so (`Comparison.input_scored`).
    """
    spec = TASKS.get(result.task)
    judged = spec is None or spec.compare is None or spec.compare.input_scored
    found: dict[str, float | None] = {"psnr": None, "ssim": None}
    if before is not None and judged and before.missing is None:
        same = (before.size, before.channels) == (result.restored.size, result.restored.channels)
        found = scores(before, reference) if same else found
    return {f"input_{name}": value for name, value in found.items()}


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
