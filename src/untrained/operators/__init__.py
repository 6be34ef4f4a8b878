"""Forward operators A: how the picture became the measurement. All are differentiable.

An operator is any callable module from a picture ``(1, C, H, W)`` to a measurement; operators chain
with `torch.nn.Sequential`. Those for `tasks.reconstruct` also have ``A``, ``A_adjoint`` and, if
there is a useful inverse, ``A_dagger``, like the physics of deepinv.

* `adjoint`: the adjoint of any linear operator, tests of linearity and adjoints
* `bayer`: the Bayer mosaic
* `blind_blur`: convolution with an unknown kernel
* `checks`: can a fit go through an operator?
* `classifiers`, `features`: the features of a classifier
* `convolution`: convolution with a known kernel
* `diffraction`: far field, coded diffraction, ptychography
* `fan_beam`, `parallel_beam`, `projection`: tomography
* `external`: adapters for deepinv, callables and SciPy
* `fourier`: magnetic resonance imaging
* `jpeg_quantisation`: the intervals of JPEG coefficients
* `resampling`, `resizing`: reduction by any factor, masks, smoothing
* `sampling`: select, scale, whiten, turn into counts, drop the phase
* `subsets`: some angles, coils, masks or pupils alone
* `weights_file`: open files of weights
"""

from untrained.operators.adjoint import adjoint, adjoint_error, inner, is_linear
from untrained.operators.bayer import PATTERNS, Bayer
from untrained.operators.blind_blur import BlindBlur
from untrained.operators.checks import prove
from untrained.operators.convolution import Blur, Convolution, blur, gaussian_kernel
from untrained.operators.diffraction import (
    CodedDiffraction,
    PaddedFourier,
    Ptychography,
    disc,
    octanary_masks,
    pupil_grid,
)
from untrained.operators.external import Forward, OperatorError
from untrained.operators.fan_beam import FanBeam
from untrained.operators.fourier import FourierSubsampling
from untrained.operators.jpeg_quantisation import BlockCosines, JpegIntervals
from untrained.operators.parallel_beam import Radon
from untrained.operators.projection import Projection
from untrained.operators.resampling import Resampling
from untrained.operators.resizing import KERNELS, Mask, back_project, downsample, enlarge, smooth
from untrained.operators.sampling import (
    Counts,
    Intensity,
    Magnitude,
    Pointwise,
    Samples,
    Scaled,
    Whitening,
    Whole,
    part,
    part_of_whitening,
)
from untrained.operators.subsets import along, narrowed, subset, subset_axis

__all__ = [
    "KERNELS",
    "PATTERNS",
    "Bayer",
    "BlindBlur",
    "BlockCosines",
    "Blur",
    "CodedDiffraction",
    "Convolution",
    "Counts",
    "FanBeam",
    "Forward",
    "FourierSubsampling",
    "Intensity",
    "JpegIntervals",
    "Magnitude",
    "Mask",
    "OperatorError",
    "PaddedFourier",
    "Pointwise",
    "Projection",
    "Ptychography",
    "Radon",
    "Resampling",
    "Samples",
    "Scaled",
    "Whitening",
    "Whole",
    "adjoint",
    "adjoint_error",
    "along",
    "back_project",
    "blur",
    "disc",
    "downsample",
    "enlarge",
    "gaussian_kernel",
    "inner",
    "is_linear",
    "narrowed",
    "octanary_masks",
    "part",
    "part_of_whitening",
    "prove",
    "pupil_grid",
    "smooth",
    "subset",
    "subset_axis",
]
