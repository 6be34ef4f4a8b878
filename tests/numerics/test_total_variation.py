import numpy as np
import pytest
import skimage.data
import torch

from tests.helpers.tiny import photo
from untrained import tasks
from untrained.errors import RequestError
from untrained.fitting.restore import restore, watch
from untrained.numerics.total_variation import total_variation
from untrained.problem.problem import ProblemError
from untrained.recipes import RecipeError, TotalVariation
from untrained.tasks.presets import preset


def test_the_formula_by_loops():
    image = torch.rand(1, 3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    total = 0.0
    for i in range(5):
        for j in range(4):
            down = image[0, :, i + 1, j] - image[0, :, i, j] if i < 4 else torch.zeros(3)
            right = image[0, :, i, j + 1] - image[0, :, i, j] if j < 3 else torch.zeros(3)
            total += float((down.square().sum() + right.square().sum()).sqrt())
    assert total_variation(image).item() == pytest.approx(total / 20, abs=1e-4)


def test_colours_count_by_their_factor():
    image = torch.rand(1, 3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    opponent = torch.tensor([[1, 1, 1], [1, 0, -1], [1, -2, 1]], dtype=torch.float64)
    opponent = opponent / opponent.norm(dim=1, keepdim=True) * torch.tensor([[1.0], [2.5], [2.5]])
    turned = torch.einsum("ij,njhw->nihw", opponent, image)
    torch.testing.assert_close(total_variation(image, 2.5), total_variation(turned))
    grey = image[:, :1].expand(1, 3, 5, 4)
    torch.testing.assert_close(total_variation(grey, 9.0), total_variation(grey))


def test_a_flat_picture_has_none_and_a_gradient():
    image = torch.full((1, 1, 4, 4), 0.3, requires_grad=True)
    value = total_variation(image)
    value.backward()
    assert value.item() < 0.002
    assert torch.isfinite(image.grad).all()


def test_single_rows_and_pixels():
    assert torch.isfinite(total_variation(torch.rand(1, 3, 1, 1)))
    assert torch.isfinite(total_variation(torch.rand(1, 1, 1, 9)))


def noisy(sigma=25):
    clean = skimage.data.astronaut()[80:176, 180:276]
    noise = np.random.default_rng(0).normal(0, sigma, clean.shape)
    return clean, np.clip(clean + noise, 0, 255).round().astype(np.uint8)


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


def test_the_prior_tv_denoises_to_the_noise_level():
    clean, image = noisy()
    fit = watch(tasks.denoise(image, sigma=25 / 255), prior="tv", device="cpu")
    for _ in fit:
        pass
    result = fit.restoration()
    assert result.recipe.name == "tv"
    assert psnr(result.picture, clean) > psnr(image, clean) + 5
    inside = (result.image > 0.2) & (result.image < 0.8)
    residual = (result.image - fit.problem.measurement.y)[inside].square().mean().item()
    assert residual == pytest.approx(0.8 * (25 / 255) ** 2, rel=0.1)


def test_total_variation_smooths():
    fits = {w: restore(tasks.deblock(photo()), tv(w), device="cpu").image for w in (0.001, 0.2)}
    assert total_variation(fits[0.2]) < 0.7 * total_variation(fits[0.001])


def tv(weight):
    changes = {"total_variation": TotalVariation(weight=weight), "steps": 100}
    return preset("deblock", "tv").model_copy(update=changes)


def test_bad_requests():
    with pytest.raises(RequestError, match="untrained, tv"):
        restore(tasks.deblock(photo()), prior="wavelets")
    with pytest.raises(RecipeError, match="preset of its own"):
        restore(tasks.deblock(photo()), "paper", prior="tv")
    with pytest.raises(ProblemError, match="noise level"):
        restore(tasks.deblock(photo()), preset("denoise", "tv"))
