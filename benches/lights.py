"""Synthetic flash/no-flash pairs with truth: one scene under two lights, noise on one.

The scenes are scikit-image's samples. The ambient light is warm, uneven and casts a shadow that the
flash does not; the flash is cold, falls off from the middle and leaves a glint that the ambient
light does not.
"""

from typing import NamedTuple

import numpy as np
import skimage.data
from numpy.typing import NDArray

Samples = NDArray[np.float64]
SIZE = 256
NOISE = 20 / 255
CROPS = {
    "astronaut": (0, 100),
    "chelsea": (20, 100),
    "coffee": (80, 150),
    "rocket": (100, 200),
    "immunohistochemistry": (100, 100),
}


class Pair(NamedTuple):
    """No-flash (noisy) and flash pictures as 8 bits, and the clean no-flash one in [0, 1]."""

    noflash: NDArray[np.uint8]
    flash: NDArray[np.uint8]
    clean: Samples


def pair(name: str, seed: int = 0) -> Pair:
    """Make the pair of one of `CROPS`; each is ``(256, 256, 3)``."""
    top, left = CROPS[name]
    scene = getattr(skimage.data, name)()[top : top + SIZE, left : left + SIZE, :3] / 255
    rows, columns = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j][..., None]
    sloping = 0.75 + 0.25 * np.sin(2 * columns + rows)
    shadow = np.where(rows + 0.4 * columns > 0.5, 0.6, 1.0)
    clean = np.clip(scene * sloping * shadow * [0.95, 0.72, 0.5], 0, 1)
    falloff = 1 / (1 + 0.6 * (rows**2 + columns**2))
    glint = 0.6 * np.exp(-((rows + 0.3) ** 2 + (columns - 0.2) ** 2) / 0.005)
    flash = np.clip(scene * falloff * [0.85, 0.95, 1.0] + glint, 0, 1)
    generator = np.random.default_rng(seed)
    noisy = np.clip(clean + generator.normal(0, NOISE, clean.shape), 0, 1)
    dust = np.clip(flash + generator.normal(0, 1 / 255, clean.shape), 0, 1)
    return Pair(_bytes(noisy), _bytes(dust), clean)


def _bytes(samples: Samples) -> NDArray[np.uint8]:
    return np.asarray((255 * samples).round(), dtype=np.uint8)
