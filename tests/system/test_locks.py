"""One process a time holds an output."""

import errno
import os

import pytest

from untrained.errors import RequestError
from untrained.system import locks


def test_an_output_is_held_once_by_whatever_path_and_leaves_nothing(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a.png")
    for mine, other in (("a.png", "a.png"), ("a.png", "link"), ("link", "a.png"), ("d", "d")):
        with locks.held(tmp_path / mine):
            with (
                pytest.raises(RequestError, match=rf"process {os.getpid()}\) is writing"),
                locks.held(tmp_path / other),
            ):
                pytest.fail("held twice")
            with locks.held(tmp_path / "b.png"):
                pass
        with locks.held(tmp_path / other):
            pass
    assert not list(tmp_path.rglob("*lock"))


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path):
    (tmp_path / ".a.png.untrained-lock").write_text("999999\n")
    with locks.held(tmp_path / "a.png"):
        assert (tmp_path / ".a.png.untrained-lock").read_text() == f"{os.getpid()}\n"
    assert not list(tmp_path.iterdir())


def test_a_file_of_the_user_is_no_lock(tmp_path):
    place = tmp_path / ".a.png.untrained-lock"
    place.write_text("mine")
    with pytest.raises(RequestError, match="no lock of ours"), locks.held(tmp_path / "a.png"):
        pytest.fail("held")
    assert place.read_text() == "mine"


def test_where_there_are_no_locks_a_file_stands_for_one(tmp_path, monkeypatch):
    class NoLocks:
        def __init__(self, *_given):
            pass

        def acquire(self, **_given):
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks, "FileLock", NoLocks)
    with (
        locks.held(tmp_path / "a.png"),
        pytest.raises(RequestError, match=rf"process {os.getpid()}\) is writing"),
        locks.held(tmp_path / "a.png"),
    ):
        pytest.fail("held twice")
    assert not list(tmp_path.iterdir())
