"""Watch a network overfit: the quality rises, peaks, and falls when the fit reaches the noise.

python examples/study.py [--steps N]
"""

import argparse
import csv
import tempfile
from pathlib import Path

import untrained as ut

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, help="fewer than the study's, for a quick look")
steps = parser.parse_args().steps

# The figure, the numbers as JSON and CSV; the verdict on the claim is printed.
folder = Path(tempfile.mkdtemp(prefix="study-"))
words = ["study", "overfit", "--quick", "--out", str(folder), "--overwrite"]
try:
    ut.main([*words, "--steps", str(steps)] if steps else words)
except SystemExit as end:
    if end.code:
        raise

# The numbers behind the figure, to draw your own.
with (folder / "overfit.csv").open(newline="") as file:
    rows = list(csv.DictReader(file))
best = max(rows, key=lambda row: float(row["psnr"]))
print(f"best: {float(best['psnr']):.2f} dB at step {best['step']}; look at {folder}/overfit.png")
