"""Measure volumes: each task in 3-D beside its slices one by one, and what is used instead.

    python -m benches.volumes [--data DIR] [--tasks denoise inpaint upscale memory]

Volumes are generated, so that the truth is known: ellipsoids, foam, texture; `--data` adds the
`.npy` files of a folder, `(D, H, W)` in [0, 1]. No fit sees the truth; the weight of total
variation does, it is the best of a grid. Saves ``benches/results/volumes.json``.
"""

import argparse
import importlib.util
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, spatial
from scipy.interpolate import LinearNDInterpolator

import untrained as ut
from benches.memory import VOLUMES
from benches.run import RESULTS, machine
from untrained.denoisers.nl_ridge import nl_ridge_twice
from untrained.operators import downsample, enlarge

Volume = NDArray[np.float32]
Method = Callable[[], Volume]

SHAPE = (24, 48, 48)
SIGMA = 25 / 255
MISSING = 0.5
WEIGHTS = (0.3, 0.45, 0.6, 0.9, 1.2, 1.6)
"""Weights of total variation in units of sigma: the best by the truth is reported."""


def unit(field: NDArray[np.float64]) -> Volume:
    """Bring to [0, 1]."""
    return ((field - field.min()) / np.ptp(field)).astype(np.float32)


def ellipsoids() -> Volume:
    """Overlapping ellipsoids of even brightness, as in a Shepp-Logan head."""
    rng = np.random.default_rng(0)
    axes = (np.linspace(-1, 1, side) for side in SHAPE)
    places = np.stack(np.meshgrid(*axes, indexing="ij"))
    field = np.zeros(SHAPE)
    for number in range(14):
        turned = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        away = places - rng.uniform(-0.6, 0.6, 3)[:, None, None, None]
        radii = rng.uniform(0.1, 0.6 if number < 3 else 0.3, 3)[:, None, None, None]
        inside = (np.einsum("ij,jzyx->izyx", turned, away) / radii) ** 2
        field[inside.sum(0) < 1] += rng.uniform(0.1, 0.5)
    return unit(ndimage.gaussian_filter(field, 0.5))


def foam() -> Volume:
    """Thin bright walls between cells."""
    rng = np.random.default_rng(1)
    seeds = rng.uniform(0, 1, (70, 3)) * np.array(SHAPE)
    places = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), -1).reshape(-1, 3)
    near, _ = spatial.cKDTree(seeds).query(places, k=2)
    walls = np.exp(-(near[:, 1] - near[:, 0]).reshape(SHAPE) / 1.2)
    shade = ndimage.gaussian_filter(rng.normal(size=SHAPE), 2)
    return unit(walls + 0.06 * shade / shade.std())


def texture() -> Volume:
    """Two random textures, one of them finer along the slices' normal, in blobs."""
    rng = np.random.default_rng(2)
    fields = [ndimage.gaussian_filter(rng.normal(size=SHAPE), s) for s in ((1, 3, 3), 1.2, 6)]
    coarse, fine, where = (field / field.std() for field in fields)
    return unit(np.where(where > 0, 0.8 + 0.35 * coarse, 0.25 * fine))


def volumes(folder: Path | None) -> Iterator[tuple[str, Volume]]:
    """Name and truth of each."""
    for made in (ellipsoids, foam, texture):
        yield made.__name__, made()
    for path in sorted(folder.glob("*.npy")) if folder else ():
        yield path.stem, np.load(path).astype(np.float32)


def psnr(found: Volume, truth: Volume) -> float:
    """In dB, peak 1, of what is not NaN."""
    return float(-10 * np.log10(np.nanmean((found - truth) ** 2, dtype=np.float64)))


