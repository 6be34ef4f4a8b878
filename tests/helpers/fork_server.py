"""A process that has imported everything and runs each command line in a fork of itself.

Reads one request a line, JSON: the words, the folder, and optionally a signal with the number of
the event at which the fork sends it to itself. Events are what the file system is asked for (audit
hooks) and the ends of steps, so a sweep over numbers strikes everywhere and each time alike.
Answers one line, JSON: the status, negative for a signal, and the number of events.
"""

import contextlib
import io
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

import torch

from untrained.app import cli, restore_file
from untrained.app.start import own_process
from untrained.fitting.fit import Fit

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.listdir")
count = 0


def fork_and_run(request):
    """Run a command line in a fork; return its status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.chdir(request["folder"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
    sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
    restore_file.SECONDS_BETWEEN_SAVINGS = 0.0
    watch_events(request.get("signal"), request.get("at", -1))
    status = 70
    try:
        with own_process():
            cli.main(request["words"])
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path("events").write_text(str(count))
        os._exit(status)


def watch_events(number, at):
    """Send this process a signal at its event with this number."""

    def happened():
        global count  # noqa: PLW0603
        count += 1
        if count == at:
            os.kill(os.getpid(), getattr(signal, number))

    def hook(event, arguments):
        # Not the files of Python itself: which of them are read depends on the caches.
        if event in EVENTS and ".py" not in str(arguments[0]):
            happened()

    sys.addaudithook(hook)
    step = Fit.__next__

    def stepping(fit):
        happened()
        made = step(fit)
        happened()
        return made

    Fit.__next__ = stepping


def warm_up(words):
    """Run a command line here: what it imports is there in every fork."""
    torch.set_num_threads(1)
    os.chdir(tempfile.mkdtemp(dir=words.pop()))
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        cli.main(words)


def main():
    """Warm up with the first line, then answer until the input ends."""
    answer = sys.stdout
    warm_up(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        request = json.loads(line)
        status = fork_and_run(request)
        answer.write(json.dumps({"status": status}) + "\n")
        answer.flush()


if __name__ == "__main__":
    main()
