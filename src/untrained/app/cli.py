"""The command line: one verb per task. Importing this file loads no torch."""

import sys
from typing import Annotated, Any

import cyclopts
from cyclopts import App, Parameter

from untrained.app import invocation
from untrained.app.commands.bench import bench
from untrained.app.commands.compare_and_study import compare_verb, study
from untrained.app.commands.features import dream, invert
from untrained.app.commands.info import info
from untrained.app.commands.reconstruct import reconstruct
from untrained.app.commands.reconstruct_phase import phase
from untrained.app.commands.restore import verb_of
from untrained.errors import RequestError, WorkError
from untrained.system.allocator import keep_freed_memory
from untrained.system.plugins import load_extensions
from untrained.tasks.registry import TASKS
from untrained.version import __version__

FAILED, WRONG = 1, 2

_READ_LIMIT = (
    "Most memory that a file may ask for, such as 8GB; 4 GiB or a quarter of the machine's memory "
    "when absent."
)

_RAISING: dict[str, Any] = {
    "exit_on_error": False,
    "print_error": False,
    "result_action": "return_value",
}
"""How to call cyclopts: errors are ours to report."""

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
            return app(words, **_RAISING)
        from untrained.picture.limits import limited  # noqa: PLC0415

        with limited(read_limit, "--read-limit"):
            return app(words, **_RAISING)

    return app


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong request, 130 interrupted."""
    keep_freed_memory()
    sys.exit(_status(sys.argv[1:] if arguments is None else arguments))


def _status(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in TASKS:
        load_extensions()
    try:
        with invocation.of(arguments):
            status = make_app().meta(arguments, **_RAISING)
    except (cyclopts.CycloptsError, RequestError) as error:
        return _say(error, WRONG)
    except (WorkError, OSError, MemoryError) as error:
        return _say(error, FAILED)
    except RuntimeError as error:
        from untrained.fitting.memory import ran_out  # noqa: PLC0415

        if not ran_out(error):
            raise
        return _say(error, FAILED)
    except KeyboardInterrupt:
        return _say("interrupted before there was a picture; nothing was written", 130)
    return status if isinstance(status, int) else 0


def _say(what: object, status: int) -> int:
    line = " ".join(str(what).split())
    sys.stderr.write(f"untrained: {line or type(what).__name__}\n")
    return status


if __name__ == "__main__":
    main()
