"""Restore a sample picture end to end: add noise, denoise, show the pictures side by side.

python examples/demo.py [FOLDER] [--steps N]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import skimage.data
import skimage.transform

import untrained as ut


def demo(folder: Path, arguments: list[str]) -> None:
    """Write clean, noisy and restored pictures and their side-by-side to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    clean = skimage.transform.resize(skimage.data.astronaut(), (256, 256), anti_aliasing=True)
    noise = np.random.default_rng(0).normal(0, 25 / 255, clean.shape)
    noisy = np.clip(clean + noise, 0, 1)
    paths = {name: folder / f"{name}.png" for name in ("clean", "noisy", "restored")}
    for name, samples in (("clean", clean), ("noisy", noisy)):
        ut.write(paths[name], (255 * samples).round().astype(np.uint8), overwrite=True)

    print(f"untrained denoise {paths['noisy']} {paths['restored']}")
    files = [str(paths["noisy"]), str(paths["restored"]), "--reference", str(paths["clean"])]
    try:
        ut.main(["denoise", *files, "--report", str(folder / "report"), "--overwrite", *arguments])
    except SystemExit as end:
        if end.code != 0:
            raise

    pictures = {name: ut.read(path).pixels for name, path in paths.items()}
    row = [pictures[name] for name in ("noisy", "restored", "clean")]
    sheet = folder / "side_by_side.png"
    sheet.write_bytes(ut.png_bytes(ut.side_by_side(row)))
    before = ut.psnr(pictures["noisy"], pictures["clean"])
    after = ut.psnr(pictures["restored"], pictures["clean"])
    print(f"PSNR {before:.2f} dB -> {after:.2f} dB: a gain of {after - before:.2f} dB")
    print(f"look at {sheet} (input, restored, clean) and {folder / 'report' / 'index.html'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo"))
    parser.add_argument("--steps", help="fewer steps, to try the demo itself")
    given = parser.parse_args()
    sys.exit(demo(given.folder, ["--steps", given.steps] if given.steps else []))
