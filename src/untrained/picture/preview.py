"""Previews: 8-bit PNGs for reports and progress, never for results."""

import base64
import io

import numpy as np
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from untrained.arguments import checked
from untrained.picture.planes import Planes
from untrained.picture.region import Size


def shown(image: Tensor) -> Image.Image:
    """Convert ``(1, C, [D,] H, W)`` in [0, 1] to an 8-bit picture, grey or RGB.

    Four channels count as CMYK. Of 2 or more than 4 channels it shows the first, in grey; of a
    volume the middle slice.
    """
    if image.ndim == 5:
        image = image[:, :, image.shape[2] // 2]
    samples = (image[0].clamp(0, 1) * 255).round().byte().cpu().numpy()
    channels = samples.shape[0]
    if channels == 3:
        return Image.fromarray(np.ascontiguousarray(samples.transpose(1, 2, 0)))
    if channels == 4:
        layers = [Image.fromarray(layer) for layer in samples]
        return Image.merge("CMYK", layers).convert("RGB")
    return Image.fromarray(samples[0])


def enlarged(image: Tensor, size: Size) -> Tensor:
    """Enlarge ``(1, C, [D,] H, W)`` to this size by repeating pixels; as it is if it has it."""
    if tuple(image.shape[2:]) == size:
        return image
    return F.interpolate(image, size=size, mode="nearest")


@checked
def png_bytes(image: Planes) -> bytes:
    """Encode ``(1, C, [D,] H, W)`` in [0, 1] as an 8-bit PNG, as `shown` converts it."""
    return encoded(shown(image))


def thumbnail(image: Tensor, side: int = 512) -> bytes:
    """Encode as `png_bytes` does, reduced so that no side is longer than `side`."""
    small = shown(image)
    small.thumbnail((side, side))
    return encoded(small)


def encoded(picture: Image.Image) -> bytes:
    """Encode as PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def data_url(png: bytes) -> str:
    """Write a PNG as a ``data:`` URL, for pages that embed their pictures."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
