"""Remove noise from a volume, and fill its missing voxels.

python examples/volume.py [--steps N]
"""

import argparse

import numpy as np
from scipy import ndimage

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

# A generated volume (D, H, W) in [0, 1]: blobs with sharp borders and shading.
rng = np.random.default_rng(0)
blobs = ndimage.gaussian_filter(rng.normal(size=(16, 40, 40)), 3) > 0
shade = ndimage.gaussian_filter(rng.normal(size=blobs.shape), 5)
clean = (0.2 + 0.5 * blobs + shade / shade.std() / 15).clip(0, 1).astype(np.float32)

# Three axes could also be a picture of 40 bands; as_volume makes them a volume.
noisy = clean + 0.1 * rng.normal(size=clean.shape).astype(np.float32)
denoised = ut.denoise(ut.as_volume(noisy), steps=steps)

missing = rng.random(clean.shape) < 0.6
seen = np.where(missing, np.nan, clean)
filled = ut.inpaint(ut.as_volume(seen), steps=steps)

print(*denoised.notes, *filled.notes, sep="\n")
for name, volume in (("noisy", noisy), ("denoised", denoised.picture), ("filled", filled.picture)):
    print(f"{name}: {-10 * np.log10(np.mean((volume - clean) ** 2)):.2f} dB")
