"""Fan-beam computed tomography: lines from a source to the bins of a flat detector."""

import math

import torch
from torch import Tensor

from untrained.arguments import checked
from untrained.errors import RequestError
from untrained.operators.projection import DetectorSide, Projection
from untrained.picture.arrays import RealNumbers
from untrained.system.torch_state import in_usual_state


@checked
class FanBeam(Projection):
    """Integrate a square slice along lines from a source (Kak and Slaney 1988, 3.4.2).

    Source and detector turn about the centre pixel ``N // 2``. For a far source the projections
    approach those of `Radon`. Each line is sampled, by bilinear interpolation, where it crosses N
    planes one pixel apart, perpendicular to the middle line of the fan; so the circle of diameter N
    is covered. Lengths are in pixels.

    Parameters
    ----------
    angles
        Degrees, one for each projection.
    size
        N, the height and width of the slice.
    source_distance
        From the source to the centre, more than half the slice.
    detector_distance
        From the centre to the detector, 0 or more.
    bins
        Number of detector bins; `size` if None.
    bin_width
        Width of a detector bin; if None, one pixel at the centre.

    Raises
    ------
    RequestError
        If an angle, a number or a length is out of range.
    """

    stretch: Tensor
    """Length of each line between two planes, relative to the middle line, ``(B,)``."""

    @in_usual_state()
    def __init__(
        self,
        angles: RealNumbers,
        size: DetectorSide,
        *,
        source_distance: float,
        detector_distance: float,
        bins: DetectorSide | None = None,
        bin_width: float | None = None,
    ) -> None:
        super().__init__(angles, size, size if bins is None else bins)
        if not size / 2 < source_distance < math.inf:
            raise RequestError(
                f"source_distance {source_distance:g}: give more than {size / 2:g} pixels, half "
                "the slice, so that the source lies outside it"
            )
        if not 0 <= detector_distance < math.inf:
            raise RequestError(f"detector_distance {detector_distance:g}: give 0 pixels or more")
        if bin_width is not None and not 0 < bin_width < math.inf:
            raise RequestError(f"bin_width {bin_width:g}: give more than 0 pixels")
        self._source = float(source_distance)
        magnified = (source_distance + detector_distance) / source_distance
        self._spacing = 1.0 if bin_width is None else bin_width / magnified
        places = self.offsets(self.bins).double() * self._spacing
        stretch = (1 + (places / self._source).square()).sqrt()
        self.register_buffer("stretch", stretch, persistent=False)
        self.keep_places()

    def forward(self, image: Tensor) -> Tensor:
        """Project ``(1, C, N, N)`` to the sinogram ``(1, C, angles, B)``, in pixels x its unit."""
        return super().forward(image) * self.stretch.to(image.dtype)

    def grid(self, directions: Tensor) -> Tensor:
        """Compute where the lines cross the planes."""
        depth = self.offsets(self.size).to(directions)[:, None]
        across = self.offsets(self.bins).to(directions)[None] * self._spacing
        aside = across * (1 + depth / self._source)
        cos, sin = (part[:, None, None] for part in directions.unbind(1))
        return self.in_grid(cos * aside + sin * depth, cos * depth - sin * aside)

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Filtered back-projection, weighted for the fan (Kak and Slaney 1988, eq. 138 to 142).

        Correct for angles that cover a full turn evenly; over half a turn some lines count twice
        and others not at all.
        """
        self.check(measurement)
        stretch = self.stretch.to(measurement.dtype)
        weight = math.pi / (2 * len(self.directions) * self._spacing)
        return weight * self.smeared(self.ramp_filtered(measurement / stretch))

    def bins_of_pixels(self, directions: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the bin of each pixel, and the squared density of the lines there."""
        across, along = self.pixels(directions)
        nearness = 1 + along / self._source
        # No line passes behind the source, in a corner of the square.
        weight = torch.where(nearness > 0, nearness.square().reciprocal(), 0)
        return across / nearness / self._spacing, weight[:, None]
