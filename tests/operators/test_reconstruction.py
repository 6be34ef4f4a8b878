"""Blur, Radon transform and Fourier sampling: adjoints, gradients, odd sizes, foreign code."""

import numpy as np
import pytest
import skimage.data
import torch
from scipy.ndimage import convolve
from scipy.sparse.linalg import aslinearoperator
from skimage.transform import iradon, radon

from tests.helpers.operators import CASES
from untrained.errors import RequestError
from untrained.operators import (
    Forward,
    FourierSubsampling,
    OperatorError,
    Radon,
    adjoint,
    adjoint_error,
    blur,
    gaussian_kernel,
)
from untrained.operators.adjoint import inner, is_linear

PARAMETERS = pytest.mark.parametrize(("operator", "shape"), CASES.values(), ids=CASES)


def generator():
    return torch.Generator().manual_seed(1)


@PARAMETERS
def test_the_adjoint_passes_the_dot_product_test(operator, shape):
    picture = torch.zeros(shape, dtype=torch.float64)
    assert adjoint_error(operator.double().A, operator.A_adjoint, picture) < 1e-6
    assert is_linear(operator.A, picture)


@PARAMETERS
def test_the_adjoint_is_that_of_autograd(operator, shape):
    image = torch.rand(shape, generator=generator())
    seen = operator.float()(image)
    expected = adjoint(operator, seen, shape[-2:], shape[1])
    torch.testing.assert_close(operator.A_adjoint(seen), expected, atol=1e-5, rtol=1e-4)


