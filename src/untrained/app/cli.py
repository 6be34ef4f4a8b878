"""The command line: one verb per task. Importing this file loads no torch."""

import sys
from typing import Any

import cyclopts
from cyclopts import App

from untrained.app import inputs_apart, invocation
from untrained.app.commands.bench import bench
from untrained.app.commands.compare_and_study import compare_verb, study
from untrained.app.commands.features import dream, invert
from untrained.app.commands.info import info
from untrained.app.commands.reconstruct import reconstruct
from untrained.app.commands.reconstruct_phase import phase
from untrained.app.commands.restore import verb_of
from untrained.errors import RequestError, WorkError
from untrained.system.allocator import keep_freed_memory
from untrained.system.output_files import shown
from untrained.system.plugins import load_extensions
from untrained.tasks.registry import TASKS
from untrained.version import __version__

FAILED, WRONG = 1, 2

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
            verb, given, _ = make_app().parse_args(
                arguments, exit_on_error=False, print_error=False
            )
            inputs_apart.check(given.arguments)
            status = verb(*given.args, **given.kwargs)
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
    line = shown(" ".join(str(what).split()))
    sys.stderr.write(f"untrained: {line or type(what).__name__}\n")
    return status


if __name__ == "__main__":
    main()
