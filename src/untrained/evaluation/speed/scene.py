"""The inputs of the speed bench: scikit-image's astronaut, degraded in three ways."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untrained.errors import RequestError
from untrained.picture import writing
from untrained.picture.taking import as_picture

SIGMA = 25 / 255
"""Noise level in picture units, [0, 1]."""
FACTOR = 4
SMALLEST, LARGEST = 16, 512

Samples = NDArray[np.uint8]


def clean_picture(size: int) -> Samples:
    """Reduce the astronaut to ``(size, size, 3)``, 8 bits.

    Raises
    ------
    RequestError
        If the size is not a multiple of 4 from 16 to 512.
    """
    from skimage.data import astronaut
    from skimage.transform import resize

    if not SMALLEST <= size <= LARGEST or size % FACTOR:
        raise RequestError(
            f"size {size}: give a multiple of {FACTOR} from {SMALLEST} to {LARGEST} pixels"
        )
    whole = astronaut()
    if size == LARGEST:
        return np.ascontiguousarray(whole)
    return _bytes(255 * resize(whole, (size, size), anti_aliasing=True))


def write_inputs(clean: Samples, folder: Path, seed: int) -> None:
    """Write the inputs of the fits.

    Parameters
    ----------
    clean
        ``(S, S, 3)``, S a multiple of 4.
    folder
        Destination of ``noisy.png`` (Gaussian noise of `SIGMA`, clipped), ``small.png`` (a quarter
        of each side), ``damaged.png`` (half of the pixels black) and ``mask.png`` (those white).
    seed
        Seed of noise and mask.
    """
    from PIL import Image  # noqa: PLC0415

    draws = np.random.default_rng(seed)
    size = clean.shape[0]
    lost = draws.random((size, size)) < 0.5
    small = Image.fromarray(clean).resize((size // FACTOR,) * 2, Image.Resampling.LANCZOS)
    pictures = {
        "noisy": _bytes(clean + 255 * SIGMA * draws.standard_normal(clean.shape)),
        "small": np.asarray(small),
        "damaged": clean * ~lost[..., None],
        "mask": np.uint8(255) * lost,
    }
    for name, samples in pictures.items():
        writing.write(folder / f"{name}.png", as_picture(samples))


def _bytes(samples: NDArray[np.float64]) -> Samples:
    return samples.round().clip(0, 255).astype(np.uint8)
