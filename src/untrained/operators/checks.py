"""Check before the long work that a fit through an operator is possible."""

from collections.abc import Callable

import torch
from torch import Tensor

from untrained.operators.adjoint import adjoint_error, is_linear
from untrained.operators.external import Forward, OperatorError

LARGEST_ADJOINT_ERROR = 0.01
"""Relative error of the dot-product test above which an adjoint is refused."""


def called(what: str, function: Callable[[Tensor], Tensor], given: Tensor) -> Tensor:
    """Call a function of a foreign operator and check its result.

    Raises
    ------
    OperatorError
        If it raises anything, or returns numbers that are not finite.
    """
    try:
        result = function(given)
    except Exception as error:
        fault = " ".join(str(error).split()) or type(error).__name__
        raise OperatorError(f"{what} failed on the shape {tuple(given.shape)}: {fault}") from error
    if not isinstance(result, Tensor):
        raise OperatorError(f"{what} gave a {type(result).__name__}, not a tensor")
    if broken := int((~result.isfinite()).sum()):
        raise OperatorError(f"{what} gave {broken} of {result.numel()} numbers that are not finite")
    return result


def prove(forward: Forward, picture: Tensor, measurement: Tensor) -> str:
    """Check that A gives the shape of the measurement, has a gradient and a correct adjoint.

    Parameters
    ----------
    forward
        A.
    picture
        Real ``(1, C, H, W)``, in the range of the fitted picture.
    measurement
        y.

    Returns
    -------
    The result, in one sentence.

    Raises
    ------
    OperatorError
        If a check fails; one line with the numbers.
    """
    image = picture.detach().clone().requires_grad_(True)
    predicted = called("the operator", forward, image)
    check_shape(predicted, measurement)
    _check_gradient(predicted, image)
    with torch.no_grad():
        linear = is_linear(forward, picture)
    transposed = forward.method("A_adjoint")
    if not linear:
        return "the operator is not linear: no adjoint was tested"
    if transposed is None:
        return "the operator is linear without an adjoint of its own: autograd gives the adjoint"
    error = adjoint_error(forward, transposed, picture)
    if not error <= LARGEST_ADJOINT_ERROR:
        raise OperatorError(
            f"A_adjoint is not the adjoint of A: <A x, v> and <x, A_adjoint v> differ by "
            f"{error:.2g} of |A x| |v|, more than {LARGEST_ADJOINT_ERROR:g}"
        )
    return f"the adjoint passes the dot-product test with an error of {error:.1g}"


def check_shape(predicted: Tensor, measurement: Tensor) -> None:
    """Check that A gives the shape of the measurement, and the same real or complex type.

    Raises
    ------
    OperatorError
        If not; the message names both.
    """
    if predicted.shape != measurement.shape:
        raise OperatorError(
            f"the operator gives the shape {tuple(predicted.shape)}, the measurement y has "
            f"{tuple(measurement.shape)}: they must match"
        )
    kinds = ["complex" if t.is_complex() else "real" for t in (predicted, measurement)]
    if kinds[0] != kinds[1]:
        raise OperatorError(
            f"the operator gives {kinds[0]} numbers, the measurement has {kinds[1]} ones"
        )


def _check_gradient(predicted: Tensor, image: Tensor) -> None:
    gradient = None
    if predicted.requires_grad:
        total = predicted.abs().square().sum()
        (gradient,) = torch.autograd.grad(total, image, allow_unused=True)
    if gradient is None:
        raise OperatorError(
            "the operator is not differentiable: write it in torch, or give a SciPy LinearOperator"
        )
    if not bool(gradient.isfinite().all()):
        raise OperatorError("the operator's gradient has numbers that are not finite")
