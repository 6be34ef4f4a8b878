"""Words of the command line as values: numbers as people write them, nothing empty."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from cyclopts import Parameter, Token, convert

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
_MOST = 1e15
_LONGEST = 60


def whole(text: str) -> int:
    """Read a whole number.

    Raises
    ------
    ValueError
        If it is written in another way than by digits.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not a whole number: give digits, as in 12")
    return int(text)


def real(text: str) -> float:
    """Read a number.

    Raises
    ------
    ValueError
        If it is written in another way than by digits, not finite, or so large or small that its
        square is lost in 32 bits.
    """
    if not _REAL.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not a number: give digits, as in 12 or 0.5")
    value = float(text)
    if abs(value) > _MOST:
        raise ValueError(f"{_shown(text)} is too large: give at most {_MOST:g}")
    if value and abs(value) < 1 / _MOST:
        raise ValueError(f"{_shown(text)} is too small: give 0 or at least {1 / _MOST:g}")
    return value


def _word(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError(f"{_shown(text)} is empty or cannot be a name: give one, or leave it out")
    return text


def _path(text: str) -> Path:
    return Path(_word(text))


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "...")


_READERS = {int: whole, float: real, str: _word, Path: _path}


def _converted(kind: Any, tokens: Sequence[Token]) -> Any:
    """Read what has a reader strictly; leave all else to cyclopts."""
    kinds = [each for each in get_args(kind) or (kind,) if each is not type(None)]
    if int in kinds and str in kinds:  # a number or a word: its owner checks it
        kinds = [str]
    if len(kinds) == 1 and kinds[0] in _READERS:
        return _READERS[kinds[0]](tokens[0].value)
    return convert(kind, tokens)


STRICT = Parameter(converter=_converted)
"""For all parameters of an application: cyclopts takes 1.5, 1_000, 0x10 and ٣ for whole numbers."""
