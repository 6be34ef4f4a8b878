"""Enlarge a picture four times, watching the fit step by step.

python examples/upscale.py [--steps N]
"""

import argparse

import numpy as np
import skimage.data
from PIL import Image

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

large = skimage.data.astronaut()[:256, 96:352]
small = np.asarray(Image.fromarray(large).resize((64, 64), Image.Resampling.LANCZOS))

# The fit is a loop that belongs to you: stop it, draw it, send it elsewhere.
fit = ut.watch(ut.tasks.upscale(small, factor=4), steps=steps)
for step in fit:
    if step.index % 50 == 0:
        print(f"step {step.index}: loss {step.loss:.5f} after {step.seconds:.0f} s")
restored = fit.restoration().picture

bicubic = np.asarray(Image.fromarray(small).resize((256, 256), Image.Resampling.BICUBIC))
for name, picture in (("bicubic", bicubic), ("untrained", restored)):
    error = np.mean((picture.astype(float) - large) ** 2)
    print(f"{name}: {10 * np.log10(255**2 / error):.2f} dB")
