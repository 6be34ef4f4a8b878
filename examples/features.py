"""Show what a small classifier keeps of a cat, and what excites it.

python examples/features.py [--steps N]
"""

import argparse
from pathlib import Path

import numpy as np
import skimage.data

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the preset's, for a quick look")
parser.add_argument("--out", type=Path, default=Path(), help="folder for the two pictures")
given = parser.parse_args()

model = ut.load_model("efficientnet-lite0")
cat = skimage.data.chelsea()[40:264, 130:354]

inverted = ut.invert(cat, model, "_blocks.4", steps=given.steps)
error = np.mean((inverted.picture.astype(float) - cat) ** 2)
print(*inverted.notes, *inverted.self_checks, sep="\n")
print(f"what came back of the picture: {10 * np.log10(255**2 / error):.2f} dB")
ut.write(given.out / "inverted.png", inverted, overwrite=True)

dreamt = ut.dream(model, "tabby", steps=given.steps)
print(*dreamt.notes, *dreamt.self_checks, sep="\n")
ut.write(given.out / "dream.png", dreamt, overwrite=True)
