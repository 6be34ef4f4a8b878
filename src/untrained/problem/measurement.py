"""What was measured, and through what."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from untrained.noise import Gaussian, Poisson, mean_squared_error
from untrained.operators import BlindBlur, Mask, part, part_of_whitening
from untrained.picture.picture import Picture

Noise = Gaussian | Poisson
"""Noise models whose level a fit can use."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """``y = A(x) + noise``: the samples, the operator, the noise, and how samples form groups."""

    y: Tensor
    """As the operator gives it: float32 ``(1, C, [d,] h, w)`` for a picture."""
    operator: nn.Module
    """A, from ``(1, C, [D,] H, W)`` in [0, 1] to the shape of `y`."""
    noise: Noise | None = None
    """The noise model; None if its level is unknown."""
    data_term: Callable[[Tensor, Tensor], Tensor] = mean_squared_error
    """The data term: a scalar from A of a picture and the target, both of the shape of `y`."""
    whitening: nn.Module | None = None
    """Linear. Applied to A of a picture and to the target before their squared error, so that every
    component that A passes counts equally (back-projection fidelity, Tirer and Giryes 2020)."""
    hold_out_groups: Tensor | None = None
    """Group number of each sample of `y`, from 0 (projections, lines): a group is held out whole.
    Each sample is a group of its own when None."""
    subset_groups: Tensor | None = None
    """Group number of each sample, if A can measure a group without the others (projections, coils,
    masks, pupils); None if A measures all at once."""

    def error(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Compute the data loss, a scalar: the data term, or the whitened squared error."""
        if self.whitening is None:
            return self.data_term(prediction, target)
        return mean_squared_error(self.whitening(prediction), self.whitening(target))

    @property
    def unknown(self) -> BlindBlur | None:
        """The part of the operator that is fitted along with the picture, if any."""
        modules = self.operator.modules()
        return next((module for module in modules if isinstance(module, BlindBlur)), None)

    def part(self, chosen: Tensor) -> "Measurement":
        """Select some of the samples, as a vector.

        Parameters
        ----------
        chosen
            Their indices in `y`, flattened.
        """
        shape, whitening = self.y.shape, self.whitening
        held_out, subset = (
            None if groups is None else groups[chosen.cpu()]
            for groups in (self.hold_out_groups, self.subset_groups)
        )
        return replace(
            self,
            y=self.y.flatten()[chosen],
            operator=part(self.operator, chosen, shape),
            whitening=None if whitening is None else part_of_whitening(whitening, chosen, shape),
            hold_out_groups=held_out,
            subset_groups=subset,
        )

    def to(self, device: torch.device) -> "Measurement":
        """Copy to a device; the modules of this one stay where they are."""
        operator, whitening = copy.deepcopy((self.operator, self.whitening))
        return replace(
            self,
            y=self.y.to(device),
            operator=operator.to(device),
            whitening=None if whitening is None else whitening.to(device),
        )


def observed(picture: Picture, operator: nn.Module | None = None) -> tuple[Tensor, nn.Module]:
    """Turn a picture with missing pixels into a measurement and its operator.

    Parameters
    ----------
    picture
        The user's picture.
    operator
        A, from the fitted picture to one like `picture`; None for the identity.

    Returns
    -------
    The measurement, float32 ``(1, C, H, W)``, zero where pixels are missing, and A followed by the
    mask of the known ones.
    """
    operator = nn.Identity() if operator is None else operator
    if picture.missing is None:
        return picture.pixels, operator
    known = ~picture.missing
    return picture.pixels * known, nn.Sequential(operator, Mask(known))
