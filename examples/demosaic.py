"""Restore the colours behind a sensor's mosaic, and compare with the usual filters.

python examples/demosaic.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data
import torch

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

# A sensor sees one colour at each pixel: red, green, green, blue in turn.
clean = skimage.data.astronaut()[160:288, 200:328]
sensor = ut.Bayer("RGGB", (128, 128))
planes = torch.from_numpy(clean.transpose(2, 0, 1).copy())[None].float()
mosaic = sensor(planes)
raw = mosaic[0, 0].byte().numpy()

result = ut.demosaic(raw, "RGGB", steps=steps)
ut.write("demosaicked.png", result, overwrite=True)

print(*result.notes, result.stopped, sep="\n")
filtered = {"bilinear": sensor.A_dagger(mosaic), "Malvar": sensor.gradient_corrected(mosaic)}
found = {name: image[0].permute(1, 2, 0).numpy() for name, image in filtered.items()}
for name, picture in (found | {"demosaicked": result.picture}).items():
    error = np.mean((np.clip(picture, 0, 255).astype(float) - clean) ** 2)
    print(f"{name}: {10 * np.log10(255**2 / error):.2f} dB")
