"""Remove noise from a picture, and see what the fit decided.

python examples/denoise.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

# A clean sample and what a camera might have made of it: noise of 25 grey levels, 8 bits.
clean = skimage.data.chelsea()[:256, 100:356]
noise = np.random.default_rng(0).normal(0, 25, clean.shape)
noisy = np.clip(clean + noise, 0, 255).round().astype(np.uint8)

# One call; the noise level is estimated from the picture.
result = ut.denoise(noisy, steps=steps)

print(*result.notes, result.stopped, sep="\n")
for name, picture in (("noisy", noisy), ("restored", result.picture)):
    error = np.mean((picture.astype(float) - clean) ** 2)
    print(f"{name}: {10 * np.log10(255**2 / error):.2f} dB")
