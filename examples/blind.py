"""Sharpen a picture with unknown blur: fit picture and kernel together.

python examples/blind.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data
import torch

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

# A camera moved along a diagonal while the shutter was open.
scene = skimage.data.camera()[90:170, 210:290] / 255
motion = np.eye(7) / 7
blurred = ut.blur(motion)(torch.from_numpy(scene)[None, None].float())[0, 0].numpy()
clean = scene[3:-3, 3:-3]

result = ut.deblur(blurred, blind=9, steps=steps)
ut.write("sharpened.tif", result, overwrite=True)

print(*result.notes, result.stopped, sep="\n")
print(np.round(result.kernel.numpy(), 2))
for name, picture in (("blurred", blurred), ("sharpened", result.picture)):
    inner = (picture - clean)[8:-8, 8:-8]
    print(f"{name}: {-10 * np.log10(np.mean(inner**2)):.2f} dB")
