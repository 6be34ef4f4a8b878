"""Operators on what another operator has measured: choose, scale, turn into counts, lose phases."""

import torch
from torch import Tensor, nn


class Samples(nn.Module):
    """Forward operator: some samples of another operator's measurement, as a vector.

    Parameters
    ----------
    operator
        The whole.
    places
        Indices into its measurement, flattened.
    """

    places: Tensor

    def __init__(self, operator: nn.Module, places: Tensor) -> None:
        super().__init__()
        self._operator = operator
        self.register_buffer("places", places, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Measure a picture: ``(len(places),)``."""
        whole: Tensor = self._operator(image)
        return whole.flatten()[self.places]


class Whole(nn.Module):
    """Put samples back to where they came from, zeros elsewhere: the adjoint of choosing.

    Parameters
    ----------
    places
        Indices into the whole, flattened.
    shape
        Of the whole.
    """

    places: Tensor

    def __init__(self, places: Tensor, shape: torch.Size) -> None:
        super().__init__()
        self._shape = shape
        self.register_buffer("places", places, persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Make the whole of samples ``(len(places),)``."""
        zeros = torch.zeros(self._shape.numel(), dtype=samples.dtype, device=samples.device)
        return zeros.index_put((self.places,), samples).reshape(self._shape)


class Equaliser(nn.Module):
    """The ``equalise`` of an operator, ``(A A*)^(-1/2)``, as a module.

    Parameters
    ----------
    operator
        One of ours, with a method ``equalise`` from measurements to their like.
    """

    def __init__(self, operator: nn.Module) -> None:
        super().__init__()
        self._operator = operator

    def forward(self, measurement: Tensor) -> Tensor:
        """Equalise a measurement."""
        equalised: Tensor = self._operator.equalise(measurement)  # type: ignore[operator]
        return equalised


class Scaled(nn.Module):
    """Multiply by fixed factors, as weights and units ask.

    Parameters
    ----------
    factor
        Broadcastable to what is multiplied.
    """

    factor: Tensor

    def __init__(self, factor: Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", factor, persistent=False)

    def forward(self, measurement: Tensor) -> Tensor:
        """Multiply."""
        return measurement * self.factor


class Counts(nn.Module):
    """Expected counts behind line integrals: ``n0 exp(-l)`` (Beer-Lambert).

    Parameters
    ----------
    photons
        n0.
    """

    def __init__(self, photons: float) -> None:
        super().__init__()
        self._photons = photons

    def forward(self, integrals: Tensor) -> Tensor:
        """Expected counts of line integrals."""
        return self._photons * torch.exp(-integrals)


class Magnitude(nn.Module):
    """Magnitude of complex waves; its derivative is 0 where a wave is."""

    def forward(self, waves: Tensor) -> Tensor:
        """Real, of the same shape."""
        return waves.abs()


class Intensity(nn.Module):
    """Square of the magnitude of complex waves: what a detector counts."""

    def forward(self, waves: Tensor) -> Tensor:
        """Real, of the same shape."""
        return waves.abs().square()
