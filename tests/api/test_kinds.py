"""Pictures, masks, arrays and options of any kind go in; the result is of the input's kind."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import untrained as ut
from tests.helpers.tiny import photo, tiny_recipe
from untrained.errors import RequestError

TINY = {"recipe": tiny_recipe(steps=1), "device": "cpu"}


def grey(height=24, width=20):
    return photo(height, width)[..., 1].copy()


def floats():
    return grey().astype(np.float32) / 255


def denoised(image, **options):
    return ut.denoise(image, sigma=0.1, **TINY | options).picture


class Labelled:
    """What we use of xarray's DataArray."""

    def __init__(self, values, dims, name=None, attrs=None, coords=None):
        self.values, self.dims, self.name = values, dims, name
        self.attrs, self.coords = attrs, coords

    def __array__(self, dtype=None, copy=None):
        return self.values

    @property
    def shape(self):
        return self.values.shape

    def copy(self, data):
        return Labelled(data, self.dims, self.name, self.attrs, self.coords)


def read_only(array):
    array.setflags(write=False)
    return array


ARRAYS = {
    "(H, W)": grey,
    "(H, W, 1)": lambda: grey()[..., None],
    "(H, W, 3)": photo,
    "volume": lambda: np.stack([photo(12, 10)] * 3),
    "columns first": lambda: np.asfortranarray(grey()),
    "negative strides": lambda: grey()[::-1, ::-1],
    "every other pixel": lambda: photo(48, 40)[::2, ::2, 1],
    "read-only": lambda: read_only(grey()),
    "swapped bytes": lambda: grey().astype(">u2"),
    "swapped bytes of floats": lambda: floats().astype(">f4"),
    "bool": lambda: grey() > 100,
    "uint16": lambda: grey().astype(np.uint16) * 257,
    "int16": lambda: grey().astype(np.int16),
    "int64": lambda: grey().astype(np.int64),
    "float16": lambda: floats().astype(np.float16),
    "float64": lambda: floats().astype(np.float64),
    "longdouble": lambda: floats().astype(np.longdouble),
    "complex": lambda: floats() + 0.5j,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_come_back_in_their_shape_type_and_byte_order(name):
    given = ARRAYS[name]()
    before = given.copy()
    result = denoised(given)
    assert type(result) is np.ndarray
    assert (result.shape, result.dtype) == (given.shape, given.dtype)
    assert result.dtype.byteorder == given.dtype.byteorder
    assert np.array_equal(given, before)
    assert not np.array_equal(result, given) or given.dtype == bool


def test_the_layout_of_an_array_does_not_matter():
    plain = denoised(grey())
    for same in (np.asfortranarray(grey()), grey()[::-1][::-1], np.repeat(grey(), 2, 0)[::2]):
        assert np.array_equal(denoised(same), plain)
    wide = grey().astype(np.uint16) * 257
    assert np.array_equal(denoised(wide.astype(">u2")), denoised(wide))


def in_axes(*axes):
    return torch.from_numpy(floats()).expand(*axes, 24, 20)


TENSORS = {
    "(H, W)": in_axes,
    "(C, H, W)": lambda: in_axes(3),
    "(1, H, W)": lambda: in_axes(1),
    "(1, C, H, W)": lambda: in_axes(1, 3),
    "volume": lambda: in_axes(1, 1, 3),
    "channels last": lambda: in_axes(1, 3).contiguous(memory_format=torch.channels_last),
    "turned": lambda: in_axes(1, 3).transpose(-1, -2),
    "with a gradient": lambda: in_axes(1, 3).clone().requires_grad_(),
    "bool": lambda: in_axes(1) > 0.5,
    "uint8": lambda: torch.from_numpy(grey()),
    "int32": lambda: torch.from_numpy(grey().astype(np.int32))[None],
    "float16": lambda: in_axes(1, 1).half(),
    "bfloat16": lambda: in_axes(1, 1).bfloat16(),
    "float64": lambda: in_axes(1, 1).double(),
    "complex": lambda: in_axes(1, 1) + 0.5j,
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_come_back_in_their_shape_and_type(name):
    given = TENSORS[name]()
    before = given.detach().clone()
    result = denoised(given)
    assert isinstance(result, torch.Tensor)
    assert (result.shape, result.dtype) == (given.shape, given.dtype)
    assert result.device == given.device
    assert not result.requires_grad
    assert torch.equal(given.detach(), before)


def test_a_plane_gains_colours_where_a_task_makes_them():
    assert ut.demosaic(in_axes(), **TINY).picture.shape == (3, 24, 20)
    assert ut.demosaic(floats(), **TINY).picture.shape == (24, 20, 3)
    assert ut.upscale(in_axes(), 2, **TINY).picture.shape == (48, 40)
    volume = ut.as_volume(torch.from_numpy(floats()).expand(3, 24, 20))
    assert denoised(volume).shape == (3, 24, 20)


IMAGES = {
    "L": lambda: Image.fromarray(grey()),
    "RGB": lambda: Image.fromarray(photo()),
    "RGBA": lambda: Image.fromarray(photo()).convert("RGBA"),
    "LA": lambda: Image.fromarray(grey()).convert("LA"),
    "CMYK": lambda: Image.fromarray(photo()).convert("CMYK"),
    "I;16": lambda: Image.fromarray(grey().astype(np.uint16) * 257),
    "F": lambda: Image.fromarray(floats()),
    "I": lambda: Image.fromarray(grey().astype(np.int32)),
    "1": lambda: Image.fromarray(grey() > 100),
}


@pytest.mark.parametrize("mode", IMAGES)
def test_images_of_pillow_come_back_in_their_mode(mode):
    given = IMAGES[mode]()
    given.info["dpi"] = (72, 72)
    result = denoised(given)
    assert isinstance(result, Image.Image)
    assert (result.mode, result.size) == (given.mode, given.size) == (mode, (20, 24))
    assert result.info == given.info
    if mode in ("L", "RGB"):
        assert np.array_equal(np.asarray(result), denoised(np.asarray(given)))


def test_palettes_become_colours_and_other_modes_say_what_to_do():
    assert denoised(Image.fromarray(photo()).convert("P")).mode == "RGB"
    with pytest.raises(ut.PictureError, match=r"image: .* mode YCbCr .*: convert it"):
        denoised(Image.fromarray(photo()).convert("YCbCr"))


def test_what_is_masked_is_missing():
    holes = np.zeros((24, 20), bool)
    holes[5:8, 6:9] = True
    for clean, junk in ((floats(), 1e6), (grey(), 255), (grey().astype(np.int16), -30000)):
        damaged = np.ma.MaskedArray(np.where(holes, clean.dtype.type(junk), clean), holes)
        kept = denoised(damaged)
        assert isinstance(kept, np.ma.MaskedArray)
        assert kept.dtype == clean.dtype
        assert np.array_equal(kept.mask, holes)
        filled = ut.inpaint(damaged, **TINY).picture
        assert not filled.mask.any()
        assert np.array_equal(filled.data[~holes], clean[~holes])
        assert abs(filled.data[holes].astype(float)).max() <= 400
    same = np.where(holes, np.float32(np.nan), floats())
    masked = denoised(np.ma.MaskedArray(floats(), holes))
    assert np.array_equal(denoised(same)[~holes], masked.data[~holes])


def test_the_mask_of_colours_is_of_whole_pixels():
    given = np.ma.MaskedArray(photo(), np.zeros(photo().shape, bool))
    given[3, 4, 1] = np.ma.masked
    assert denoised(given).mask[3, 4].all()
    assert denoised(given).mask.sum() == 3


def test_labelled_arrays_keep_their_labels():
    given = Labelled(floats(), ("y", "x"), "light", {"unit": "lx"}, {"y": np.arange(24)})
    result = denoised(given)
    assert (result.dims, result.name, result.attrs) == (given.dims, "light", {"unit": "lx"})
    assert result.coords is given.coords
    assert np.array_equal(result.values, denoised(floats()))
    larger = ut.upscale(given, 2, **TINY).picture
    assert (larger.shape, larger.dims, larger.coords) == ((48, 40), given.dims, None)
    bands = Labelled(np.moveaxis(photo(), -1, 0), ("band", "y", "x"))
    assert np.array_equal(np.moveaxis(denoised(bands).values, 0, -1), denoised(photo()))


def test_paths_go_wherever_pictures_do(tmp_path):
    Image.fromarray(photo()).save(tmp_path / "in.png")
    Image.fromarray((grey() > 200).astype(np.uint8) * 255).save(tmp_path / "mask.png")
    np.save(tmp_path / "kernel.npy", np.ones((3, 3)))
    path = tmp_path / "in.png"
    by_path = ut.denoise(str(path), sigma=0.1, **TINY)
    assert isinstance(by_path.picture, ut.Picture)
    assert np.array_equal(np.asarray(by_path), denoised(photo()))
    assert ut.inpaint(path, tmp_path / "mask.png", **TINY).picture.size == (24, 20)
    assert ut.flash(path, str(path), **TINY).picture.size == (24, 20)
    assert ut.deblur(path, tmp_path / "kernel.npy", **TINY).picture.size == (24, 20)
    assert ut.blur(str(tmp_path / "kernel.npy")).kernel.shape == (3, 3)
    problem = ut.tasks.denoise(photo(), sigma=0.1)
    rows = ut.compare(problem, reference=path, **TINY)
    assert rows[0].psnr is None or rows[0].psnr > 0


def test_a_result_goes_in_again():
    once = ut.denoise(grey(), sigma=0.1, **TINY)
    assert np.array_equal(ut.as_picture(once).stored, once.restored.stored)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int64, np.float32, bool])
