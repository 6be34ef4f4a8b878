"""Each baseline against what its definition promises, and the reasons of those that do not run."""

import contextlib
import io
import math
import sys
from types import ModuleType

import numpy as np
import pytest
import skimage.data
import torch
from benches.deepinv_rows import reason_not_to_run
from benches.lights import pair
from PIL import Image

from tests.helpers.tiny import photo
from untrained import tasks
from untrained.baselines import denoise, flash, inpaint, third_party, upscale
from untrained.baselines import registry as b
from untrained.errors import NotApplicable, RequestError
from untrained.evaluation.metrics import psnr
from untrained.tasks.registry import TASKS

MAKING = ("invert", "dream")
"""Tasks that make pictures for a model: there the peer is another prior."""

SIGMA = 25 / 255


def clean_and_noisy():
    clean = torch.from_numpy(photo(96, 96).astype(np.float32).transpose(2, 0, 1)[None] / 255)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return clean, clean + SIGMA * noise


def as_jpeg(array, quality):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def one(task, name, **options):
    return next(baseline for baseline in b.baselines(task, **options) if baseline.name == name)


def test_non_local_means_gains_at_sigma_25():
    clean, noisy = clean_and_noisy()
    result = b.solve(one("denoise", "nlm"), tasks.denoise(noisy, sigma=SIGMA))
    assert psnr(result, clean) > psnr(noisy, clean) + 6


def test_ridge_regression_gains_more_than_non_local_means_at_sigma_25():
    clean, noisy = clean_and_noisy()
    problem = tasks.denoise(noisy, sigma=SIGMA)
    ridge, nlm = (psnr(b.solve(one("denoise", n), problem), clean) for n in ("nl-ridge", "nlm"))
    assert ridge > nlm + 0.3


def test_deblocking_gains():
    array = skimage.data.coffee()[50:178, 150:278]
    blocky = as_jpeg(array, 10)
    clean = torch.from_numpy(array.astype(np.float32).transpose(2, 0, 1)[None] / 255)
    problem = tasks.deblock(blocky)
    result = b.solve(one("deblock", "nlm"), problem)
    assert psnr(result, clean) > psnr(problem.measurement.y, clean) + 0.4


def test_blocking_level_of_independent_blocks_is_their_deviation():
    blocks = torch.randn((1, 1, 40, 50), generator=torch.Generator().manual_seed(0)).double()
    image = 0.5 + 0.05 * blocks.repeat_interleave(8, -2).repeat_interleave(8, -1)
    assert denoise.blocking_level(image) == pytest.approx(0.05, rel=0.03)


@pytest.mark.parametrize("quality", [10, 30])
def test_blocking_level_is_near_the_error_of_compression(quality):
    array = skimage.data.astronaut()[:256, 100:356]
    blocky = as_jpeg(array, quality)
    error = math.sqrt(np.mean((blocky / 255 - array / 255) ** 2))
    level = denoise.blocking_level(torch.from_numpy(blocky.transpose(2, 0, 1)[None] / 255))
    assert level == pytest.approx(error, rel=0.15)


def test_nothing_to_smooth_is_said():
    flat = np.full((16, 16, 3), 77, np.uint8)
    with pytest.raises(NotApplicable, match="blocks do not show"):
        b.solve(one("deblock", "nlm"), tasks.deblock(flat))
    with pytest.raises(NotApplicable, match="noise level is 0"):
        b.solve(one("denoise", "nlm"), tasks.denoise(flat))


@pytest.mark.parametrize("name", ["bicubic", "lanczos"])
def test_enlargements_beat_repeated_pixels(name):
    array = photo(96, 96)
    clean = torch.from_numpy(array.astype(np.float32).transpose(2, 0, 1)[None] / 255)
    small = torch.nn.functional.avg_pool2d(clean, 2)
    result = b.solve(one("upscale", name), tasks.upscale(small, 2))
    repeated = small.repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert psnr(result, clean) > psnr(repeated, clean) + 1.0


def test_enlargements_keep_a_ramp_and_each_channel():
    ramp = torch.linspace(0.2, 0.8, 16).expand(1, 1, 16, 16)
    small = torch.cat([ramp, 1 - ramp, ramp.transpose(-1, -2)], dim=1)
    for method in (upscale.bicubic, upscale.lanczos):
        result = method(tasks.upscale(small, 2))
        slope = (0.8 - 0.2) / 15 / 2
        steps = result[0, 0, :, 8:-8].diff(dim=-1)
        assert torch.allclose(steps, torch.full_like(steps, slope), atol=2e-3)
        assert torch.allclose(result[0, 1], 1 - result[0, 0], atol=1e-5)
        assert torch.allclose(result[0, 2], result[0, 0].T, atol=1e-5)


