"""Remove the blocks of strong JPEG compression.

python examples/deblock.py [--steps N]
"""

import argparse
import io

import numpy as np
import skimage.data
from PIL import Image

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
steps = parser.parse_args().steps

clean = skimage.data.coffee()[50:306, 150:406]
file = io.BytesIO()
Image.fromarray(clean).save(file, "JPEG", quality=10)
blocky = np.asarray(Image.open(file))

result = ut.deblock(blocky, steps=steps)

for name, picture in (("JPEG", blocky), ("restored", result.picture)):
    error = np.mean((picture.astype(float) - clean) ** 2)
    print(f"{name}: {10 * np.log10(255**2 / error):.2f} dB")
