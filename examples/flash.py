"""Give a noisy candlelight picture the detail of its flash picture, and keep the light.

python examples/flash.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

# One scene twice: warm, uneven and noisy; and cold, brightest in the middle and clean.
scene = skimage.data.coffee()[80:336, 150:406]
rows, columns = np.mgrid[-1:1:256j, -1:1:256j][..., None]
clean = scene * (0.75 + 0.25 * np.sin(2 * columns + rows)) * [0.95, 0.72, 0.5]
noise = np.random.default_rng(0).normal(0, 20, clean.shape)
noisy = np.clip(clean + noise, 0, 255).round().astype(np.uint8)
flash = scene / (1 + 0.6 * (rows**2 + columns**2)) * [0.85, 0.95, 1.0]

# Both must have the same size and type. A hand-held pair needs register=True.
result = ut.flash(noisy, flash.round().astype(np.uint8), steps=steps)

print(*result.notes, result.stopped, sep="\n")
for name, picture in (("noisy", noisy), ("restored", result.picture)):
    error = np.mean((picture.astype(float) - clean) ** 2)
    print(f"{name}: {10 * np.log10(255**2 / error):.2f} dB")
