"""Fill the missing half of a picture's pixels; the known half comes back unchanged.

python examples/inpaint.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

clean = skimage.data.camera()[100:356, 100:356]
missing = np.random.default_rng(0).random(clean.shape) < 0.5
damaged = np.where(missing, 0, clean)

result = ut.inpaint(damaged, missing, steps=steps)

assert np.array_equal(result.picture[~missing], clean[~missing])
error = np.mean((result.picture.astype(float) - clean) ** 2)
print(f"{result.stopped}: {10 * np.log10(255**2 / error):.2f} dB, known pixels untouched")
