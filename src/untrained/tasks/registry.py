"""The tasks by name: one registration feeds presets, command line, comparison and messages.

Loads no torch: what describes a problem is named, and imported when it is first used.
"""

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, get_type_hints

from untrained.recipes import Recipe, RecipeError
from untrained.recipes.presets.ensembles import ENSEMBLE_SIZES, Ensembles, several
from untrained.system.plugins import load_extensions

Describe = Callable[..., Any]
"""From a picture and options to a `Problem`, whose module loads torch."""


@dataclass(frozen=True)
class NoOptions:
    """The options of a task that has none."""


@dataclass(frozen=True)
class Command:
    """The verb of the form IN OUT on the command line."""

    help: str
    """What it does, for people; the first line stands alone in lists."""
    input: str = "The picture."
    """What IN is, for its help."""
    output: str = "Where to write the result; its extension says the format."
    volumes: bool = False
    """Whether IN may be a volume: then there is an option `--pages`."""


@dataclass(frozen=True)
class Comparison:
    """What ``compare`` does with a task."""

    options: tuple[str, ...] = ()
    """Names of the task's options that it takes."""
    trained: bool = False
    """Whether a trained restorer (``--model``) can take part."""
    input_scored: bool = True
    """Whether the input is a picture that PSNR can judge."""
    base: str | None = None
    """The baseline whose picture shows what the methods changed; the input when None."""
    base_words: str = "the input"
    """That picture in words."""


@dataclass(frozen=True)
class Relative:
    """A verb that describes problems of another task's variant and takes its presets."""

    variant: str
    describe: Describe | str


@dataclass(frozen=True, eq=False)
class TaskSpec:
    """All that the rest of the program asks of a task.

    Raises
    ------
    ValueError
        If there is no preset ``fast``, a preset is for a variant that is not listed, or `compare`
        takes an option that the task has not.
    """

    name: str
    """The verb."""
    describe: Describe | str
    """Makes a Problem of a picture and the task's options; or where it is: "module:function"."""
    presets: Mapping[str, Recipe]
    """By name; ``fast`` is the one taken when none is asked for."""
    variants: tuple[str, ...] = ("",)
    """Kinds of problems, as in `Problem.variant`; ``""`` is the one that the presets are for."""
    variant_presets: Mapping[tuple[str, str], Recipe] = field(default_factory=dict)
    """Other settings of a preset for a variant, by both names."""
    ensembles: Ensembles | None = None
    """How ``balanced`` and ``best`` are made of ``fast``; None leaves them out."""
    options: type[Any] = NoOptions
    """A frozen dataclass: fields with a type, a default and a docstring become options of the
    command line. A field without a default must be given."""
    from_options: Describe | str | None = None
    """Makes a Problem of a picture and `options`, or where it is. When None, `describe` gets each
    field as a keyword, and for a path the picture in it."""
    command: Command | None = None
    """None where the command line has no verb, or one of another form."""
    compare: Comparison | None = None
    """None where ``compare`` does not take the task."""
    relatives: Mapping[str, Relative] = field(default_factory=dict)
    """Other verbs whose problems are of this task, by name."""

    def __post_init__(self) -> None:
        """Check what can be mistyped."""
        if "fast" not in self.presets:
            raise ValueError(f"{self.name} has no preset 'fast', the one taken by default")
        for name, variant in self.variant_presets:
            if variant not in self.variants or name not in self.presets:
                raise ValueError(f"{self.name} has no preset {name!r} or no variant {variant!r}")
        names = {each.name for each in fields(self.options)}
        for option in () if self.compare is None else self.compare.options:
            if option not in names:
                raise ValueError(f"{self.name} has no option {option!r} for compare to take")

    @cached_property
    def all_presets(self) -> Mapping[str, Recipe]:
        """`presets`, and the ensembles."""
        if self.ensembles is None:
            return self.presets
        fast = self.presets["fast"]
        averaged = {name: several(self.ensembles, fast, name) for name in ENSEMBLE_SIZES}
        return {"fast": fast, **averaged, **self.presets}

    @cached_property
    def all_variant_presets(self) -> Mapping[tuple[str, str], Recipe]:
        """`variant_presets`, and the ensembles."""
        found = dict(self.variant_presets)
        for (like, variant), recipe in self.variant_presets.items():
            if self.ensembles is not None and like == "fast":
                for name in ENSEMBLE_SIZES:
                    found[name, variant] = several(self.ensembles, recipe, name, variant)
        return found


TASKS: dict[str, TaskSpec] = {}
"""The registered tasks by name; `task_named` also looks into installed extensions."""


def register_task(spec: TaskSpec) -> TaskSpec:
    """Register a task: from then on every part of the program knows it.

    Raises
    ------
    ValueError
        If the name is another task's, or an option that ``compare`` takes has another type there.
    """
    if spec.name in TASKS:
        raise ValueError(f"there is a task {spec.name!r} already: choose another name")
    theirs = compared_options(*TASKS.values())
    for name, (kind, _) in compared_options(spec).items():
        their_kind, homes = theirs.get(name, (kind, ()))
        if their_kind != kind:
            raise ValueError(
                f"compare takes {name!r} for {', '.join(homes)} as another type: rename it"
            )
    TASKS[spec.name] = spec
    return spec


def compared_options(*specs: TaskSpec) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """List the options of tasks that ``compare`` takes: their type and the tasks they are for."""
    found: dict[str, tuple[Any, tuple[str, ...]]] = {}
    for spec in specs:
        types = get_type_hints(spec.options)
        for name in () if spec.compare is None else spec.compare.options:
            homes = found[name][1] if name in found else ()
            found[name] = (types[name], (*homes, spec.name))
    return found


def task_named(name: str) -> TaskSpec:
    """Find a task.

    Raises
    ------
    RecipeError
        If there is no such task; the message lists those there are.
    """
    if name not in TASKS:
        load_extensions()
    for spec in TASKS.values():
        if name == spec.name:
            return spec
        if name in spec.relatives:
            variant = spec.relatives[name].variant
            raise RecipeError(
                f"{name} takes the presets of {spec.name}: "
                f"preset({spec.name!r}, NAME, variant={variant!r})"
            )
    raise RecipeError(f"unknown task {name!r}: {choose(name, tuple(sorted(TASKS)))}")


def choose(given: str, known: tuple[str, ...]) -> str:
    """Say what there is to choose from, and what may have been meant."""
    near = difflib.get_close_matches(given, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"choose from {', '.join(known)}{hint}"


def imported(function: Callable[..., Any] | str) -> Callable[..., Any]:
    """Import a function that is given as "module:function"."""
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
