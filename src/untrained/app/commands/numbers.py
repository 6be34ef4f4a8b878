"""Numbers as people write them: 12, -3, 0.5, 1e-3. Nothing else is taken for one."""

import math
import re
from collections.abc import Sequence
from typing import Any, get_args

from cyclopts import Parameter, Token, convert

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not a whole number: give digits, as in 12")
    return int(text)


def _real(text: str) -> float:
    if not _REAL.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not a number: give digits, as in 12 or 0.5")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{_shown(text)} is too large for a number: give a smaller one")
    return value


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


_READERS = {int: _whole, float: _real}


def _converted(kind: Any, tokens: Sequence[Token]) -> Any:
    """Read whole numbers and numbers strictly; leave all else to cyclopts."""
    kinds = [each for each in get_args(kind) or (kind,) if each is not type(None)]
    if len(kinds) == 1 and kinds[0] in _READERS:
        return _READERS[kinds[0]](tokens[0].value)
    return convert(kind, tokens)


STRICT = Parameter(converter=_converted)
"""For all parameters of an application: cyclopts takes 1.5, 1_000, 0x10 and ٣ for whole numbers."""
