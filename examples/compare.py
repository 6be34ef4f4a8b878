"""Compare the untrained prior with total variation and the usual filters on one noisy picture.

python examples/compare.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

clean = skimage.data.chelsea()[:192, 120:312]
noise = np.random.default_rng(0).normal(0, 25, clean.shape)
noisy = np.clip(clean + noise, 0, 255).round().astype(np.uint8)

# The clean picture serves only for scores: no method sees it.
for row in ut.compare(ut.tasks.denoise(noisy), steps=steps, reference=clean):
    if row.picture is None:
        print(f"{row.title}: {row.notes[0]}")
    elif row.psnr is not None:
        print(f"{row.title}: {row.psnr:.2f} dB in {row.seconds or 0:.1f} s")
