"""Retrieve a picture from the magnitudes of its diffraction patterns.

python examples/phase.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data
import torch

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

# Four coded diffraction patterns of a picture of 128x128, noise 15 dB below the amplitudes.
clean = skimage.data.camera()[60:316:2, 120:376:2] / 255
physics = ut.CodedDiffraction(ut.octanary_masks(4, clean.shape, seed=0))
amplitudes = physics(torch.from_numpy(clean)[None, None].float()).abs()
level = 10 ** (-15 / 20) * float(amplitudes.square().mean()) ** 0.5
noise = level * torch.randn(amplitudes.shape, generator=torch.Generator().manual_seed(0))
measured = (amplitudes + noise).clamp_min(0).numpy()

result = ut.phase(measured, physics, noise=level, steps=steps)

# Masks fix the place and the half turn; a picture that is not below 0 fixes the sign.
print(*result.notes, result.stopped, sep="\n")
guess = ut.tasks.phase(measured, physics).picture.pixels[0, 0].numpy()
for name, picture in (("alternating projections", guess), ("retrieved", result.picture)):
    print(f"{name}: {-10 * np.log10(np.mean((picture - clean) ** 2)):.2f} dB")
