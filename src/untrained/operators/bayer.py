"""The Bayer mosaic of a sensor: one sample per pixel, and two interpolations of the others."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.arguments import checked
from untrained.errors import RequestError
from untrained.picture.region import Sides
from untrained.system.torch_state import in_usual_state

PATTERNS = ("RGGB", "BGGR", "GRBG", "GBRG")
"""The colours of the first two pixels of the first row, then of the second row (Bayer 1976)."""

_GREEN_AT_OTHERS = (
    (0, 0, -1, 0, 0),
    (0, 0, 2, 0, 0),
    (-1, 2, 4, 2, -1),
    (0, 0, 2, 0, 0),
    (0, 0, -1, 0, 0),
)
_BESIDE_IN_ROW = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
_ACROSS = (
    (0, 0, -1.5, 0, 0),
    (0, 2, 0, 2, 0),
    (-1.5, 0, 6, 0, -1.5),
    (0, 2, 0, 2, 0),
    (0, 0, -1.5, 0, 0),
)


@checked
class Bayer(nn.Module):
    """Sample one colour at each pixel: the mosaic of a sensor (Bayer 1976, US patent 3971065).

    Parameters
    ----------
    pattern
        One of `PATTERNS`.
    size
        H and W of the picture, each 2 or more.

    Raises
    ------
    RequestError
        If the pattern is unknown or the picture too small to hold it.
    """

    colours: Tensor
    """1 where a colour is sampled, else 0; ``(1, 3, H, W)``."""

    @in_usual_state()
    def __init__(self, pattern: str, size: Sides) -> None:
        super().__init__()
        if pattern not in PATTERNS:
            raise RequestError(f"unknown pattern {pattern!r}: choose from {', '.join(PATTERNS)}")
        height, width = size
        if min(size) < 2:
            raise RequestError(f"a mosaic of {width}x{height} is smaller than its pattern of 2x2")
        colours = torch.zeros(1, 3, height, width)
        for place, colour in enumerate(pattern):
            colours[0, "RGB".index(colour), place // 2 :: 2, place % 2 :: 2] = 1
        self.pattern = pattern
        self.register_buffer("colours", colours, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Sample ``(1, 3, H, W)`` to the mosaic ``(1, 1, H, W)``."""
        if image.shape[-2:] != self.colours.shape[-2:]:
            raise RequestError(
                f"the picture is {image.shape[-1]}x{image.shape[-2]}, the mosaic "
                f"{self.colours.shape[-1]}x{self.colours.shape[-2]}: they must match"
            )
        return (image * self.colours).sum(dim=1, keepdim=True)

    def A(self, image: Tensor) -> Tensor:
        """Apply `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Put each sample into the channel of its colour, zeros elsewhere: ``(1, 3, H, W)``."""
        return measurement * self.colours

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Apply `bilinear` with every sample known: A of the result is the measurement."""
        return self.bilinear(measurement, torch.ones_like(measurement))

    def bilinear(self, mosaic: Tensor, known: Tensor) -> Tensor:
        """Interpolate each colour between its nearest known samples.

        Parameters
        ----------
        mosaic
            ``(1, 1, H, W)``.
        known
            ``(1, 1, H, W)``, 1 where the sample counts, else 0. A colour without a known sample
            nearby gets its mean.
        """
        seen = self.colours * known
        kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]).to(mosaic).repeat(3, 1, 1, 1)
        total = F.conv2d(mosaic * seen, kernel, padding=1, groups=3)
        weight = F.conv2d(seen, kernel, padding=1, groups=3)
        mean = (mosaic * seen).sum((2, 3)) / seen.sum((2, 3)).clamp_min(1)
        between = torch.where(weight > 0, total / weight.clamp_min(1), mean[..., None, None])
        return torch.where(seen > 0, mosaic, between)

    def gradient_corrected(self, mosaic: Tensor) -> Tensor:
        """Interpolate by the 5x5 linear filters of Malvar, He and Cutler.

        The interpolation of one colour is corrected by the gradient of the colour that was sampled
        at the pixel (ICASSP 2004, doi 10.1109/ICASSP.2004.1326587, figure 2). The mosaic is
        mirrored at its borders.

        Parameters
        ----------
        mosaic
            ``(1, 1, H, W)``, each side 3 or more.
        """
        filters = torch.tensor([_GREEN_AT_OTHERS, _BESIDE_IN_ROW, _ACROSS]).to(mosaic) / 8
        green_there, in_row, across = (kernel[None, None] for kernel in filters)
        mirrored = F.pad(mosaic, (2, 2, 2, 2), mode="reflect")
        green = F.conv2d(mirrored, green_there)
        row, column = F.conv2d(mirrored, in_row), F.conv2d(mirrored, in_row.mT)
        other = F.conv2d(mirrored, across)
        red_here, green_here, blue_here = self.colours.bool().split(1, dim=1)
        planes = [torch.where(green_here, mosaic, green)]
        for here in (red_here, blue_here):
            of_this_row = here.any(dim=-1, keepdim=True)
            beside = torch.where(of_this_row, row, column)
            plane = torch.where(green_here, beside, other)
            planes.append(torch.where(here, mosaic, plane))
        green, red, blue = planes
        return torch.cat([red, green, blue], dim=1)