def test_masks_of_0_and_1(kind):
    fill = np.zeros((24, 20), kind)
    fill[2:5, 3:9] = 1
    for mask in (fill, torch.from_numpy(fill), torch.from_numpy(fill)[None, None]):
        problem = ut.tasks.inpaint(photo(), mask)
        assert np.array_equal(problem.rendering.filled[0, 0].numpy(), fill > 0)
        said = any("counts as white" in note for note in problem.notes)
        assert said == (kind in (np.uint8, np.uint16))


def test_files_of_masks_of_0_and_1(tmp_path):
    fill = np.zeros((24, 20), np.uint8)
    fill[2:5, 3:9] = 1
    Image.fromarray(fill).save(tmp_path / "grey.png")
    labels = Image.fromarray(fill).convert("P")
    labels.putpalette([0, 0, 0, 128, 0, 0])
    labels.save(tmp_path / "labels.png")
    np.save(tmp_path / "mask.npy", fill)
    for name in ("grey.png", "labels.png", "mask.npy"):
        problem = ut.tasks.inpaint(photo(), tmp_path / name)
        assert np.array_equal(problem.rendering.filled[0, 0].numpy(), fill > 0)
        assert any("counts as white" in note for note in problem.notes)
    known = ut.tasks.inpaint(photo(), known=1 - fill).rendering.filled
    assert np.array_equal(known[0, 0].numpy(), fill > 0)
    with pytest.raises(ut.PictureError, match=r"fill: .* nowhere white, and has 2 values"):
        ut.tasks.inpaint(photo(), fill + (np.arange(20) > 5).astype(np.uint8))
    clear = np.zeros((24, 20, 4), np.uint8)
    clear[..., 3] = 255 * fill
    with pytest.raises(ut.PictureError, match="only its alpha differs"):
        ut.tasks.inpaint(photo(), Image.fromarray(clear))


