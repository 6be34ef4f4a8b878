"""Check the arguments of public functions by their annotations; a fault names the argument.

`checked` reads the annotations of a function or class, converts what is as good (NumPy scalars,
arrays and tensors without axes, sequences) and refuses the rest in one line. An annotation says
more by ``Annotated[..., Reads(...)]`` and ``Annotated[..., Within(...)]``.
"""

import contextlib
import difflib
import functools
import inspect
import math
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, Unpack, get_args, get_origin

from untrained.errors import RequestError

_T = TypeVar("_T", bound=Callable[..., Any])

_LONGEST = 60
"""Characters of a value that a message repeats."""


_WRITTEN = (str, bytes, Real, complex, list, dict, set, tuple, Path, type(None))
"""Types of values that a message writes out."""


@dataclass(frozen=True)
class Reads:
    """The mark of an annotation: a function reads the argument.

    Its `RequestError` says what is wrong; the name of the argument is put before it.
    """

    function: Callable[[Any], Any]
    words: str
    """What the argument may be, for messages of alternatives."""


@dataclass(frozen=True)
class Within:
    """The mark of a number's annotation: the range that it must lie in, ends included."""

    least: float = -math.inf
    most: float = math.inf

    def check(self, number: float) -> None:
        """Raise `_Unfit` if a number is outside."""
        if not self.least <= number <= self.most:
            raise _Unfit

    def __str__(self) -> str:
        """Write the range for a message."""
        if self.most == math.inf:
            return f" of {self.least:.15g} or more"
        return f" from {self.least:.15g} to {self.most:.15g}"


class _Unfit(Exception):
    """A value that does not fit its annotation."""


def checked(target: _T) -> _T:
    """Check the arguments of a function, or of what makes an instance of a class.

    The signature stays; so do Python's own errors for missing and unknown arguments. Where the
    keywords are those of a TypedDict, the error for an unknown one names the nearest.

    Raises
    ------
    RequestError
        When called: if an argument does not fit its annotation.
    """
    if isinstance(target, type):
        target.__init__ = checked(target.__init__)  # type: ignore[misc]
        return target
    signature = inspect.signature(target)

    @functools.cache
    def hints() -> tuple[dict[str, Any], dict[str, Any] | None]:
        found = typing.get_type_hints(target, include_extras=True)
        keywords = next(
            (p.name for p in signature.parameters.values() if p.kind == p.VAR_KEYWORD), ""
        )
        open_ended = found.pop(keywords, None)
        if get_origin(open_ended) is not Unpack:
            return found, None
        return found, typing.get_type_hints(get_args(open_ended)[0], include_extras=True)

    @functools.wraps(target)
    def call(*args: Any, **kwargs: Any) -> Any:
        own, others = hints()
        if others is not None:
            _refuse_unknown(kwargs, (*signature.parameters, *others))
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return target(*args, **kwargs)  # Python's own words
        for name, value in bound.arguments.items():
            if name in own:
                bound.arguments[name] = read(name, own[name], value)
            elif others is not None and isinstance(value, dict):
                bound.arguments[name] = {k: read(k, others[k], v) for k, v in value.items()}
        return target(*bound.args, **bound.kwargs)

    return typing.cast("_T", call)


