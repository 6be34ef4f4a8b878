"""Ordered subsets: each step fits a part of the measurement."""

from collections.abc import Callable

import torch
from torch import Tensor

from untrained.pairings.pair import Pair, Pairing
from untrained.problem.problem import Problem, ProblemError


class Subsets:
    """Fit one subset of the measurement, drawn at random, at each step.

    Stochastic gradients (Robbins and Monro 1951) over ordered subsets (Hudson and Larkin 1994, doi
    10.1109/42.363108): subset k has the blocks whose number is k modulo the number of subsets. The
    losses are scaled so that their mean over the subsets is the loss of the whole.

    Parameters
    ----------
    pairing
        Gives the input; targets the whole measurement.
    problem
        With a measurement of several blocks.
    count
        Number of subsets, at most the number of blocks.
    """

    def __init__(self, pairing: Pairing, problem: Problem, count: int) -> None:
        self._pairing = pairing
        self._problem = problem
        self._count = count
        self._blocks = _blocks(problem)
        # A whitened error is a mean over blocks, any other a mean over the known samples.
        whole = problem.measurement.whitening is not None
        sizes = torch.ones(_most(self._blocks)) if whole else self._blocks.bincount()
        self._shares = [float(sizes[k::count].sum() / sizes.sum()) for k in range(count)]

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw an input and a subset."""
        pair = self._pairing.draw(generator)
        number = torch.randint(self._count, (1,), generator=generator, device=generator.device)
        return self.show(pair, int(number))

    def show(self, pair: Pair, number: int) -> Pair:
        """Make the subset of this number the target."""
        chosen = (self._blocks % self._count == number).nonzero()[:, 0]
        part = self._problem.measurement.part(chosen.to(self._problem.measurement.y.device))
        loss = _scaled(part.error, self._count * self._shares[number])
        return Pair(pair.input, part.y, part.operator, loss)


def in_subsets(pairing: Pairing, problem: Problem, count: int) -> Pairing:
    """Make a pairing that fits one of `count` subsets at each step; the whole if `count` is 1.

    Raises
    ------
    ProblemError
        If the operator cannot be split, or has fewer blocks.
    """
    if count == 1:
        return pairing
    if problem.measurement.subset_groups is None:
        raise ProblemError(f"this operator cannot be split into {count} subsets: set subsets to 1")
    if (found := _most(_blocks(problem))) < count:
        raise ProblemError(
            f"a measurement of {found} projections, coils, masks or pupils cannot be split into "
            f"{count} subsets: set subsets to {found} or less"
        )
    return Subsets(pairing, problem, count)


def _scaled(error: Callable[[Tensor, Tensor], Tensor], factor: float) -> Callable[..., Tensor]:
    return lambda prediction, target: factor * error(prediction, target)


def _blocks(problem: Problem) -> Tensor:
    """Number the blocks from 0 without gaps."""
    groups = problem.measurement.subset_groups
    if groups is None:
        raise RuntimeError("the measurement has no subset groups")
    numbers: Tensor = torch.unique(groups, return_inverse=True)[1]
    return numbers


def _most(numbers: Tensor) -> int:
    return int(numbers.max()) + 1
