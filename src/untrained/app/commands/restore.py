"""The verbs that tasks have by their registration: one picture in, one file out."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from cyclopts import App, Parameter

from untrained.app.commands.options import (
    DEFAULTS,
    Options,
    Pages,
    presets_in_help,
    run_fit,
    set_type,
    with_fields,
)
from untrained.tasks.registry import Command, TaskSpec

PAGES = (
    "What the pages of a TIFF, or the axes of a .npy, are: the slices of a volume, or bands; auto "
    "goes by what the file says."
)


def verb_of(spec: TaskSpec, form: Command) -> Callable[..., int]:
    """Make the verb of a task: ``untrained NAME IN OUT``, with the task's options."""

    def verb(
        input: Path,  # noqa: A002
        output: Path,
        /,
        *,
        own: Any,
        pages: Pages = "auto",
        options: Options = DEFAULTS,
    ) -> int:
        from untrained.app.describe import pose  # noqa: PLC0415

        return run_fit(input, output, options, partial(pose, spec, own), pages)

    verb.__name__ = spec.name
    verb.__doc__ = form.help
    verb.__annotations__ |= {
        "input": Annotated[Path, Parameter(help=form.input)],
        "output": Annotated[Path, Parameter(help=form.output)],
        "pages": Annotated[Pages, Parameter(help=PAGES)],
    }
    own = _options(spec)
    needed = any(each.default is MISSING for each in fields(own))
    set_type(verb, "own", own, default=MISSING if needed else own())
    presets_in_help(spec.name)(verb)
    there = {"pages": form.volumes, "own": bool(fields(own))}
    signature = inspect.signature(verb)
    kept = [each for name, each in signature.parameters.items() if there.get(name, True)]
    verb.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return verb


def _options(spec: TaskSpec) -> Any:
    """The class of a task's options; a switch has no negative form."""
    switches = {}
    for name, kind in get_type_hints(spec.options, include_extras=True).items():
        if kind is bool:
            text = help_of(spec)[name]
            switches[name] = Annotated[bool, Parameter(help=text, negative="")], False
    return with_fields(spec.options, **switches)


def option(name: str) -> str:
    """What the user writes for an option of this name."""
    return f"--{name.replace('_', '-')}"


@cache
def help_of(spec: TaskSpec) -> dict[str, str]:
    """The docstrings of a task's options by name."""

    def verb(own: Any) -> None: ...

    verb.__annotations__["own"] = Annotated[spec.options, Parameter(name="*")]
    arguments = App(default_command=verb).assemble_argument_collection(parse_docstring=True)
    found = {each.keys[0]: each.parameter.help for each in arguments if each.keys}
    return {name: " ".join((text or "").split()) for name, text in found.items()}
