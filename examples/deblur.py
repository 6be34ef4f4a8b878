"""Sharpen a blurred, noisy picture with a known kernel.

python examples/deblur.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data
import torch

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

clean = skimage.data.astronaut()[0:160, 150:310]
kernel = ut.gaussian_kernel(1.6)
lens = ut.blur(kernel)
seen = lens(torch.from_numpy(clean / 255.0).permute(2, 0, 1)[None].float())
noise = torch.randn(seen.shape, generator=torch.Generator().manual_seed(0))
blurred = (255 * (seen + 0.01 * noise)).round().clamp(0, 255).byte()[0].permute(1, 2, 0).numpy()

result = ut.deblur(blurred, kernel, steps=steps)  # the noise level is estimated

print(*result.notes, result.stopped, sep="\n")
border = (clean.shape[0] - blurred.shape[0]) // 2
inside = clean[border:-border, border:-border]
for name, picture in (("blurred", blurred), ("sharpened", result.picture)):
    error = np.mean((picture.astype(float) - inside) ** 2)
    print(f"{name}: {10 * np.log10(255**2 / error):.2f} dB")
