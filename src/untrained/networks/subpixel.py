"""Convolution of an enlarged map, evaluated before it is enlarged."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.networks import layers


class SubpixelConv(nn.Module):
    """Double the size of a map and convolve it, without ever making the larger map.

    Upsampling is linear, so that every pixel of a block of 2x2 is a convolution of the small map
    with filters of its own, which follow from the given one: a sub-pixel convolution (Shi et al.
    2016, arXiv:1609.05158) whose filters are not free. Equal to upsampling first, but that beyond
    the border the map goes on as it is at the border.

    Parameters
    ----------
    channels_in, channels_out
        Channels before and after.
    kernel
        Filter size, odd, at the doubled size.
    upsampling
        A name listed in `layers`.
    """

    mixing: Tensor

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, upsampling: layers.Upsampling
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel)
        taps = _taps(kernel, upsampling)
        self.reach = taps.shape[-1] // 2
        both = torch.einsum("ako,bpq->kpaboq", taps, taps)
        self.register_buffer("mixing", both.flatten(2).flatten(0, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels_out, 2 H, 2 W)``."""
        image = F.pad(image, (self.reach,) * 4, mode="replicate")
        bias = self.conv.bias
        biases = None if bias is None else bias.repeat_interleave(4)
        return F.pixel_shuffle(F.conv2d(image, self._filters(), biases), 2)

    def _filters(self) -> Tensor:
        """Filters at the small size, ``(4 channels_out, channels_in, k, k)``."""
        channels_out, channels_in = self.conv.weight.shape[:2]
        side = 2 * self.reach + 1
        mixed = self.conv.weight.flatten(2) @ self.mixing
        blocks = mixed.view(channels_out, channels_in, 4, side, side).transpose(1, 2)
        return blocks.reshape(4 * channels_out, channels_in, side, side)


class SubpixelScale(nn.Module):
    """One scale of the hourglass whose decoder convolves the features below before enlarging them.

    The skip branch and the features below are normalised and convolved apart, and added, which is
    convolving them joined. The features below are normalised before they are enlarged; that, and
    the border (see `SubpixelConv`), is what differs from `skip.Scale`.

    Parameters
    ----------
    encode, deeper
        To half the size, and all coarser scales.
    raise_below
        From the features below to the decoder's, at double the size.
    across
        From the input of this scale to the decoder's features; None where there is no skip branch.
    decode
        What follows the sum of both.
    """

    def __init__(
        self,
        encode: nn.Module,
        deeper: nn.Module,
        raise_below: nn.Module,
        across: nn.Module | None,
        decode: nn.Module,
    ) -> None:
        super().__init__()
        self.encode = encode
        self.deeper = deeper
        self.raise_below = raise_below
        self.across = across
        self.decode = decode

    def forward(self, image: Tensor) -> Tensor:
        """Map this scale's input to its decoded features, of the same height and width."""
        high: Tensor = self.raise_below(self.deeper(self.encode(image)))
        if self.across is not None:
            joined = layers.crop_to_smallest([high, self.across(image)])
            high = joined[0] + joined[1]
        decoded: Tensor = self.decode(high)
        return decoded


def draw_as_joined(*convolutions: nn.Module) -> None:
    """Give convolutions whose results are added the weights of one of all their channels.

    PyTorch draws weights within bounds that shrink as the root of the number of inputs. Drawn each
    alone, a narrow skip branch would weigh as much as a wide one.
    """
    channels = [each.get_parameter("weight").shape[1] for each in convolutions]
    with torch.no_grad():
        for each, own in zip(convolutions, channels, strict=True):
            for parameter in each.parameters():
                parameter.mul_((own / sum(channels)) ** 0.5)


def _taps(kernel: int, upsampling: layers.Upsampling) -> Tensor:
    """Weight of each small pixel in each tap of the filter, for both pixels of a pair.

    ``(2, kernel, k)``: pixel of the pair, tap, offset of the small pixel from the pair's own.
    """
    reach = kernel // 2
    small = 2 * reach + 5
    centre = small // 2
    impulses = torch.eye(small).view(small, 1, small, 1).expand(-1, -1, -1, 2)
    enlarged = layers.upsample(upsampling)(impulses)[:, 0, :, 0]
    starts = (2 * centre - reach, 2 * centre + 1 - reach)
    taps = torch.stack([enlarged[:, start : start + kernel].T for start in starts])
    # Beyond this all weights are zero; found from them it could not be told from shapes alone.
    width = {"nearest": (reach + 1) // 2, "bilinear": reach // 2 + 1}[upsampling]
    return taps[..., centre - width : centre + width + 1]
