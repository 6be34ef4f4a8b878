"""Verbs that judge: a comparison on one picture, an experiment of the papers."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from untrained.app.commands.options import COMMON, Common, set_type, with_fields, with_presets
from untrained.app.commands.restore import help_of
from untrained.tasks.registry import TASKS, TaskSpec, compared_options


@dataclass(frozen=True)
class _Own:
    """The options of the tasks that are compared."""


def compare_verb() -> Callable[..., int]:
    """Make the verb that compares, for the tasks that are registered by now."""
    compared = [TASKS[name] for name in sorted(TASKS) if TASKS[name].compare is not None]
    own = with_fields(_Own, **_own_fields(compared))

    def compare(
        input: Path,  # noqa: A002
        /,
        *,
        task: str,
        out: Path | None = None,
        own: Any,
        model: Path | None = None,
        options: Common = COMMON,
    ) -> int:
        """Restore a picture by a fit and by what is used instead, side by side on one sheet.

        Parameters
        ----------
        input
            The picture.
        task
            What to do with it.
        out
            Folder for sheet.png, a picture from each method and compare.json; compare-NAME beside
            the input when absent.
        model
            Weights of a trained restorer to compare with; needs the package spandrel.
        """
        from untrained.app.compare_file import Request, run_comparison  # noqa: PLC0415

        shared = {field.name: getattr(options, field.name) for field in fields(options)}
        given = {field.name: getattr(own, field.name) for field in fields(own)}
        return run_comparison(Request(input, task, given, out=out, model=model, **shared))

    compare.__annotations__["task"] = Literal[tuple(spec.name for spec in compared)]
    set_type(compare, "own", own, own())
    options = with_presets(Common, _presets(compared))
    set_type(compare, "options", options, options())
    return compare


def _own_fields(compared: list[TaskSpec]) -> dict[str, tuple[Any, Any]]:
    """The options of all tasks, each absent unless given; its help says which tasks it is for."""
    found: dict[str, tuple[Any, Any]] = {}
    for name, (kind, homes) in compared_options(*compared).items():
        text = " ".join(_help(TASKS[task], name) for task in homes)
        if kind is bool:
            found[name] = Annotated[bool, Parameter(help=text, negative="")], False
        else:
            found[name] = Annotated[kind | None, Parameter(help=text)], None
    return found


def _help(spec: TaskSpec, name: str) -> str:
    text = help_of(spec)[name].rstrip(".")
    if text[1:2].islower():
        text = text[0].lower() + text[1:]
    default = next(each.default for each in fields(spec.options) if each.name == name)
    absent = "" if default in (None, False, MISSING) else f"; {default} when absent"
    return f"For {spec.name}: {text}{absent}."


def _presets(compared: list[TaskSpec]) -> str:
    """List the presets that all tasks have, then the others with the tasks that have them."""
    homes: dict[str, list[str]] = {}
    for spec in compared:
        for name in spec.all_presets:
            homes.setdefault(name, []).append(spec.name)
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, tasks in homes.items():
        groups.setdefault(tuple(tasks), []).append(name)
    everywhere = groups.pop(tuple(spec.name for spec in compared), [])
    some = [f"{', '.join(names)} ({', '.join(tasks)})" for tasks, names in groups.items()]
    return "; ".join([", ".join(everywhere), *some])


def study(
    name: str,
    /,
    *,
    out: Path | None = None,
    image: Path | None = None,
    quick: Annotated[bool, Parameter(negative="")] = False,
    steps: int | None = None,
    seed: int = 0,
    device: str = "auto",
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Run an experiment of the Deep Image Prior papers: a figure, the numbers, a verdict.

    Parameters
    ----------
    name
        samples, impedance, architectures, overfit, freedom or spectrum.
    out
        Folder for NAME.png, NAME.json and NAME.csv; study-NAME when absent.
    image
        Picture to study; one of scikit-image's when absent.
    quick
        Small picture, narrow networks, few steps: minutes on two cores.
    steps
        Steps of each fit.
    seed
        The same seed gives the same numbers on the same machine.
    device
        Where to compute: auto, cpu, cuda or mps.
    overwrite
        Replace the files of an earlier run.
    quiet
        Show no progress and no verdict.
    """
    from untrained.evaluation.study.command import Request, run_study  # noqa: PLC0415

    return run_study(
        Request(name, out, image, quick, steps, seed, device, overwrite=overwrite, quiet=quiet)
    )