@PARAMETERS
def test_gradients_agree_with_finite_differences(operator, shape):
    operator = operator.double()
    image = torch.rand(shape, generator=generator(), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(operator, (image,))
    operator.float()


def phantom(size):
    image = skimage.data.shepp_logan_phantom()[:: 400 // size, :: 400 // size][:size, :size]
    return np.ascontiguousarray(image)


@pytest.mark.parametrize("size", [50, 57])
def test_radon_agrees_with_skimage(size):
    image, angles = phantom(80)[:size, :size], np.linspace(0, 180, 40, endpoint=False)
    rows, columns = np.mgrid[:size, :size] - size // 2
    image = image * (rows**2 + columns**2 < (size // 2 - 1) ** 2)
    ours = Radon(angles, size)(torch.from_numpy(image)[None, None].float())[0, 0]
    theirs = radon(image, angles, circle=True).T
    assert np.abs(ours.numpy() - theirs).max() < 1e-4 * theirs.max()


@pytest.mark.parametrize("size", [57, 80])
def test_filtered_back_projection_is_that_of_skimage(size):
    image, angles = phantom(80)[:size, :size], np.linspace(0, 180, 45, endpoint=False)
    operator = Radon(angles, size)
    sinogram = operator(torch.from_numpy(image)[None, None].float())
    ours = operator.A_dagger(sinogram)[0, 0].numpy()
    theirs = iradon(sinogram[0, 0].numpy().T.astype(float), angles, filter_name="ramp")
    rows, columns = np.mgrid[:size, :size] - size // 2
    inside = rows**2 + columns**2 < (size // 2 - 1) ** 2
    assert np.abs(ours - theirs)[inside].max() < 1e-4 * theirs.max()


def test_filtered_back_projection_keeps_the_centre_pixel():
    rows, columns = np.mgrid[:64, :64] - 32.0
    disc = torch.from_numpy((rows**2 + columns**2 <= 400).astype(np.float32))[None, None]
    operator = Radon(np.arange(0, 180, 2.0), 64)
    back = operator.A_dagger(operator(disc))[0, 0]
    assert float(back[32, 32] / back[28:37, 28:37].mean()) == pytest.approx(1, abs=0.005)


def test_a_centred_disc_projects_to_its_chords():
    size, radius = 101, 30.0
    rows, columns = np.mgrid[:size, :size] - 50.0
    disc = torch.from_numpy((rows**2 + columns**2 <= radius**2).astype(np.float32))[None, None]
    sinogram = Radon([0, 33, 90, 145], size)(disc)[0, 0]
    chord = 2 * np.sqrt(np.clip(radius**2 - columns[0] ** 2, 0, None))
    inner_bins = np.abs(columns[0]) < 25
    for projection in sinogram.numpy():
        assert np.abs(projection - chord)[inner_bins].max() < 2.0


def test_blur_agrees_with_scipy_where_no_border_reaches():
    kernel = np.random.default_rng(0).random((3, 5))
    image = np.random.default_rng(1).random((9, 11))
    ours = blur(kernel)(torch.from_numpy(image)[None, None].float())[0, 0].numpy()
    theirs = convolve(image, kernel, mode="constant")[1:-1, 2:-2]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("shape", [(3, 5), (2, 4), (1, 1)])
def test_the_frame_is_undone_by_the_centre(shape):
    operator = blur(torch.ones(shape))
    image = torch.rand(1, 2, 6, 7)
    framed = operator.frame(image)
    assert tuple(framed.shape[-2:]) == operator.extended(6, 7)
    assert torch.equal(operator.centre(framed), image)


def test_whitened_operators_have_even_singular_values():
    operator = blur(gaussian_kernel(1.0))
    image = torch.randn(1, 1, 40, 40, generator=generator())
    rough, smooth = operator(image), operator(torch.ones_like(image))
    before = float(rough.norm() / smooth.norm())
    after = float(operator.whiten(rough).norm() / operator.whiten(smooth).norm())
    assert after > 1.5 * before
    ct = Radon(np.arange(0, 180, 4), 48)
    shares = []
    for picture in (image[..., :48, :48], torch.ones(1, 1, 40, 40)):
        whole = torch.zeros(1, 1, 48, 48)
        whole[..., 4:44, 4:44] = picture
        shares.append(float(ct.whiten(ct(whole)).norm() / ct(whole).norm()))
    assert shares[0] > 2 * shares[1]


def test_fourier_sampling_is_orthonormal_and_centred():
    image = torch.rand(1, 1, 6, 7, generator=generator())
    whole = FourierSubsampling(torch.ones(6, 7))
    assert inner(whole(image), whole(image)) == pytest.approx(inner(image, image), rel=1e-5)
    assert whole(image).abs().argmax() == 3 * 7 + 3
    torch.testing.assert_close(whole.A_dagger(whole(image)), image)


def test_coils_are_divided_out():
    image = torch.rand(1, 1, 6, 6, generator=generator())
    maps = torch.complex(torch.rand(2, 6, 6), torch.rand(2, 6, 6)) + 0.1
    operator = FourierSubsampling(torch.ones(6, 6), maps)
    torch.testing.assert_close(operator.A_dagger(operator(image)), image)


def test_scipy_operators_have_gradients_and_adjoints():
    matrix = np.random.default_rng(0).normal(size=(9, 12))
    forward = Forward(aslinearoperator(matrix), (1, 3, 4))
    image = torch.rand(1, 1, 3, 4, dtype=torch.float64, requires_grad=True)
    np.testing.assert_allclose(
        forward(image).detach().numpy(), matrix @ image.detach().numpy().ravel()
    )
    assert torch.autograd.gradcheck(forward, (image,))
    assert adjoint_error(forward, forward.method("A_adjoint"), image.detach()) < 1e-9


def test_a_complex_scipy_operator_takes_pictures_of_two_halves():
    matrix = np.random.default_rng(0).normal(size=(6, 4, 2)) @ [1, 1j]
    forward = Forward(aslinearoperator(matrix), (1, 2, 2))
    forward.complex_picture = True
    image = torch.rand(1, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    whole = image[0, 0].flatten() + 1j * image[0, 1].flatten()
    np.testing.assert_allclose(forward(image).detach(), matrix @ whole.detach().numpy())
    assert torch.autograd.gradcheck(forward, (image,))
    assert adjoint_error(forward, forward.method("A_adjoint"), image.detach()) < 1e-9


def test_a_wrong_adjoint_is_told_from_a_right_one():
    right, wrong = blur(gaussian_kernel(1.0)), blur([[1.0, 0, 0], [0, 0, 0], [0, 0, 0.5]])
    picture = torch.zeros(1, 1, 20, 20)
    assert adjoint_error(right, right.A_adjoint, picture) < 1e-5
    shifted = blur(wrong.kernel.flip(0, 1))
    assert adjoint_error(wrong, shifted.A_adjoint, picture) > 0.05


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: blur(torch.zeros(3, 3)), "all zero"),
        (lambda: blur(torch.ones(3)), "rows and columns"),
        (lambda: blur(torch.full((3, 3), torch.nan)), "not finite"),
        (lambda: gaussian_kernel(0.0), "sigma is 0: give a finite .* above 0"),
        (lambda: Radon([], 5), "angles"),
        (lambda: Radon([np.inf], 5), "finite"),
        (lambda: Radon([0.0], 0), "size is 0"),
        (lambda: Radon([0.0], 5)(torch.ones(1, 1, 5, 6)), "6x5, the detector has 5"),
        (lambda: Radon([0.0, 1.0], 5).A_dagger(torch.ones(1, 1, 3, 5)), "2 angles"),
        (lambda: FourierSubsampling(torch.zeros(4, 4)), "empty"),
        (lambda: FourierSubsampling(torch.full((4, 4), 0.5)), "besides 0 and 1"),
        (lambda: FourierSubsampling(torch.ones(4)), "give"),
        (lambda: FourierSubsampling(torch.ones(4, 4), torch.ones(2, 4, 5)), "4x4.*5x4"),
        (lambda: FourierSubsampling(torch.ones(4, 4), torch.ones(4, 4)), "coils"),
        (lambda: FourierSubsampling(torch.ones(4, 4))(torch.ones(1, 1, 3, 4)), "4x4"),
        (lambda: FourierSubsampling(torch.ones(4, 4)).A_adjoint(torch.ones(1, 2, 4, 4)), "want"),
        (lambda: Forward(aslinearoperator(np.ones((3, 4)))), "shape"),
        (lambda: Forward(aslinearoperator(np.ones((3, 4))), (1, 3, 3)), "4 numbers.*9"),
    ],
)
def test_wrong_requests_give_the_numbers(make, words):
    with pytest.raises(RequestError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert issubclass(OperatorError, RequestError)
