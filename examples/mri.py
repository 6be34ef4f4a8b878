"""Reconstruct a picture from a quarter of k-space, measured by six coils of unknown sensitivity.

python examples/mri.py [--steps N]
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

# Six coils around a phantom of 128x128; the middle 16 lines and 16 others were measured.
clean = skimage.transform.resize(skimage.data.shepp_logan_phantom(), (128, 128), anti_aliasing=True)
rows, columns = np.mgrid[-1:1:128j, -1:1:128j]
angles = 2 * np.pi * np.arange(6) / 6
coils = np.stack(
    [np.exp(-((rows - np.cos(a)) ** 2 + (columns - np.sin(a)) ** 2) + 1j * a) for a in angles]
)
mask = np.zeros(128)
mask[56:72] = 1
mask[np.random.default_rng(0).choice(128, 16, replace=False)] = 1
scanner = ut.FourierSubsampling(mask, coils)
kspace = scanner(torch.from_numpy(clean)[None, None].float())
noise = torch.randn((2, *kspace.shape), generator=torch.Generator().manual_seed(0))
kspace = kspace + 0.01 * scanner.mask * torch.complex(*noise)

# Sensitivities from the middle of k-space; the picture is then the root of the sum of squares.
maps, _ = ut.estimate_sensitivities(kspace[0], scanner.mask)
physics = ut.FourierSubsampling(mask, maps)
result = ut.reconstruct(kspace, physics, noise=0.01, bounds=(0, None), steps=steps)

print(*result.notes, result.stopped, sep="\n")
truth = clean * np.sqrt((np.abs(coils) ** 2).sum(axis=0))
for name, picture in (("zero-filled", physics.A_dagger(kspace)), ("reconstructed", result.image)):
    error = np.mean((picture[0, 0].numpy() - truth) ** 2)
    print(f"{name}: {10 * np.log10(truth.max() ** 2 / error):.2f} dB")
