"""The skip hourglass written a second time, slowly, in float64 NumPy and without torch.

Written from the description in the paper (Ulyanov et al. 2018) and its supplement: it shares no
code with `untrained.networks` and follows only the names of the weights.
"""

import math

import numpy as np

LEAK = 0.2
EPSILON = 1e-5


def layer_outputs(weights, image, *, skip, upsampling, downsampling, padding, mix):
    """Run the hourglass on `image`, (N, C, H, W), and list what each layer gave, in order.

    `weights` are named float64 arrays; `skip` and `upsampling` have one entry for each scale,
    finest first. The layers are convolutions (before any pooling), poolings, norms, activations
    and upsamplings.
    """
    hourglass = Hourglass(weights, upsampling, downsampling, padding, mix)
    features = hourglass.scale(image, "body", 0, skip)
    features = hourglass.convolve(features, "head.0")
    hourglass.keep(1 / (1 + np.exp(-features)))
    return hourglass.outputs


class Hourglass:
    def __init__(self, weights, upsampling, downsampling, padding, mix):
        self.weights = weights
        self.upsampling = upsampling
        self.downsampling = downsampling
        self.padding = padding
        self.mix = mix
        self.outputs = []

    def keep(self, output):
        self.outputs.append(output)
        return output

    def scale(self, image, name, depth, skip):
        low = self.halve(image, f"{name}.encode")
        low = self.normalise_activate(low, f"{name}.encode.1")
        low = self.block(low, f"{name}.encode", 3)
        if depth + 1 < len(skip):
            low = self.scale(low, f"{name}.deeper", depth + 1, skip)
        joined = self.keep(double(low, self.upsampling[depth]))
        if skip[depth]:
            across = self.block(image, f"{name}.across", 0)
            joined = join(across, joined)
        joined = self.normalise(joined, f"{name}.decode.0")
        joined = self.block(joined, f"{name}.decode", 1)
        return self.block(joined, f"{name}.decode", 4) if self.mix else joined

    def block(self, image, name, first):
        image = self.convolve(image, f"{name}.{first}")
        return self.normalise_activate(image, f"{name}.{first + 1}")

    def normalise_activate(self, image, name):
        image = self.normalise(image, name)
        return self.keep(np.where(image > 0, image, LEAK * image))

    def halve(self, image, name):
        if self.downsampling == "stride":
            return self.convolve(image, f"{name}.0", stride=2)
        image = self.convolve(image, f"{name}.0.0")
        return self.keep(pool(image, self.downsampling))

    def convolve(self, image, name, stride=1):
        kernel = self.weights[f"{name}.weight"]
        image = pad(image, kernel.shape[-1] // 2, self.padding)
        output = correlate(image, kernel, stride)
        return self.keep(output + self.weights[f"{name}.bias"][:, None, None])

    def normalise(self, image, name):
        scale = self.weights[f"{name}.weight"][:, None, None]
        shift = self.weights[f"{name}.bias"][:, None, None]
        return self.keep(standardise(image, (0, 2, 3)) * scale + shift)


def standardise(image, axes):
    """Bring the mean over `axes` to zero and the biased variance to one."""
    mean = image.mean(axis=axes, keepdims=True)
    variance = ((image - mean) ** 2).mean(axis=axes, keepdims=True)
    return (image - mean) / np.sqrt(variance + EPSILON)


def correlate(image, kernel, stride):
    """Slide `kernel`, (out, in, k, k), over `image`, (N, in, H, W), tap by tap."""
    size = kernel.shape[-1]
    height, width = ((side - size) // stride + 1 for side in image.shape[-2:])
    output = np.zeros((image.shape[0], kernel.shape[0], height, width))
    for i in range(size):
        for j in range(size):
            rows = slice(i, i + stride * (height - 1) + 1, stride)
            columns = slice(j, j + stride * (width - 1) + 1, stride)
            output += np.einsum(
                "oc,nchw->nohw", kernel[:, :, i, j], image[:, :, rows, columns], optimize=True
            )
    return output


def pad(image, amount, padding):
    """Add `amount` pixels on every side: zeros, mirrored without the edge, or the edge again."""
    height, width = image.shape[-2:]
    rows = [padded_index(i, height, padding) for i in range(-amount, height + amount)]
    columns = [padded_index(j, width, padding) for j in range(-amount, width + amount)]
    padded = np.zeros((*image.shape[:2], len(rows), len(columns)))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            if row is not None and column is not None:
                padded[:, :, i, j] = image[:, :, row, column]
    return padded


def padded_index(i, side, padding):
    if 0 <= i < side:
        return i
    if padding == "zero":
        return None
    if padding == "replication":
        return 0 if i < 0 else side - 1
    return -i if i < 0 else 2 * (side - 1) - i


def pool(image, name):
    if name.startswith("lanczos"):
        return lanczos(image, 2, int(name[-1]))
    height, width = (side // 2 for side in image.shape[-2:])
    output = np.empty((*image.shape[:2], height, width))
    for i in range(height):
        for j in range(width):
            window = image[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            output[:, :, i, j] = {"average": np.mean, "max": np.max}[name](window, axis=(2, 3))
    return output


def lanczos(image, factor, lobes):
    """Reduce `image` by an even `factor` with the two-dimensional kernel, edges repeated."""
    kernel = lanczos_kernel(factor, lobes)
    image = pad(image, (len(kernel) - factor) // 2, "replication")
    channels = np.eye(image.shape[1])[:, :, None, None]
    return correlate(image, channels * kernel, factor)


def lanczos_kernel(factor, lobes):
    """Sample the kernel of the paper's code with phase one half: no sample is on the centre."""
    size = 2 * lobes * factor
    kernel = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            y, x = (abs(k + 1.5 - (size + 2) / 2) / factor for k in (i, j))
            kernel[i, j] = window(y, lobes) * window(x, lobes)
    return kernel / kernel.sum()


def window(distance, lobes):
    if distance == 0:
        return 1
    angle = math.pi * distance
    return lobes * math.sin(angle) * math.sin(angle / lobes) / angle**2


def double(image, name):
    """Double height and width; output pixel o lies at (o + 1/2) / 2 - 1/2 of the input."""
    rows, columns = (doubling(side, name) for side in image.shape[-2:])
    return np.einsum("ih,jw,nchw->ncij", rows, columns, image, optimize=True)


def doubling(side, name):
    matrix = np.zeros((2 * side, side))
    for o in range(2 * side):
        if name == "nearest":
            matrix[o, o // 2] = 1
            continue
        place = min(max((o + 0.5) / 2 - 0.5, 0), side - 1)
        before = int(place)
        matrix[o, before] += 1 - (place - before)
        matrix[o, min(before + 1, side - 1)] += place - before
    return matrix


def join(*images):
    """Concatenate the channels of what is common to the images, centred."""
    height, width = (min(image.shape[k] for image in images) for k in (2, 3))
    cropped = []
    for image in images:
        top, left = (image.shape[2] - height) // 2, (image.shape[3] - width) // 2
        cropped.append(image[:, :, top : top + height, left : left + width])
    return np.concatenate(cropped, axis=1)
