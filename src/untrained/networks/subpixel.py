"""Upsampling followed by convolution, computed at the small size."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.networks import layers


class SubpixelConv(nn.Module):
    """Double the size of a map and convolve it, without making the larger map.

    Upsampling is linear, so every pixel of a block of 2x2 (2x2x2 in volumes) is a convolution of
    the small map with filters that follow from the large one: a sub-pixel convolution (Shi et al.
    2016, arXiv:1609.05158) with tied filters. The result equals upsampling first, except that the
    map is repeated beyond its border.

    The blocks lie where the filters are smallest: for a filter of 3 after nearest upsampling across
    the corners of the small pixels, as 2x2 filters, at 4/9 of the operations.

    Parameters
    ----------
    channels_in, channels_out
        Channels before and after.
    kernel
        Filter size, odd, at the doubled size.
    upsampling
        A name listed in `layers`.
    axes
        2 for pictures, 3 for volumes.
    """

    mixing: Tensor

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        upsampling: layers.Upsampling,
        axes: int = 2,
    ) -> None:
        super().__init__()
        self.axes = axes
        kind = nn.Conv2d if axes == 2 else nn.Conv3d
        self.conv = kind(channels_in, channels_out, kernel)
        taps = min(
            (_taps(kernel, upsampling, across=across) for across in (False, True)),
            key=lambda taps: taps.shape[-1],
        )
        self.side = taps.shape[-1]
        together = "ako,bpq->kpaboq" if axes == 2 else "ako,bpq,cru->kprabcoqu"
        mixing = torch.einsum(together, *(taps,) * axes)
        self.register_buffer("mixing", mixing.flatten(axes).flatten(0, axes - 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, channels_in, [D,] H, W)`` to ``(N, channels_out, [2 D,] 2 H, 2 W)``."""
        image = F.pad(image, (self.side // 2,) * 2 * self.axes, mode="replicate")
        bias = self.conv.bias
        biases = None if bias is None else bias.repeat(2**self.axes)
        convolve = F.conv2d if self.axes == 2 else F.conv3d
        blocks = layers.interleave(convolve(image, self._filters(), biases))
        inside: tuple[Any, ...] = (..., *(slice(1, -1),) * self.axes)
        return blocks if self.side % 2 else blocks[inside]

    def _filters(self) -> Tensor:
        """Compute the small filters, ``(4 or 8 channels_out, channels_in, side, side[, side])``.

        Those of the first pixel of a block come first, in the order of `layers.interleave`.
        """
        channels_out, channels_in = self.conv.weight.shape[:2]
        blocks, sides = 2**self.axes, (self.side,) * self.axes
        mixed = self.conv.weight.flatten(2) @ self.mixing
        filters = mixed.view(channels_out, channels_in, blocks, *sides).movedim(2, 0)
        return filters.reshape(blocks * channels_out, channels_in, *sides)


class SubpixelScale(nn.Module):
    """One scale of the hourglass that convolves the coarser features before enlarging them.

    The skip branch and the coarser features are normalised and convolved separately and added,
    which equals convolving them joined. It differs from `skip.Scale` in the border (see
    `SubpixelConv`), and in that the coarser features are normalised before they are enlarged.

    Parameters
    ----------
    encode, deeper
        To half the size, and all coarser scales.
    raise_below
        From the coarser features to the decoder's, at double the size.
    across
        From the input of this scale to the decoder's features; None without a skip branch.
    decode
        Applied to the sum of both.
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
        """Map this scale's input to its decoded features, of the same size."""
        high: Tensor = self.raise_below(self.deeper(self.encode(image)))
        if self.across is not None:
            joined = layers.crop_to_smallest([high, self.across(image)])
            high = joined[0] + joined[1]
        decoded: Tensor = self.decode(high)
        return decoded


def draw_as_joined(*convolutions: nn.Module) -> None:
    """Rescale the weights of convolutions that are added, like those of one joined convolution.

    PyTorch draws weights within bounds that shrink with the root of the number of inputs. Drawn
    separately, a narrow skip branch would weigh as much as a wide one.
    """
    channels = [each.get_parameter("weight").shape[1] for each in convolutions]
    with torch.no_grad():
        for each, own in zip(convolutions, channels, strict=True):
            for parameter in each.parameters():
                parameter.mul_((own / sum(channels)) ** 0.5)


def _taps(kernel: int, upsampling: layers.Upsampling, *, across: bool) -> Tensor:
    """Compute the weight of each small pixel in each tap, for both pixels of a pair.

    A pair lies within one small pixel, or `across` two: the second half of the one before and the
    first half of its own. The result is ``(2, kernel, side)``: pixel of the pair, tap, small pixel
    by place. The small pixel is the middle one if `side` is odd, else the first after the middle.
    """
    reach = kernel // 2
    small = 2 * reach + 5
    centre = small // 2
    impulses = torch.eye(small).view(small, 1, small, 1).expand(-1, -1, -1, 2)
    enlarged = layers.upsample(upsampling)(impulses)[:, 0, :, 0]
    first = 2 * centre - reach - across
    taps = torch.stack([enlarged[:, start : start + kernel].T for start in (first, first + 1)])
    # All weights beyond these are zero. Computed, not searched: dry runs have shapes alone.
    ends = (first, first + kernel)
    if upsampling == "nearest":
        low, high = ends[0] // 2, ends[1] // 2
    else:
        low, high = (ends[0] - 1) // 2, (ends[1] + 1) // 2
    half = max(centre - low, high - centre + across)
    return taps[..., centre - half : centre + half + (not across)]
