"""Pairings: ways of drawing (input, target) pairs for the network from the one measurement."""

import torch
from torch import Tensor

from untrained import recipes
from untrained.noise import Gaussian, asked_light
from untrained.pairings import recorrupt
from untrained.pairings.pair import Pair, Pairing
from untrained.pairings.recorrupt import Recorrupt
from untrained.pairings.zs_n2n import Halves
from untrained.picture.region import Size
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import (
    BlindSpotPairing,
    GuidePairing,
    HalvesPairing,
    LatentPairing,
    RecorruptPairing,
)


class Latent:
    """A fixed latent with fresh Gaussian jitter; the measurement as target (Ulyanov et al. 2018).

    Parameters
    ----------
    latent
        z, ``(1, K, H, W)``.
    measurement
        y.
    jitter
        Standard deviation of the noise added to z at every step.
    """

    def __init__(self, latent: Tensor, measurement: Tensor, jitter: float) -> None:
        self._latent = latent
        self._measurement = measurement
        self._jitter = jitter

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw the jittered latent and the measurement."""
        if self._jitter == 0:
            return Pair(self._latent, self._measurement)
        noise = _normal_like(self._latent, generator)
        return Pair(self._latent + self._jitter * noise, self._measurement)


class BlindSpot:
    """Hide some known pixels at random and predict them (Self2Self, Quan et al. 2020).

    The input is the measurement with a fresh Bernoulli choice of the known pixels, the others zero,
    and that choice as one more channel, or as many where each channel has gaps of its own.

    Parameters
    ----------
    measurement
        y, ``(1, C, H, W)``, zero where unknown.
    known
        Float ``(1, 1 or C, H, W)``, 1 where measured.
    keep
        Probability that a known pixel is shown.
    everywhere
        Whether the shown pixels are a target too.
    gaps
        Whether the gaps themselves, shifted about and mirrored, hide pixels too.
    """

    def __init__(
        self,
        measurement: Tensor,
        known: Tensor,
        keep: float,
        everywhere: bool,
        gaps: bool = False,
    ) -> None:
        self._measurement = measurement
        self._known = known
        self._keep = keep
        self._everywhere = everywhere
        self._gaps = gaps

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw a fresh choice of pixels."""
        chance = torch.rand(self._known.shape, generator=generator, device=generator.device)
        shown = self._known * (chance < self._keep)
        if self._gaps:
            shown = shown * self._moved_gaps(generator)
        weight = self._known if self._everywhere else self._known - shown
        return Pair(torch.cat([self._measurement * shown, shown], dim=1), self._measurement, weight)

    def _moved_gaps(self, generator: torch.Generator) -> Tensor:
        """The known pixels as a map, shifted around the edges and half of the time mirrored."""
        sides = self._known.shape[2:]
        *places, side = torch.rand(
            len(sides) + 1, generator=generator, device=generator.device
        ).tolist()
        shift = [int(place * length) for place, length in zip(places, sides, strict=True)]
        moved = torch.roll(self._known, shift, dims=tuple(range(2, self._known.ndim)))
        return moved.flip(-1) if side < 0.5 else moved


class Subsets:
    """Show a part of the measurement at each step, one of a few, drawn at random.

    Stochastic gradients (Robbins and Monro 1951) over ordered subsets (Hudson and Larkin 1994, doi
    10.1109/42.363108): subset k has every block whose number is k modulo their count. The loss of
    each is scaled so that the mean over all is the loss of the whole.

    Parameters
    ----------
    pairing
        Whose input is taken; its target is the problem's measurement.
    problem
        Its measurement has blocks.
    count
        Number of subsets, no more than blocks.
    """

    def __init__(self, pairing: Pairing, problem: Problem, count: int) -> None:
        self._pairing = pairing
        self._problem = problem
        self._count = count
        self._blocks = _blocks(problem)
        # An equalised error is a mean over whole blocks, another over the samples that count.
        whole = problem.equaliser is not None
        sizes = torch.ones(_most(self._blocks)) if whole else self._blocks.bincount()
        self._shares = [float(sizes[k::count].sum() / sizes.sum()) for k in range(count)]

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw a subset and an input."""
        pair = self._pairing.draw(generator)
        number = torch.randint(self._count, (1,), generator=generator, device=generator.device)
        return self.show(pair, int(number))

    def show(self, pair: Pair, number: int) -> Pair:
        """Make the subset of this number the target."""
        chosen = (self._blocks % self._count == number).nonzero()[:, 0]
        seen = self._problem.part(chosen.to(self._problem.measurement.device))
        share = self._count * self._shares[number]
        return pair._replace(target=seen.measurement, seen=seen, share=share)


def in_subsets(pairing: Pairing, problem: Problem, count: int) -> Pairing:
    """Show one of `count` parts of the measurement at each step; the whole when it is 1.

    Raises
    ------
    ProblemError
        If the operator has no parts, or fewer, or the pairing needs the whole.
    """
    if count == 1:
        return pairing
    if problem.blocks is None:
        raise ProblemError(
            f"the operator measures all at once: there are no {count} subsets, set subsets to 1"
        )
    if not isinstance(pairing, Latent):
        raise ProblemError("subsets are for the latent and the guide pairing: set subsets to 1")
    if (found := _most(_blocks(problem))) < count:
        raise ProblemError(
            f"a measurement of {found} projections, coils, masks or pupils has no {count} subsets: "
            "give fewer"
        )
    return Subsets(pairing, problem, count)


def _blocks(problem: Problem) -> Tensor:
    """Number the blocks from 0 without a gap."""
    if problem.blocks is None:
        raise RuntimeError("the measurement has no blocks")
    numbers: Tensor = torch.unique(problem.blocks, return_inverse=True)[1]
    return numbers


def _most(numbers: Tensor) -> int:
    return int(numbers.max()) + 1


def input_channels(settings: recipes.Pairing, problem: Problem) -> int:
    """Say how many channels the network's input will have."""
    if isinstance(settings, GuidePairing):
        return settings.channels + int(_guide(problem).shape[1])
    if isinstance(settings, BlindSpotPairing):
        return problem.channels + int(_known(problem).shape[1])
    if isinstance(settings, RecorruptPairing | HalvesPairing):
        return problem.channels
    return len(problem.size) if settings.source == "meshgrid" else settings.channels