def read(name: str, hint: Any, value: Any) -> Any:
    """Read a value as its annotation says.

    Raises
    ------
    RequestError
        If it does not fit; the message names it.
    """
    try:
        return _read(hint, value)
    except _Unfit:
        raise RequestError(_fault(name, value, hint)) from None
    except RequestError as error:
        if name in str(error).partition(": ")[0].replace(",", " ").split():
            raise
        raise type(error)(f"{name}: {error}") from error


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the name of an argument before the message of a `RequestError` from within."""
    try:
        yield
    except RequestError as error:
        raise type(error)(f"{name}: {error}") from error


def short(value: Any) -> str:
    """Write a value for a message: never longer than some words."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, list | dict | set | tuple) and len(value) > 3:
        return f"a {type(value).__name__} of {len(value)}"
    kind, shape = type(value).__name__, _shape(value)
    if shape and hasattr(value, "dtype"):
        what = "a tensor" if "ensor" in kind else "an array"
        return f"{what} of shape {shape} and type {value.dtype}"
    if not isinstance(value, _WRITTEN) and shape != ():
        return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"
    try:
        text = " ".join(repr(value).split())
    except ValueError:
        return "a number of thousands of digits"
    except RecursionError:
        return f"a {kind} nested too deep"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an array or tensor; None of anything else."""
    shape = getattr(value, "shape", None)
    return tuple(shape) if isinstance(shape, tuple) and not isinstance(value, type) else None


def _refuse_unknown(given: Iterable[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise RequestError(f"there is no option {name}: {hint}")


def _fault(name: str, value: Any, hint: Any) -> str:
    names = tuple(_names(hint))
    if names and isinstance(value, str):
        near = difflib.get_close_matches(value, names, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        return f"unknown {name} {short(value)}: choose from {', '.join(names)}{meant}"
    return f"{name} is {short(value)}: give {_words(hint)}"


def _read(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return value
    if origin is Annotated:
        return _marked(hint, value)
    if origin in (Union, types.UnionType):
        return _any_of(get_args(hint), value)
    if origin is Literal:
        if not isinstance(value, str) or value not in get_args(hint):
            raise _Unfit
        return str(value)
    if origin in (tuple, list, Sequence):
        return _sequence(origin, get_args(hint), value)
    if hint in _PLAIN:
        return _PLAIN[hint](value)
    if origin is Callable or hint is Callable:
        return _fitting(callable(value) and not isinstance(value, type), value)
    return _instance(origin or hint, value)


def _instance(kind: Any, value: Any) -> Any:
    if getattr(kind, "_is_protocol", False):
        return _fitting(all(hasattr(value, name) for name in kind.__protocol_attrs__), value)
    return _fitting(isinstance(value, kind), value)


def _marked(hint: Any, value: Any) -> Any:
    base, *marks = get_args(hint)
    for mark in marks:
        if isinstance(mark, Reads):
            return mark.function(value)
    value = _read(base, value)
    for mark in marks:
        if isinstance(mark, Within):
            mark.check(value)
    return value


def _any_of(hints: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in hints:
        return None
    faults: list[Exception] = []
    for hint in hints:
        try:
            return _read(hint, value)
        except (_Unfit, RequestError) as fault:
            faults.append(fault)
    told = [fault for fault in faults if isinstance(fault, RequestError)]
    raise told[0] if told else _Unfit


def _sequence(origin: Any, parts: tuple[Any, ...], value: Any) -> Any:
    listed = value
    if hasattr(value, "tolist") and len(_shape(value) or ()) == 1:
        with contextlib.suppress(Exception):
            listed = value.tolist()
    if not isinstance(listed, list | tuple):
        raise _Unfit
    if origin is tuple and parts[-1] is not Ellipsis:
        if len(listed) != len(parts):
            raise _Unfit
        return tuple(_read(hint, each) for hint, each in zip(parts, listed, strict=True))
    found = [_read(parts[0], each) for each in listed]
    return tuple(found) if origin is tuple else found


def _fitting(fits: bool, value: Any) -> Any:
    if not fits:
        raise _Unfit
    return value


def _scalar(value: Any) -> Any:
    """Take the number out of an array or tensor without axes."""
    if _shape(value) == ():
        with contextlib.suppress(Exception):
            return value.item()
    return value


def _float(value: Any) -> float:
    number = _scalar(value)
    _fitting(isinstance(number, Real) and not isinstance(number, bool), number)
    try:
        found = float(number)
    except OverflowError:
        raise _Unfit from None
    _fitting(math.isfinite(found), found)
    return number if isinstance(number, int) else found


def _int(value: Any) -> int:
    number = _scalar(value)
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    found = _float(number)
    return int(found) if found.is_integer() else _fitting(False, value)


def _bool(value: Any) -> bool:
    return bool(_fitting(isinstance(found := _scalar(value), bool), found))


def _path(value: Any) -> Path:
    if not isinstance(value, str | Path) and not hasattr(type(value), "__fspath__"):
        raise _Unfit
    path = str(Path(value))
    if value == "" or "\0" in path:
        raise _Unfit
    return Path(value)


def _str(value: Any) -> str:
    return str(_fitting(isinstance(value, str), value))


def _none(value: Any) -> None:
    _fitting(value is None, value)


_PLAIN: Mapping[Any, Callable[[Any], Any]] = {
    float: _float,
    int: _int,
    bool: _bool,
    str: _str,
    Path: _path,
    type(None): _none,
}
_WORDS: Mapping[Any, str] = {
    float: "a finite number",
    int: "a whole number",
    bool: "True or False",
    str: "a text",
    Path: "the path of a file",
    type(None): "None",
    Any: "anything",
}


FilePath = Annotated[str | os.PathLike[str], Reads(_path, "the path of a file")]
"""An argument that is a path."""


def _words(hint: Any) -> str:
    """Say what fits an annotation."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        for mark in parts[1:]:
            if isinstance(mark, Reads):
                return mark.words
        return _words(parts[0]) + "".join(str(m) for m in parts[1:] if isinstance(m, Within))
    if origin in (Union, types.UnionType):
        each = list(dict.fromkeys(_words(part) for part in parts))
        return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} or {each[-1]}"
    if origin is Literal:
        return " or ".join(repr(part) for part in parts)
    if origin is tuple and parts[-1] is not Ellipsis:
        return f"({', '.join(_words(part) for part in parts)})"
    if origin in (tuple, list, Sequence):
        return f"a list, each of it {_words(parts[0])}"
    if origin is Callable or hint is Callable:
        return "a function"
    if hint in _WORDS:
        return _WORDS[hint]
    return f"a {getattr(origin or hint, '__name__', 'value')}"


def _names(hint: Any) -> Iterable[str]:
    """List the names that an annotation lets choose from."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif get_origin(hint) in (Annotated, Union, types.UnionType):
        for part in get_args(hint):
            yield from _names(part)
