"""Picture quality against a reference: thin wrappers of scikit-image.

Only reports and benches may use this file: no fit may see a clean picture.
"""

from torch import Tensor

from untrained.arguments import checked
from untrained.errors import RequestError
from untrained.picture.planes import Dense, Planes


@checked
def psnr(image: Dense, reference: Dense) -> float:
    """Compute the PSNR in dB, peak 1, over all samples of any shape; inf if equal."""
    from skimage.metrics import peak_signal_noise_ratio

    _check_alike(image, reference)
    if bool((image == reference).all()):
        return float("inf")
    return float(
        peak_signal_noise_ratio(reference.double().numpy(), image.double().numpy(), data_range=1.0)
    )


@checked
def ssim(image: Planes, reference: Planes) -> float | None:
    """Compute SSIM (Wang et al. 2004), Gaussian window of 11 pixels, mean over channels.

    In volumes the window has three axes. None for pictures smaller than the window: SSIM is not
    defined there.
    """
    from skimage.metrics import structural_similarity

    _check_alike(image, reference)
    if min(image.shape[2:]) < 11:
        return None
    value = structural_similarity(
        reference[0].double().numpy(),
        image[0].double().numpy(),
        data_range=1.0,
        channel_axis=0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(value)


def _check_alike(image: Tensor, reference: Tensor) -> None:
    if image.shape != reference.shape:
        raise RequestError(
            f"image has the shape {tuple(image.shape)}, reference {tuple(reference.shape)}: they "
            "must match"
        )


def luma(image: Tensor) -> Tensor:
    """Compute BT.601 luma, studio range, of RGB ``(1, 3, H, W)`` in [0, 1].

    ``(219 (0.299 R + 0.587 G + 0.114 B) + 16) / 255``; grey pictures are scaled
    alike. The published upscaling tables use it.
    """
    if image.shape[1] == 1:
        grey = image
    else:
        grey = 0.299 * image[:, 0:1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:3]
    return (219 * grey + 16) / 255


def psnr_upscaling(image: Tensor, reference: Tensor, border: int = 4) -> float:
    """Compute the PSNR of the luma without a border: the paper's metric for super-resolution.

    The authors' script crops `border` pixels at the top and left, one more at the bottom and
    right.
    """
    inner = slice(border, -border - 1)
    return psnr(luma(image)[..., inner, inner], luma(reference)[..., inner, inner])