def denoising(clean: Volume) -> dict[str, Method]:
    """Ours and the others, for white noise of 25 grey levels, not clipped."""
    from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

    noise = np.random.default_rng(0).normal(size=clean.shape).astype(np.float32)
    noisy = clean + np.float32(SIGMA) * noise
    tensor = torch.from_numpy(noisy)[None, None]

    def tuned() -> Volume:
        found = [denoise_tv_chambolle(noisy, weight=SIGMA * weight) for weight in WEIGHTS]
        return max(found, key=lambda each: psnr(each, clean))

    def slices() -> Volume:
        found = np.full_like(noisy, np.nan)
        for number in range(2, len(noisy), 6):
            found[number] = ut.denoise(noisy[number], sigma=SIGMA).picture
        return found

    def blocks() -> Volume:
        return nl_ridge_twice(tensor, SIGMA)[0, 0].numpy()

    methods: dict[str, Method] = {
        "input": lambda: noisy,
        "TV in 3-D, tuned by truth": tuned,
        "non-local means in 3-D": lambda: denoise_nl_means(
            noisy, patch_size=3, patch_distance=4, h=0.6 * SIGMA, sigma=SIGMA, fast_mode=True
        ),
        "ut.denoise of every sixth slice": slices,
        "NL-Ridge of blocks": blocks,
        "untrained": lambda: ut.denoise(ut.as_volume(noisy), sigma=SIGMA).picture,
    }
    if importlib.util.find_spec("bm4d"):
        import bm4d

        methods["BM4D"] = lambda: bm4d.bm4d(noisy.astype(np.float64), SIGMA)
    return methods


def inpainting(clean: Volume) -> dict[str, Method]:
    """Ours and the others, half of the voxels missing at random."""
    gaps = np.random.default_rng(0).random(clean.shape) < MISSING
    seen = np.where(gaps, 0, clean)

    def nearest() -> Volume:
        places = ndimage.distance_transform_edt(gaps, return_distances=False, return_indices=True)
        return seen[tuple(places)]

    def linear() -> Volume:
        between = LinearNDInterpolator(np.argwhere(~gaps), clean[~gaps])(np.argwhere(gaps))
        found = nearest()
        found[gaps] = np.where(np.isnan(between), found[gaps], between)
        return found

    return {
        "nearest voxel": nearest,
        "linear in 3-D": linear,
        "ut.inpaint of each slice": lambda: np.stack(
            [ut.inpaint(plane, gap).picture for plane, gap in zip(seen, gaps, strict=True)]
        ),
        "untrained": lambda: ut.inpaint(ut.as_volume(seen), gaps).picture,
    }


def upscaling(clean: Volume) -> dict[str, Method]:
    """Ours and the other, reduced by 2 along every axis."""
    small = downsample(2)(torch.from_numpy(clean)[None, None])

    def cubic() -> Volume:
        return enlarge(small, clean.shape)[0, 0].numpy()

    return {
        "cubic": cubic,
        "untrained": lambda: ut.upscale(ut.as_volume(small[0, 0].numpy()), 2).picture,
    }


TASKS = {"denoise": denoising, "inpaint": inpainting, "upscale": upscaling}


def rows(task: str, folder: Path | None) -> Iterator[dict[str, Any]]:
    """PSNR and seconds of every method on every volume."""
    for name, clean in volumes(folder):
        for method, run in TASKS[task](clean).items():
            start = time.perf_counter()
            found = run()
            seconds = time.perf_counter() - start
            score = psnr(found, clean)
            print(f"{task} {name}: {method} {score:.2f} dB, {seconds:.1f} s", flush=True)
            yield {
                "task": task,
                "volume": name,
                "method": method,
                "psnr": score,
                "seconds": seconds,
            }


def memory() -> Iterator[dict[str, Any]]:
    """Predicted and measured bytes of cubes of 128, each in a process of its own."""
    for fit in VOLUMES:
        words = [sys.executable, "-m", "benches.memory", *map(str, fit)]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        yield json.loads(done.stdout)
        print(done.stdout, flush=True)


def main() -> None:
    """Measure what is asked for and save it beside what was measured before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tasks", nargs="+", default=[*TASKS, "memory"])
    asked = parser.parse_args()
    path = RESULTS / "volumes.json"
    before = json.loads(path.read_text()) if path.exists() else {"rows": [], "memory": []}
    kept = [row for row in before["rows"] if row["task"] not in asked.tasks]
    made = itertools.chain.from_iterable(
        rows(task, asked.data) for task in TASKS if task in asked.tasks
    )
    result = {
        "bench": "volumes",
        "command": "python -m benches.volumes" + (" --data DIR" if asked.data else ""),
        "machine": machine(),
        "shape": SHAPE,
        "rows": kept + list(made),
        "memory": list(memory()) if "memory" in asked.tasks else before["memory"],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
