"""deepinv's physics as they are, and a fit as deepinv's Reconstructor. Needs deepinv."""

import importlib
import importlib.util

import pytest
import torch
from benches.deepinv_rows import reason_not_to_run

import untrained as ut
from tests.helpers.tiny import tiny_recipe
from untrained.operators import FourierSubsampling, Radon

pytestmark = pytest.mark.filterwarnings("ignore")
TINY = {"recipe": tiny_recipe(steps=3), "device": "cpu"}


@pytest.fixture(scope="module")
def deepinv():
    """Import deepinv, or skip with the reason."""
    if reason := reason_not_to_run():
        pytest.skip(reason)
    return importlib.import_module("deepinv")


def picture():
    image = 0.1 * torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    image[..., 8:20, 10:24] += 0.8
    return image


def physics(deepinv, name):
    size = (1, 32, 32)
    kernel = deepinv.physics.blur.gaussian_blur(1.0)
    makers = {
        "tomography": lambda: deepinv.physics.Tomography(angles=20, img_width=32, device="cpu"),
        "inpainting": lambda: deepinv.physics.Inpainting(size, mask=0.5),
        "downsampling": lambda: deepinv.physics.Downsampling(size, factor=2, filter="gaussian"),
        "blur": lambda: deepinv.physics.Blur(filter=kernel, padding="valid"),
        "blur by FFT": lambda: deepinv.physics.BlurFFT(size, filter=kernel),
        "compressed sensing": lambda: deepinv.physics.CompressedSensing(m=300, img_size=size),
        "mri": lambda: deepinv.physics.MRI(
            mask=torch.ones(1, 2, 32, 32) * (torch.arange(32) % 2), img_size=(2, 32, 32)
        ),
    }
    return makers[name]()


@pytest.mark.parametrize(
    "name",
    [
        "tomography",
        "inpainting",
        "downsampling",
        "blur",
        "blur by FFT",
        "compressed sensing",
        "mri",
    ],
)
def test_physics_as_they_are(deepinv, name):
    image, operator = picture(), physics(deepinv, name)
    image = torch.cat([image, 0.3 * image], dim=1) if name == "mri" else image
    result = ut.reconstruct(operator.A(image), operator, **TINY)
    assert result.image.shape == image.shape
    assert "passes the dot-product test" in result.notes[0]


def test_a_fit_is_a_reconstructor_and_runs_in_deepinv_s_own_loop(deepinv):
    model = ut.UntrainedReconstructor(bounds=(0, 1.2), **TINY)
    assert isinstance(model, deepinv.models.Reconstructor)
    operator = physics(deepinv, "inpainting")
    images = torch.cat([picture(), picture().flip(-1)])
    with torch.no_grad():
        assert model(operator.A(images), operator).shape == images.shape
    pairs = torch.utils.data.TensorDataset(images, operator.A(images))
    scores = deepinv.test(
        model, torch.utils.data.DataLoader(pairs), physics=operator, device="cpu", verbose=False
    )
    assert scores["PSNR"] > 0


def test_our_transforms_are_theirs(deepinv):
    image = picture()
    theirs = physics(deepinv, "mri").A(torch.cat([image, 0 * image], dim=1))
    ours = FourierSubsampling(torch.arange(32) % 2, height=32)(image)
    torch.testing.assert_close(torch.complex(theirs[:, :1], theirs[:, 1:]), ours)
    angles = torch.arange(0, 180, 9.0)
    scan = deepinv.physics.Tomography(angles=angles, img_width=33, circle=True, normalize=False)
    odd = torch.nn.functional.pad(image[..., 4:28, 4:28], (4, 5, 4, 5))
    ours, theirs = Radon(angles, 33)(odd)[0, 0], scan.A(odd)[0, 0].T
    scale = float((ours * theirs).sum() / theirs.square().sum())
    assert float((ours - scale * theirs).norm() / ours.norm()) < 0.05