NUMBERS = [np.float32, np.float64, np.array, torch.tensor, lambda x: np.float32(x).reshape(())]


@pytest.mark.parametrize("made", NUMBERS)
def test_numbers_of_any_kind(made):
    plain = ut.denoise(grey(), sigma=0.125, **TINY).picture
    assert np.array_equal(ut.denoise(grey(), sigma=made(0.125), **TINY).picture, plain)
    assert ut.tasks.upscale(grey(), made(2.0)).size == (48, 40)
    scan = ut.Radon([0, 90], 24)
    y = scan(
        torch.from_numpy(floats()[:, :20])
        .expand(1, 1, -1, -1)
        .contiguous()
        .repeat(1, 1, 1, 2)[..., :24]
    )
    problem = ut.tasks.reconstruct(y, scan, noise=made(0.5), bounds=(made(0.0), made(1.0)))
    assert "noise of standard deviation 0.5" in problem.notes[-1]
    assert ut.Gaussian(made(0.5)).sigma == 0.5


def test_options_of_any_kind():
    plain = denoised(grey(), seed=3, steps=2)
    others = {"seed": np.int64(3), "steps": np.uint8(2), "device": torch.device("cpu")}
    others |= {"tile": np.int32(64), "seconds": None}
    assert np.array_equal(denoised(grey(), **others), plain)
    assert np.array_equal(denoised(grey(), seed=torch.tensor(3), steps=np.array(2)), plain)


def test_poisson_noise_may_be_a_model():
    light = np.random.default_rng(0).poisson(grey() / 8).astype(np.float32) / 32
    by_model = ut.denoise(light, noise=ut.Poisson(), **TINY)
    assert np.array_equal(by_model.picture, ut.denoise(light, noise="poisson", **TINY).picture)