def inpainting(share=0.5):
    array = photo(48, 40)
    gaps = np.random.default_rng(0).random(array.shape[:2]) < share
    return array, gaps, tasks.inpaint(np.where(gaps[..., None], 0, array), gaps)


@pytest.mark.parametrize("name", ["nearest", "biharmonic"])
def test_fillings_keep_known_pixels_bit_for_bit(name):
    _, gaps, problem = inpainting()
    result = b.solve(one("inpaint", name), problem)
    known = torch.from_numpy(~gaps)
    assert torch.equal(result[..., known], problem.picture.pixels[..., known])
    assert not torch.equal(result, problem.measurement.y)


def test_biharmonic_beats_the_nearest_pixel():
    array, _, problem = inpainting()
    clean = torch.from_numpy(array.astype(np.float32).transpose(2, 0, 1)[None] / 255)
    smooth, copied = inpaint.biharmonic(problem), inpaint.nearest(problem)
    assert psnr(smooth, clean) > psnr(copied, clean) + 2.0
    assert psnr(copied, clean) > psnr(problem.measurement.y, clean) + 5.0


def test_nearest_is_the_nearest_by_search():
    _, gaps, problem = inpainting(0.8)
    result = inpaint.nearest(problem)[0]
    known = np.argwhere(~gaps)
    for row, column in np.argwhere(gaps)[::37]:
        distance = ((known - (row, column)) ** 2).sum(1)
        near = known[distance == distance.min()]
        candidates = [problem.measurement.y[0, :, r, c] for r, c in near]
        assert any(torch.equal(result[:, row, column], value) for value in candidates)


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5, 9), (8, 17)])
def test_tiny_pictures_give_a_picture_or_a_reason(shape):
    array = np.random.default_rng(0).random((*shape, 2)).astype(np.float32)
    problems = [tasks.denoise(array, sigma=0.1), tasks.deblock(array), tasks.upscale(array, 2)]
    solved = set()
    for problem in problems:
        for baseline in b.baselines(problem.task):
            if baseline.module in ("bm3d", "deepinv"):
                continue
            with contextlib.suppress(NotApplicable):
                result = b.solve(baseline, problem)
                assert result.shape == (1, 2, *problem.size)
                solved.add((problem.task, baseline.name))
    assert {("upscale", "bicubic"), ("upscale", "lanczos")} <= solved


# Packages that may be missing ---------------------------------------------------------------------


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm3d", None)
    with pytest.raises(NotApplicable, match="package bm3d is not installed"):
        b.load(one("denoise", "bm3d"))


