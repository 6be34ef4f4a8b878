import subprocess
import sys

import pytest
import torch

from tests.helpers.tiny import NETWORK, tiny_recipe
from untrained import tasks
from untrained.fitting.device import choose_engine
from untrained.fitting.memory import estimate, free_memory, ran_out
from untrained.fitting.restore import settle_recipe
from untrained.recipes import Fusion, GuidePairing, PixelNetwork

FLOAT32 = choose_engine("cpu", "float32")
BFLOAT16 = choose_engine("cpu", "bfloat16")


def problem(side):
    return tasks.denoise(torch.rand(1, 3, side, side), sigma=0.1)


def test_it_grows_with_the_pixels():
    recipe = settle_recipe(problem(8), "paper")
    small, large = (estimate(problem(side), recipe, FLOAT32) for side in (512, 1024))
    assert large == pytest.approx(4 * small, rel=0.1)


def test_half_the_precision_needs_less():
    recipe = settle_recipe(problem(8), "paper")
    full, half = (estimate(problem(512), recipe, engine) for engine in (FLOAT32, BFLOAT16))
    assert 0.5 < half / full < 0.75


def test_free_pixels_count_with_their_moments_and_copies():
    recipe = tiny_recipe(network=PixelNetwork())
    picture = 4 * 3 * 512 * 512
    assert 16 * picture < estimate(problem(512), recipe, FLOAT32) < 40 * picture


def test_partner_and_guiding_fit_are_counted():
    recipe = tiny_recipe(pairing=GuidePairing())
    alone = estimate(problem(128), recipe, FLOAT32)
    partner = recipe.model_copy(update={"fusion": Fusion()})
    assert estimate(problem(128), partner, FLOAT32) > alone + 50e6
    wide = NETWORK.model_copy(update={"channels": (128, 128)})
    guided = recipe.model_copy(update={"guided_by": tiny_recipe(network=wide)})
    assert estimate(problem(128), guided, FLOAT32) > 2 * alone


MEASURED = """
import ctypes, re
from pathlib import Path
import torch
from untrained import tasks
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.system.machine import peak_memory
from untrained.fitting.memory import estimate
from untrained.recipes import FitOptions, Guard
from untrained.fitting.restore import settle_recipe

def fitted(side):
    problem = tasks.deblock(torch.rand(1, 3, side, side))
    settled = settle_recipe(problem, options=FitOptions(steps=2))
    recipe = settled.model_copy(update={"guard": Guard(every=1)})
    engine = choose_engine("cpu", "float32")
    for _ in Fit(problem, recipe, seed=0, engine=engine):
        pass
    return estimate(problem, recipe, engine)

fitted(64)  # the libraries are loaded
ctypes.CDLL(None).malloc_trim(0)
status = Path("/proc/self/status")
before = 1024 * int(re.search(r"VmRSS:\\s*(\\d+)", status.read_text())[1])
predicted = fitted(256)
print(predicted, peak_memory(torch.device("cpu")) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and glibc")
def test_it_is_what_a_process_takes():
    words = [sys.executable, "-c", MEASURED]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    predicted, measured = map(int, done.stdout.split())
    assert 0.85 * measured < predicted < 1.6 * measured


def test_free_memory_is_some():
    free = free_memory(torch.device("cpu"))
    assert (free is None and sys.platform != "linux") or free > 1e6


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 4 bytes"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_an_error_is_known_by_its_words(error, told):
    assert ran_out(error) is told


def test_the_cpu_allocator_says_so():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert ran_out(caught.value)
