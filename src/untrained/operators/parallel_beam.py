"""Parallel-beam computed tomography: line integrals of a slice, and filtered back-projection."""

import math

import torch
from torch import Tensor

from untrained.arguments import checked
from untrained.operators.projection import DetectorSide, Projection
from untrained.picture.arrays import RealNumbers
from untrained.system.torch_state import in_usual_state


@checked
class Radon(Projection):
    """Integrate a square slice along parallel lines (Radon 1917; Kak and Slaney 1988, section 3.1).

    The slice is turned about its centre pixel ``N // 2``, by bilinear interpolation, and summed
    down its columns; outside it is zero. This is the geometry of `skimage.transform.radon` with
    ``circle=True``, but for the order of the axes.

    Parameters
    ----------
    angles
        Degrees, one for each projection.
    size
        N, the height and width of the slice and the number of detector bins.

    Raises
    ------
    RequestError
        If there are no angles, one is not finite, or the size is below 1.
    """

    @in_usual_state()
    def __init__(self, angles: RealNumbers, size: DetectorSide) -> None:
        super().__init__(angles, size, size)
        self.keep_places()

    def grid(self, directions: Tensor) -> Tensor:
        """Compute where each pixel of the turned slices lies in the slice."""
        offsets = self.offsets(self.size).to(directions)
        rows, columns = torch.meshgrid(offsets, offsets, indexing="ij")
        cos, sin = (part[:, None, None] for part in directions.unbind(1))
        return self.in_grid(cos * columns + sin * rows, cos * rows - sin * columns)

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Filtered back-projection with the ramp filter (Kak and Slaney 1988, section 3.3).

        Correct for angles that cover half a turn evenly.
        """
        self.check(measurement)
        weight = math.pi / (2 * len(self.directions))
        return weight * self.smeared(self.ramp_filtered(measurement))

    def bins_of_pixels(self, directions: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the bin of each pixel; all weights are equal."""
        return self.pixels(directions)[0], torch.ones(1).to(directions)