def test_a_package_that_cannot_be_imported_tells_why(monkeypatch, tmp_path):
    (tmp_path / "deepinv.py").write_text("raise RuntimeError('operator nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "deepinv", raising=False)
    with pytest.raises(NotApplicable, match="cannot be imported: operator nms does not exist"):
        b.load(one("denoise", "deepinv-dip"))


def test_a_missing_dependency_of_a_package_is_not_taken_for_the_package(monkeypatch, tmp_path):
    (tmp_path / "bm3d.py").write_text("import none_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bm3d", raising=False)
    with pytest.raises(NotApplicable, match="cannot be imported: No module named 'none_such"):
        b.load(one("denoise", "bm3d"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [(torch.zeros(1, 3, 5, 5), "shape"), (torch.full((1, 3, 24, 20), math.nan), "finite")],
)
def test_what_is_no_picture_is_refused(given, reason):
    baseline = b.Baseline("x", "x", "math", lambda _problem: given)
    with pytest.raises(NotApplicable, match=reason):
        b.solve(baseline, tasks.denoise(photo(), sigma=0.1))


def test_block_matching_is_given_level_and_layout(monkeypatch):
    seen = {}
    fake = ModuleType("bm3d")
    fake.bm3d = lambda image, sigma: seen.update(grey=image, sigma=sigma) or image + 0.25
    fake.bm3d_rgb = lambda image, sigma: seen.update(colour=image, sigma=sigma) or image - 0.25
    monkeypatch.setitem(sys.modules, "bm3d", fake)
    colour = tasks.denoise(photo(), sigma=0.1)
    assert torch.allclose(denoise.block_matching(colour), colour.measurement.y - 0.25)
    grey = tasks.denoise(photo()[..., 0], sigma=0.2)
    assert torch.allclose(denoise.block_matching(grey), grey.measurement.y + 0.25)
    assert seen["colour"].shape == (24, 20, 3)
    assert seen["grey"].shape == (24, 20)
    assert seen["sigma"] == 0.2
    with pytest.raises(NotApplicable, match="not 2"):
        denoise.block_matching(tasks.denoise(photo()[..., :2], sigma=0.1))


@pytest.mark.parametrize("task", [task for task in sorted(TASKS) if task not in MAKING])
def test_every_task_has_methods_and_none_takes_a_reference(task):
    listed = b.baselines(task, weights={})
    assert len({baseline.name for baseline in listed}) == len(listed) >= 2
    assert listed[-1].name == "trained"


def test_an_unknown_task_has_no_methods():
    assert b.baselines("sing") == ()


# Trained restorers --------------------------------------------------------------------------------


def test_weights_are_read_without_running_code(tmp_path):
    path = tmp_path / "model.pth"
    torch.save({"params": {"a": torch.ones(2)}}, path)
    assert torch.equal(third_party.read_weights(path)["params"]["a"], torch.ones(2))
    torch.save({"a": Trap(tmp_path / "sprung")}, path)
    with pytest.raises(RequestError, match="not a file of weights alone"):
        third_party.read_weights(path)
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02}q\x00."])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    for name in ("m.pth", "m.safetensors"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RequestError, match=name):
            third_party.read_weights(tmp_path / name)
    with pytest.raises(RequestError, match="cannot read the model"):
        third_party.read_weights(tmp_path / "none.pth")


def fake_spandrel(monkeypatch, scale=1, channels=3, image_model=True):
    class Descriptor:
        input_channels = output_channels = channels

        def __init__(self):
            self.scale = scale

        def __call__(self, image):
            assert image.shape[1] == channels
            return 1 - image.repeat_interleave(scale, -1).repeat_interleave(scale, -2)

    class Loader:
        def __init__(self, device):
            pass

        def load_from_state_dict(self, weights):
            if not weights:
                raise module.UnsupportedModelError
            return Descriptor()

    module = ModuleType("spandrel")
    module.ModelLoader = Loader
    module.UnsupportedModelError = type("UnsupportedModelError", (Exception,), {})
    module.ImageModelDescriptor = Descriptor if image_model else int
    monkeypatch.setitem(sys.modules, "spandrel", module)


@pytest.mark.parametrize(
    ("array", "channels"), [(photo(), 3), (photo(), 1), (photo()[..., 0], 3), (photo()[..., 0], 1)]
)
def test_a_trained_model_sees_the_channels_it_knows(monkeypatch, array, channels):
    fake_spandrel(monkeypatch, channels=channels)
    problem = tasks.deblock(array)
    result = b.solve(one("deblock", "trained", weights={"a": 1}), problem)
    assert torch.allclose(result, 1 - problem.measurement.y, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "weights", "reason"),
    [
        ({"scale": 4}, {"a": 1}, "enlarges by 4, but the task needs 2"),
        ({"scale": 2, "channels": 4}, {"a": 1}, "maps 4 channels"),
        ({"image_model": False}, {"a": 1}, "does not map one picture to one picture"),
        ({}, {}, "does not recognise the architecture"),
    ],
)
def test_a_trained_model_that_does_not_fit_tells_why(monkeypatch, settings, weights, reason):
    fake_spandrel(monkeypatch, **settings)
    with pytest.raises(NotApplicable, match=reason):
        third_party.trained(tasks.upscale(photo(), 2), weights=weights, device="cpu")


def test_a_trained_model_is_not_taken_for_filling(monkeypatch):
    fake_spandrel(monkeypatch)
    with pytest.raises(NotApplicable, match="cannot fill gaps"):
        third_party.trained(inpainting()[2], weights={"a": 1}, device="cpu")


def test_a_trained_model_of_spandrel_itself():
    spandrel = importable("spandrel")
    network = spandrel.architectures.Compact.Compact(num_feat=8, num_conv=2, upscale=2)
    problem = tasks.upscale(photo(), 2)
    result = b.solve(one("upscale", "trained", weights=network.state_dict()), problem)
    with torch.no_grad():
        assert torch.allclose(result, network(problem.measurement.y).clamp(0, 1), atol=1e-6)


# Another implementation of the prior --------------------------------------------------------------


def importable(name):
    """Import an optional package, or skip: torchvision's wheel may not match the torch here."""
    try:
        return __import__(name)
    except Exception as error:
        pytest.skip(f"{name}: {error}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", ["denoise", "upscale", "inpaint"])
