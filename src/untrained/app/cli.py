"""The command line: one verb per task. Importing this file loads no torch."""

import sys
from typing import Any

import cyclopts
from cyclopts import App

from untrained.app.commands.bench import bench
from untrained.app.commands.compare_and_study import compare, study
from untrained.app.commands.features import dream, invert
from untrained.app.commands.info import info
from untrained.app.commands.reconstruct import reconstruct
from untrained.app.commands.reconstruct_phase import phase
from untrained.app.commands.restore import deblock, demosaic, denoise, flash, inpaint, upscale
from untrained.errors import RequestError, WorkError
from untrained.system.allocator import keep_freed_memory
from untrained.version import __version__

FAILED, WRONG = 1, 2

app = App(
    name="untrained",
    help="Restore a picture with a network trained on nothing: it is fitted to that one picture.",
    version=__version__,
)
restoring = (denoise, deblock, upscale, inpaint, flash, demosaic)
for verb in (*restoring, invert, dream, compare, study, info):
    app.command(verb)
reconstruct.command(phase)
reconstruct.command(demosaic)
app.command(reconstruct)
app.command(bench)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong request, 130 interrupted."""
    keep_freed_memory()
    sys.exit(_status(sys.argv[1:] if arguments is None else arguments))


def _status(arguments: list[str]) -> int:
    try:
        status = app(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
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
