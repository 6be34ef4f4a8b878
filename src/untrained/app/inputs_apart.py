"""No command replaces what it reads: its outputs are other files than all files that it names."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from untrained.errors import RequestError
from untrained.system.output_files import real, shown
from untrained.system.owned_folder import check_apart
from untrained.system.rescue import beside

_FILE, _FOLDERS = "output", ("report", "out")
"""The parameters of commands that name what is written; all others name what is read."""


def check(arguments: Mapping[str, Any]) -> None:
    """Refuse a command that would replace an input, or one output by another.

    Parameters
    ----------
    arguments
        Those of the command by name. Each path in them, and each text that names a file, counts.

    Raises
    ------
    RequestError
        If an input is, or lies in, an output; or two outputs are in each other's way.
    """
    named = list(_paths(arguments))
    outputs = (_FILE, *_FOLDERS)
    inputs = [path for name, path in named if name not in outputs]
    folders = [path for name, path in named if name in _FOLDERS]
    for output in (path for name, path in named if name == _FILE and path.name):
        for place in (output, beside(output)):
            for each in inputs:
                if _same(place, each):
                    also = "" if place == each else f" ({shown(each)})"
                    raise RequestError(
                        f"{shown(place)} is an input{also} and would be replaced: choose another "
                        "name for the result"
                    )
            for folder in folders:
                if real(folder) == real(place):
                    raise RequestError(
                        f"{shown(place)} is named for two outputs: choose another name for one"
                    )
                if real(folder) in real(place).parents:
                    raise RequestError(
                        f"{shown(place)} would lie in the folder {shown(folder)}, which is for "
                        "other files: choose another"
                    )
    for folder in folders:
        check_apart(folder, inputs)


def _paths(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Find the paths in arguments and in the fields of options, with their names."""
    for name, value in arguments.items():
        if is_dataclass(value):
            yield from _paths({each.name: getattr(value, each.name) for each in fields(value)})
        elif isinstance(value, Mapping):
            yield from _paths(value)
        elif isinstance(value, Path):
            yield name, value
        elif isinstance(value, str):
            with suppress(OSError, ValueError):
                if Path(value).is_file():
                    yield name, Path(value)


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, also by links of either kind."""
    with suppress(OSError, ValueError):
        return real(one) == real(other) or one.samefile(other)
    return False