def test_deepinv_fits_every_task_and_leaves_the_random_state_alone(task):
    if reason := reason_not_to_run():
        pytest.skip(reason)
    problem = {
        "denoise": lambda: tasks.denoise(photo(), sigma=0.1),
        "upscale": lambda: tasks.upscale(photo(), 2),
        "inpaint": lambda: inpainting()[2],
    }[task]()
    state = torch.get_rng_state()
    runs = [b.solve(one(task, "deepinv-dip", steps=steps), problem) for steps in (60, 60, 1)]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(runs[0], runs[1])
    errors = [
        float((problem.measurement.operator(x) - problem.measurement.y).square().mean())
        for x in runs
    ]
    assert errors[0] < 0.5 * errors[2]


def test_bm3d_itself_gains_at_sigma_25():
    importable("bm3d")
    clean, noisy = clean_and_noisy()
    result = b.solve(one("denoise", "bm3d"), tasks.denoise(noisy, sigma=SIGMA))
    assert psnr(result, clean) > psnr(noisy, clean) + 7.0


# The joint bilateral filter -----------------------------------------------------------------------


def slow_joint_bilateral(image, guide, sigma_space, sigma_range):
    channels, height, width = image.shape[1:]
    reach = math.ceil(3 * sigma_space)
    result = np.zeros((channels, height, width))
    for y in range(height):
        for x in range(width):
            total, norm = np.zeros(channels), 0.0
            for v in range(max(0, y - reach), min(height, y + reach + 1)):
                for u in range(max(0, x - reach), min(width, x + reach + 1)):
                    apart = float((guide[0, :, v, u] - guide[0, :, y, x]).square().sum())
                    space = ((v - y) ** 2 + (u - x) ** 2) / (2 * sigma_space**2)
                    weight = math.exp(-space - apart / (2 * sigma_range**2))
                    total += weight * image[0, :, v, u].numpy()
                    norm += weight
            result[:, y, x] = total / norm
    return result


@pytest.mark.parametrize(("channels", "guides"), [(3, 1), (1, 3)])
def test_joint_bilateral_is_the_slow_loop(channels, guides):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, channels, 9, 7), generator=generator, dtype=torch.float64)
    guide = torch.rand((1, guides, 9, 7), generator=generator, dtype=torch.float64)
    for sigmas in ((0.8, 0.1), (1.5, 0.4), (4.0, 0.2)):
        fast = flash.joint_bilateral(image, guide, sigma_space=sigmas[0], sigma_range=sigmas[1])
        assert np.allclose(fast[0].numpy(), slow_joint_bilateral(image, guide, *sigmas), atol=1e-12)


def test_joint_bilateral_keeps_the_edges_of_the_guide():
    guide = torch.zeros(1, 1, 16, 16)
    guide[..., 8:] = 1
    noise = torch.randn((1, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    image = 0.2 + 0.5 * guide + 0.05 * noise
    result = flash.joint_bilateral(image, guide, sigma_space=3, sigma_range=0.05)
    assert (result - (0.2 + 0.5 * guide)).abs().max() < 0.03
    assert result.std(dim=(-1, -2)).min() > 0.2


def test_joint_bilateral_refuses_what_makes_no_sense():
    image = torch.zeros(1, 3, 8, 8)
    with pytest.raises(RequestError, match="8x8, the guide 6x8"):
        flash.joint_bilateral(image, torch.zeros(1, 1, 8, 6), sigma_space=1, sigma_range=0.1)
    for sigmas in ((0, 0.1), (1, -1), (math.nan, 0.1), (1, math.inf)):
        with pytest.raises(RequestError, match="standard deviation"):
            flash.joint_bilateral(image, image, sigma_space=sigmas[0], sigma_range=sigmas[1])


def test_flash_pairs_are_filtered_jointly():
    lit = pair("astronaut")
    problem = tasks.flash(lit.noflash, lit.flash)
    clean = torch.from_numpy(lit.clean.transpose(2, 0, 1)[None])
    result = b.solve(one("flash", "joint-bilateral"), problem)
    assert psnr(result, clean) > psnr(problem.measurement.y, clean) + 9
    with pytest.raises(NotApplicable, match="flash picture"):
        b.solve(one("flash", "joint-bilateral"), tasks.denoise(lit.noflash, sigma=0.1))


def test_the_switching_median_fills_impulses_alone():
    picture = np.full((16, 16, 3), 120, np.uint8)
    picture[4, 5], picture[9, 2, 0] = 255, 0
    problem = tasks.denoise(picture, noise="impulse")
    filled = b.solve(one("denoise", "median"), problem)
    assert torch.allclose(filled, torch.tensor(120 / 255))
    with pytest.raises(NotApplicable, match="is impulsive"):
        b.solve(one("denoise", "nlm"), problem)
    with pytest.raises(NotApplicable, match="not impulsive"):
        b.solve(one("denoise", "median"), tasks.denoise(photo(), sigma=0.1))
