"""Operators on a measurement: select, scale, whiten, turn into counts, drop the phase."""

import torch
from torch import Tensor, nn

from untrained.operators.subsets import narrowed, subset, subset_axis


class Samples(nn.Module):
    """Select some samples of another operator's measurement, as a vector.

    Parameters
    ----------
    operator
        Measures the whole.
    places
        Indices into its measurement, flattened.
    shape
        Shape of its measurement.
    """

    places: Tensor

    def __init__(self, operator: nn.Module, places: Tensor, shape: torch.Size) -> None:
        super().__init__()
        self._operator = operator
        self._shape = shape
        self.register_buffer("places", places, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Measure a picture: ``(len(places),)``."""
        whole: Tensor = self._operator(image)
        return whole.flatten()[self.places]

    def part(self, chosen: Tensor) -> "Samples":
        """Select some of these samples; only what they need is measured."""
        return Samples(*narrowed(self._operator, self.places[chosen], self._shape))


class Whole(nn.Module):
    """Put samples back in their places, zeros elsewhere: the adjoint of selecting.

    Parameters
    ----------
    places
        Indices into the whole, flattened.
    shape
        Shape of the whole.
    """

    places: Tensor

    def __init__(self, places: Tensor, shape: torch.Size) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("places", places, persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Make the whole of samples ``(len(places),)``."""
        zeros = torch.zeros(self.shape.numel(), dtype=samples.dtype, device=samples.device)
        return zeros.index_put((self.places,), samples).reshape(self.shape)


class Whitening(nn.Module):
    """The ``whiten`` of an operator, ``(A A*)^(-1/2)``, as a module.

    Parameters
    ----------
    operator
        One of ours, with a method ``whiten`` from measurement to measurement. If it has subsets,
        the method must work on each entry alone.
    """

    def __init__(self, operator: nn.Module) -> None:
        super().__init__()
        self.operator = operator

    def forward(self, measurement: Tensor) -> Tensor:
        """Whiten a measurement."""
        whitened: Tensor = self.operator.whiten(measurement)  # type: ignore[operator]
        return whitened


class Pointwise(nn.Module):
    """An operator followed by one that works on each sample alone, such as `Magnitude`.

    Parameters
    ----------
    operator, then
        The two.
    """

    def __init__(self, operator: nn.Module, then: nn.Module) -> None:
        super().__init__()
        self._operator, self._then = operator, then
        self.subset_axis = subset_axis(operator)

    def forward(self, image: Tensor) -> Tensor:
        """Measure a picture."""
        measured: Tensor = self._then(self._operator(image))
        return measured

    def subset(self, chosen: Tensor) -> "Pointwise":
        """Return the same for some entries along `subset_axis`."""
        return Pointwise(subset(self._operator, chosen), self._then)


class Scaled(nn.Module):
    """Multiply by fixed factors: weights, units.

    Parameters
    ----------
    factor
        Broadcastable to the measurement.
    """

    factor: Tensor

    def __init__(self, factor: Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", factor, persistent=False)

    def forward(self, measurement: Tensor) -> Tensor:
        """Multiply."""
        return measurement * self.factor

    def part(self, chosen: Tensor) -> "Scaled":
        """Multiply some samples of a vector by their factors."""
        return Scaled(self.factor[chosen])


class Counts(nn.Module):
    """Compute expected counts from line integrals: ``n0 exp(-l)`` (Beer-Lambert).

    Parameters
    ----------
    photons
        n0.
    """

    def __init__(self, photons: float) -> None:
        super().__init__()
        self._photons = photons

    def forward(self, integrals: Tensor) -> Tensor:
        """Compute the expected counts of line integrals."""
        return self._photons * torch.exp(-integrals)

    def part(self, _chosen: Tensor) -> "Counts":
        """Return itself: each sample is counted alone."""
        return self


class Magnitude(nn.Module):
    """Magnitude of complex waves; its derivative is 0 where a wave is 0."""

    def forward(self, waves: Tensor) -> Tensor:
        """Map complex waves to real samples of the same shape."""
        return waves.abs()


class Intensity(nn.Module):
    """Square of the magnitude of complex waves: what a detector counts."""

    def forward(self, waves: Tensor) -> Tensor:
        """Map complex waves to real samples of the same shape."""
        return waves.abs().square()


def part(operator: nn.Module, chosen: Tensor, shape: torch.Size) -> nn.Module:
    """Restrict an operator to some samples of its measurement.

    Parameters
    ----------
    operator
        From a picture to a measurement; if it ends in `Samples`, scaled or counted, only what the
        chosen samples need is measured.
    chosen
        Indices into its measurement, flattened.
    shape
        Shape of its measurement.

    Returns
    -------
    From a picture to a vector.
    """
    links = list(operator) if isinstance(operator, nn.Sequential) else [operator]
    at = next((i for i, link in enumerate(links) if isinstance(link, Samples)), len(links))
    ending = [link for link in links[at:] if isinstance(link, Samples | Scaled | Counts)]
    if not ending or len(ending) < len(links) - at:
        return Samples(operator, chosen, shape)
    return nn.Sequential(*links[:at], *(link.part(chosen) for link in ending))


def part_of_whitening(whitening: nn.Module, chosen: Tensor, shape: torch.Size) -> nn.Module:
    """Whiten some samples of a measurement; parameters as for `part`."""
    links = list(whitening) if isinstance(whitening, nn.Sequential) else []
    match links:
        case [Whole() as whole, Whitening() as last]:
            operator, places, smaller = narrowed(last.operator, whole.places[chosen], whole.shape)
            return nn.Sequential(Whole(places, smaller), Whitening(operator))
    return nn.Sequential(Whole(chosen, shape), whitening)
