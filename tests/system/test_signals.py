"""Signals that ask to end, in this process."""

import os
import signal

import pytest

from untrained.system.signals import ending_at_once, finished_first, handling


def test_what_is_best_not_broken_off_is_finished_first():
    done = []

    def work():
        with finished_first("all is kept"):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt, match="all is kept"):
        work()
    assert done == [1]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_work_that_may_be_broken_off(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)

    def work():
        with ending_at_once("over", 3):
            os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert signal.getsignal(number) is before


def test_a_closing_terminal_is_ignored_where_nohup_asks_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    came = []
    try:
        with handling(lambda number, _frame: came.append(number)):
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert came == [signal.SIGTERM]


def test_a_signal_while_a_module_is_imported_ends_the_process(tmp_path):
    (tmp_path / "pressing.py").write_text(
        "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "except BaseException:\n    raise ImportError('turned into another') from None\n"
    )
    child = os.fork()
    if child == 0:
        import sys

        sys.path.insert(0, str(tmp_path))
        with ending_at_once("over", 3):
            try:
                import pressing  # noqa: F401
            finally:
                os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
