"""Replace the network by a hand-crafted prior, total variation.

python examples/total_variation.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

clean = skimage.data.chelsea()[:256, 100:356]
noise = np.random.default_rng(0).normal(0, 25, clean.shape)
noisy = np.clip(clean + noise, 0, 255).round().astype(np.uint8)

# The same loop fits every sample of the picture freely; the noise level sets the prior's weight.
# Every task takes prior="tv".
for prior in ("tv", "untrained"):
    result = ut.denoise(noisy, prior=prior, steps=steps)
    error = np.mean((result.picture.astype(float) - clean) ** 2)
    print(f"{prior}: {10 * np.log10(255**2 / error):.2f} dB in {result.seconds:.0f} s")