def make_pairing(
    settings: recipes.Pairing,
    problem: Problem,
    input_size: Size,
    generator: torch.Generator,
) -> Pairing:
    """Make the pairing that `settings` describe.

    Parameters
    ----------
    settings
        Which pairing, and its settings.
    problem
        Its tensors lie on the generator's device.
    input_size
        Sides of the network's input.
    generator
        Draws the latent.

    Raises
    ------
    ProblemError
        If the pairing does not apply: recorrupt needs a known noise level, and it, blind-spot and
        halves a measurement of the picture's own size.
    """
    if isinstance(settings, LatentPairing):
        latent = _latent(settings, input_size, generator)
        return Latent(latent, problem.measurement, settings.jitter)
    if isinstance(settings, GuidePairing):
        return _guided(settings, problem, input_size, generator)
    if (1, problem.channels, *input_size) != tuple(problem.measurement.shape):
        raise ProblemError(
            f"the {settings.kind} pairing needs a measurement of the picture's own size and "
            "channels and a network that keeps it"
        )
    if isinstance(settings, BlindSpotPairing):
        known = _known(problem)
        hidden = (settings.keep, settings.everywhere, settings.gaps)
        return BlindSpot(problem.measurement, known, *hidden)
    if isinstance(settings, HalvesPairing):
        if problem.picture.missing is not None or problem.kept is not None:
            raise ProblemError("the halves pairing needs a picture without missing pixels")
        return Halves(problem.measurement)
    return Recorrupt(problem.measurement, problem.operator, _split(settings, problem))


def _split(settings: RecorruptPairing, problem: Problem) -> recorrupt.Split:
    if settings.law == "gaussian":
        if not isinstance(problem.noise, Gaussian):
            raise ProblemError(
                f"the recorrupt pairing needs a noise level; {problem.task} has none"
            )
        return recorrupt.gaussian(problem.noise.sigma, settings.strength)
    if problem.variant == "counted":
        raise ProblemError(
            f"the noise was made equal for the fit, so that it is not {settings.law} any more: "
            "take the recorrupt pairing with the law gaussian, or denoise with noise gaussian"
        )
    if settings.law == "poisson":
        gain = settings.gain or asked_light(problem.measurement, problem.picture.missing).gain
        return recorrupt.poisson(gain, settings.share)
    if settings.looks is None:
        raise ProblemError("the recorrupt pairing with the law gamma needs the number of looks")
    return recorrupt.gamma(settings.looks, settings.share)


def _known(problem: Problem) -> Tensor:
    """1 where measured, else 0: of all channels alike, or of each."""
    known: Tensor = problem.operator(torch.ones_like(problem.measurement[:, :1]))
    return known


def _guide(problem: Problem) -> Tensor:
    if problem.guide is None:
        raise ProblemError(f"the guide pairing needs a guide picture; {problem.task} has none")
    return problem.guide


def _guided(
    settings: GuidePairing,
    problem: Problem,
    input_size: Size,
    generator: torch.Generator,
) -> Pairing:
    guide = _guide(problem)
    if tuple(guide.shape[2:]) != input_size:
        raise ProblemError("the guide pairing needs a network whose input has the picture's size")
    noise = settings.scale * torch.rand(
        (1, settings.channels, *input_size), generator=generator, device=generator.device
    )
    latent = torch.cat([guide, noise], dim=1)
    return Latent(latent, problem.measurement, settings.jitter)


def _latent(settings: LatentPairing, size: Size, generator: torch.Generator) -> Tensor:
    device = generator.device
    if settings.source == "meshgrid":
        axes = [torch.linspace(0, 1, side, device=device) for side in size]
        return torch.stack(torch.meshgrid(*axes, indexing="ij"))[None].flip(1)
    shape = (1, settings.channels, *size)
    return settings.scale * torch.rand(shape, generator=generator, device=device)


def _normal_like(tensor: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(tensor.shape, generator=generator, device=tensor.device)
