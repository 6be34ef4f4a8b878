"""Published PSNR values, each with its source, to compare with those measured here."""

from typing import NamedTuple


class Published(NamedTuple):
    """The mean PSNR of one method over a whole set, in dB."""

    method: str
    psnr: float
    where: str


_DIP = "Ulyanov et al. 2018 (arXiv:1711.10925)"
_DENOISE = f"{_DIP}, section 4.1: nine pictures"
_FROM_PICTURES = "from the output pictures on the authors' page"

_FIGURES: dict[tuple[str, str, int], tuple[Published, ...]] = {
    ("denoise", "cset9", 25): (
        Published("Deep Image Prior, averaged output", 30.43, f"{_DENOISE}, sigma 25"),
        Published("Deep Image Prior", 31.29, f"{_FROM_PICTURES}, perhaps of two noises"),
        Published("CBM3D, sigma known", 31.42, f"{_DENOISE}, clipped noise"),
        Published("Self2Self", 31.74, "Quan et al. 2020 (CVPR): noise not clipped"),
    ),
    ("denoise", "cset9", 50): (
        Published("Deep Image Prior", 27.69, _FROM_PICTURES),
        Published("CBM3D, sigma known", 27.78, _FROM_PICTURES),
    ),
    ("upscale", "set5", 4): (
        Published("Deep Image Prior", 29.90, f"{_DIP}: luma"),
        Published("bicubic", 28.43, "the same"),
    ),
    ("upscale", "set14", 4): (
        Published("Deep Image Prior", 27.01, _FROM_PICTURES),
        Published("bicubic", 26.05, _FROM_PICTURES),
    ),
    ("upscale", "set5", 8): (
        Published("Deep Image Prior", 25.89, _FROM_PICTURES),
        Published("bicubic", 24.37, _FROM_PICTURES),
    ),
    ("upscale", "set14", 8): (Published("Deep Image Prior", 24.15, f"{_DIP}: luma"),),
    ("inpaint", "set11", 50): (
        Published("Deep Image Prior", 33.48, f"{_DIP}, table 1: eleven pictures"),
        Published("Papyan et al. 2017", 31.19, "the same"),
        Published("Self2Self", 35.14, "Quan et al. 2020 (CVPR): other masks"),
    ),
}


def published(task: str, pictures: str, strength: int) -> tuple[Published, ...]:
    """Look up the values for a task, a set and a strength; empty if there are none."""
    return _FIGURES.get((task, pictures, strength), ())
