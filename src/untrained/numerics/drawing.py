"""Random numbers from an explicit generator, also where code asks for none."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class DrawnFrom(TorchDispatchMode):
    """Within it, what this thread draws without a generator comes from the given one.

    torch's layers draw their first weights from the global generator. With this the bits are those
    of a global generator with the same state, which is neither used nor changed; what other threads
    draw meanwhile has no influence.

    Parameters
    ----------
    generator
        On the CPU.

    Raises
    ------
    RuntimeError
        On a random operation that can take no generator.
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
        """Hand the generator to an operation that draws."""
        given = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded in func.tags and given.get("generator") is None:
            func, given = _with_generator(func), given | {"generator": self._generator}
        return func(*args, **given)


def _with_generator(operation: Any) -> Callable[..., Any]:
    """Find the form of an operation that takes a generator: some have one more for it."""
    packet, form = operation.overloadpacket, operation._overloadname
    other = "generator" if form == "default" else f"{form}_generator"
    for chosen in (operation, getattr(packet, other, None)):
        if chosen is not None and any(a.name == "generator" for a in chosen._schema.arguments):
            return chosen  # type: ignore[no-any-return]
    raise RuntimeError(f"{operation} cannot take a generator: draw the weights in another way")