def test_measurements_and_operators_of_any_kind():
    angles = np.arange(0, 180, 20)
    scan = ut.Radon(angles, 24)
    y = scan(torch.from_numpy(photo(24, 24)[..., 1] / np.float32(255))[None, None]).numpy()
    plain = ut.tasks.reconstruct(y, scan, noise=0.5)
    for other in (y.astype(">f4"), y[..., ::-1][..., ::-1], np.asfortranarray(y), y.astype("f8")):
        again = ut.tasks.reconstruct(
            other, ut.Radon(angles[::-1][::-1].astype(">f8"), 24), noise=0.5
        )
        assert torch.equal(again.measurement.y, plain.measurement.y)
    with pytest.raises(ut.ProblemError, match=r"y: 3 of .* are masked: set them to 0"):
        ut.tasks.reconstruct(np.ma.MaskedArray(y, np.arange(y.size).reshape(y.shape) < 3), scan)
    flipped = ut.tasks.reconstruct(y[..., ::-1], scan, weights=np.ones_like(y)[..., ::-1])
    assert torch.isfinite(flipped.measurement.y).all()


# What is handed over ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result():
    return ut.denoise(photo(), sigma=0.1, **TINY)


def test_results_are_saved(tmp_path, result):
    path = tmp_path / "out.png"
    result.save(path)
    assert np.array_equal(ut.read(path).stored, result.picture)
    with pytest.raises(ut.PictureError, match="exists"):
        result.save(path)
    result.save(str(path), overwrite=True)
    image = Image.fromarray(photo())
    image.save(tmp_path / "in.png", dpi=(300, 300))
    ut.denoise(tmp_path / "in.png", sigma=0.1, **TINY).save(tmp_path / "again.png")
    assert ut.read(tmp_path / "again.png").metadata.dpi == ut.read(tmp_path / "in.png").metadata.dpi


def test_results_pickle_and_copy(result):
    kinds = (photo(), torch.from_numpy(floats()), Image.fromarray(photo()))
    kinds += (np.ma.MaskedArray(floats(), floats() > 0.9), grey().astype(">u2"))
    for given in kinds:
        made = ut.denoise(given, sigma=0.1, **TINY)
        pickled = pickle.loads(pickle.dumps(made))  # noqa: S301
        for again in (pickled, copy.deepcopy(made)):
            assert type(again.picture) is type(made.picture)
            assert np.array_equal(np.asarray(again), np.asarray(made), equal_nan=True)
            assert again.recipe == made.recipe


def test_pictures_and_results_are_arrays(result):
    assert np.array_equal(np.asarray(result), result.picture)
    assert np.asarray(result.restored, dtype=np.float64).dtype == np.float64
    assert np.array_equal(np.asarray(ut.as_picture(grey())), grey())


def test_each_is_shown_in_one_short_line(result):
    problem = ut.tasks.denoise(photo(), sigma=0.1)
    fit = ut.watch(problem, tiny_recipe(steps=2), device="cpu", tile="off")
    next(fit)
    shown = {
        "Picture": ut.as_picture(grey()),
        "Restoration": result,
        "Problem": problem,
        "Recipe": tiny_recipe(),
        "Fit": fit,
        "ShrinkingFit": ut.watch(ut.tasks.denoise(photo(256, 200), sigma=0.1), device="cpu"),
    }
    for name, each in shown.items():
        assert repr(each).startswith(f"{name}(")
        assert "\n" not in repr(each)
        assert len(repr(each)) < 200
        assert "tensor" not in repr(each)
    low, high = grey().min(), grey().max()
    assert repr(shown["Picture"]) == f"Picture(20x24, 1 channel, uint8, {low} to {high}, NumPy)"
    assert "denoise, 20x24, 3 channels, uint8" in repr(result)
    assert "at step 1" in repr(fit)


def test_notebooks_show_before_and_after(result):
    page = result._repr_html_()
    assert page.count('src="data:image/png;base64,') == 2
    assert page.index("before") < page.index("after")
    assert np.array_equal(result.before.stored, photo())
    png = ut.as_picture(photo(600, 100))._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert len(png) < 300_000


def test_a_missing_file_is_named():
    with pytest.raises(ut.PictureError, match=r"reference: cannot read nowhere\.png"):
        ut.compare(ut.tasks.denoise(photo(), sigma=0.1), reference=Path("nowhere.png"))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.rand(1, 1, 8, 8).to_sparse(),
        torch.empty(1, 1, 8, 8, device="meta"),
    ],
    ids=["sparse", "meta"],
)
def test_tensors_without_samples_to_read_are_refused(tensor):
    with pytest.raises(RequestError, match=r"image: .*give a dense one"):
        ut.tasks.denoise(tensor)
