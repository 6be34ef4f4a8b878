"""Options that verbs share, and the one way to run a fit with them."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, make_dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from cyclopts import Parameter

from untrained.recipes import NO_OPTIONS, FitOptions
from untrained.tasks.presets import known_presets

if TYPE_CHECKING:
    from untrained.app.restore_file import Job
    from untrained.picture.picture import Picture
    from untrained.problem.problem import Problem

    Describe = Callable[[Picture | None], Problem]
    Pose = Callable[[Any], Problem]


Pages = Literal["auto", "volume", "bands"]
"""As `picture.metadata.PagesAre`, which loads more than the command line may."""


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every verb that fits."""

    preset: str = "fast"
    """Settings to use."""
    recipe: Path | None = None
    """JSON file of settings, in place of a preset."""
    fit: Annotated[FitOptions, Parameter(name="*")] = NO_OPTIONS
    """Budgets, place, seed and tiles."""
    reference: Path | None = None
    """Clean picture; only for PSNR and SSIM, the fit never sees it."""
    overwrite: Annotated[bool, Parameter(negative="")] = False
    """Replace an existing output."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print one JSON object as the last line on standard output."""
    quiet: Annotated[bool, Parameter(negative="")] = False
    """Show no progress."""


@Parameter(name="*")
@dataclass(frozen=True)
class Options(Common):
    """Options of every verb that makes one file of one file."""

    prior: str = "untrained"
    """untrained (the structure of a network) or tv (total variation on free pixels)."""
    report: Path | None = None
    """Folder for a report: picture, curve, snapshots, report.json and index.html."""
    resume: Annotated[bool, Parameter(negative="")] = False
    """Go on with an interrupted fit."""


COMMON = Common()
DEFAULTS = Options()
Verb = TypeVar("Verb", bound=Callable[..., int])


def with_fields(base: type[Any], **added: tuple[Any, Any]) -> Any:
    """Make a dataclass of options with fields, each (type, default), added or in place of others.

    It is the type of a parameter: set it in the annotations of a command.
    """
    each = [(name, kind, default) for name, (kind, default) in added.items()]
    made = make_dataclass(base.__name__, each, bases=(base,), frozen=True)
    made.__module__ = __name__  # cyclopts looks into no class of the standard library
    return Parameter(name="*")(made)


def set_type(verb: Callable[..., int], parameter: str, kind: Any, default: Any) -> None:
    """Set the type of a keyword of a command, and its default unless that is MISSING."""
    verb.__annotations__[parameter] = kind
    if default is not MISSING:
        verb.__kwdefaults__ = (verb.__kwdefaults__ or {}) | {parameter: default}


@cache
def with_presets(base: type[Common], names: str) -> Any:
    """Make `base` anew, with a help of the option ``--preset`` that lists the names."""
    kind = Annotated[str, Parameter(help=f"Settings to use: {names}.")]
    return with_fields(base, preset=(kind, COMMON.preset))


def presets_in_help(task: str) -> Callable[[Verb], Verb]:
    """Decorate a verb: the help of its option ``--preset`` lists the presets of a task."""
    options = with_presets(Options, ", ".join(known_presets(task)))

    def decorated(verb: Verb) -> Verb:
        set_type(verb, "options", options, options())
        return verb

    return decorated


def run_fit(
    source: Path | None,
    target: Path,
    options: Options,
    describe: "Describe",
    pages: Pages = "auto",
) -> int:
    """Fit what `describe` makes of the file `source`, write `target`; return the exit status.

    `pages` says what the pages of a file of several are.
    """
    from untrained.app.restore_file import run_job  # noqa: PLC0415

    return run_job(replace(_job(source, target, options), pages=pages), describe)


def run_measured(
    source: Path,
    target: Path,
    options: Options,
    describe: "Pose",
    read: "Callable[[Path], Any] | None" = None,
) -> int:
    """Fit what `describe` makes of the measurement in the file `source`, as for `run_fit`.

    `read` reads it; as an array when None.
    """
    from untrained.app.restore_file import run_job  # noqa: PLC0415
    from untrained.picture.measurements import read_array  # noqa: PLC0415

    return run_job(_job(source, target, options), describe, read or read_array)


def _job(source: Path | None, target: Path, options: Options) -> "Job":
    from untrained.app.restore_file import Job  # noqa: PLC0415

    given = {field.name: getattr(options, field.name) for field in fields(options)}
    return Job(source, target, **given)
