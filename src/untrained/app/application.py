"""The application: one verb per task, and what its ends are. Importing it loads no torch."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import cyclopts
from cyclopts import App, Parameter

from untrained.app import inputs_apart, invocation
from untrained.app.commands.bench import bench
from untrained.app.commands.compare_and_study import compare_verb, study
from untrained.app.commands.features import dream, invert
from untrained.app.commands.info import info
from untrained.app.commands.numbers import STRICT
from untrained.app.commands.reconstruct import reconstruct
from untrained.app.commands.reconstruct_phase import phase
from untrained.app.commands.restore import verb_of
from untrained.app.start import INTERRUPTED, NOTHING_WRITTEN
from untrained.errors import RequestError, WorkError
from untrained.system.allocator import keep_freed_memory
from untrained.system.plugins import load_extensions
from untrained.system.signals import ending_at_once
from untrained.system.terminal import BadOutputError, patient_streams, say
from untrained.tasks.registry import TASKS
from untrained.version import __version__

FAILED, WRONG = 1, 2

_READ_LIMIT = (
    "Most memory that a file may ask for, such as 8GB; 4 GiB or a quarter of the machine's memory "
    "when absent."
)

reconstruct.command(phase)
if (mosaic := TASKS["demosaic"]).command is not None:
    reconstruct.command(verb_of(mosaic, mosaic.command))


def make_app() -> App:
    """Make the application, with a verb for each task that is registered by now."""
    app = App(
        name="untrained",
        help="Restore a picture with a network trained on nothing: it is fitted to that one "
        "picture.",
        version=__version__,
        default_parameter=STRICT,
        suppress_keyboard_interrupt=False,
    )
    verbs = [verb_of(spec, spec.command) for spec in TASKS.values() if spec.command]
    verbs += [invert, dream, compare_verb(), study, info]
    for verb in verbs:
        app.command(verb)
    app.command(reconstruct)
    app.command(bench)

    @app.meta.default
    def launch(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        read_limit: Annotated[str | None, Parameter(help=_READ_LIMIT)] = None,
    ) -> Any:
        if read_limit is None:
            return _obeyed(app, words)
        from untrained.picture.limits import limited  # noqa: PLC0415

        with limited(read_limit, "--read-limit"):
            return _obeyed(app, words)

    return app


def _obeyed(app: App, words: Sequence[str]) -> Any:
    """Do what a verb and its options say, unless an output is an input."""
    verb, given, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    inputs_apart.check(given.arguments)
    return verb(*given.args, **given.kwargs)


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run a command line and exit; as `cli.main`."""
    status = 0
    try:
        with patient_streams():
            status = _status(sys.argv[1:] if arguments is None else arguments)
    except BadOutputError as error:
        say(error)
        status = status or FAILED
    sys.exit(status)


def _status(arguments: Sequence[str]) -> int:
    try:
        with ending_at_once(NOTHING_WRITTEN, INTERRUPTED):
            return _done(arguments)
    except KeyboardInterrupt as end:
        say(f"interrupted: {end}" if end.args else NOTHING_WRITTEN)
        return INTERRUPTED
    except (cyclopts.CycloptsError, RequestError) as error:
        say(error)
        return WRONG
    except (WorkError, OSError, MemoryError) as error:
        say(error)
        return FAILED
    except Exception as error:
        if _ran_out(error):
            say(error)
            return FAILED
        say(
            f"a fault of untrained {__version__}, not of your request ({type(error).__name__}: "
            f"{error}); please report the command and the lines below"
        )
        raise


def _done(arguments: Sequence[str]) -> int:
    keep_freed_memory()
    if not arguments or arguments[0] not in TASKS:
        load_extensions()
    with invocation.of(arguments):
        launch, given, _ = make_app().meta.parse_args(
            arguments, exit_on_error=False, print_error=False
        )
        status = launch(*given.args, **given.kwargs)
        sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _ran_out(error: Exception) -> bool:
    """Whether memory ran out, where that is no MemoryError; what loads no torch cannot tell."""
    if not isinstance(error, RuntimeError):
        return False
    from untrained.fitting.memory import ran_out  # noqa: PLC0415

    return ran_out(error)
