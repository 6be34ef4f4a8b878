"""Reconstruct a slice from few noisy projections, without training or ground truth.

python examples/reconstruct.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data
import skimage.transform
import torch

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

# A scanner turns about a phantom of 128x128: 60 parallel views, 1 % of noise.
clean = skimage.transform.resize(skimage.data.shepp_logan_phantom(), (128, 128), anti_aliasing=True)
physics = ut.Radon(np.arange(60) * 3.0, 128)
sinogram = physics(torch.from_numpy(clean)[None, None].float())
level = 0.01 * float(sinogram.square().mean()) ** 0.5
noise = torch.randn(sinogram.shape, generator=torch.Generator().manual_seed(0))
measured = (sinogram + level * noise).numpy()

# Any object with A works: deepinv's physics, a torch module, a SciPy LinearOperator.
result = ut.reconstruct(measured, physics, noise=level, bounds=(0, None), steps=steps)

print(*result.notes, result.stopped, sep="\n")
back_projection = physics.A_dagger(torch.from_numpy(measured))[0, 0].numpy()
for name, picture in (("back-projection", back_projection), ("reconstructed", result.picture)):
    print(f"{name}: {-10 * np.log10(np.mean((picture - clean) ** 2)):.2f} dB")
