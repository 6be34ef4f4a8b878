"""Draw from an explicit generator, also in code that passes none."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class DrawnFrom(TorchDispatchMode):
    """A context in which this thread draws from `generator` where code passes none.

    torch's layers draw their weights from the global generator. Here they get the bits of a global
    generator with the same state, while the global one is neither used nor changed. Draws of other
    threads have no influence.

    Parameters
    ----------
    generator
        On the CPU.

    Raises
    ------
    RuntimeError
        On a random operation that cannot take a generator.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._generator = generator

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Pass the generator to an operation that draws."""
        given = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded in func.tags and given.get("generator") is None:
            func, given = _with_generator(func), given | {"generator": self._generator}
        return func(*args, **given)


def _with_generator(operation: Any) -> Callable[..., Any]:
    """Find the overload of an operation that takes a generator."""
    packet, form = operation.overloadpacket, operation._overloadname
    other = "generator" if form == "default" else f"{form}_generator"
    for chosen in (operation, getattr(packet, other, None)):
        if chosen is not None and any(a.name == "generator" for a in chosen._schema.arguments):
            return chosen  # type: ignore[no-any-return]
    raise RuntimeError(f"{operation} cannot take a generator: draw the weights in another way")
