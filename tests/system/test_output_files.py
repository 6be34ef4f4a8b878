"""Files are written whole or not at all, where a file belongs."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from untrained.errors import RequestError
from untrained.system import output_files
from untrained.system.output_files import (
    check_file_place,
    create_file,
    is_running,
    remove_strays,
    replace_file,
    shown,
)


def test_names_are_shown_in_one_line():
    assert shown("päper 1.png") == "päper 1.png"
    assert shown("a\nb\t\x1b[0m\udcff\u202e") == "a\\nb\\t\\x1b[0m\\udcff\\u202e"


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_replaces_nothing(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "")))
    path = tmp_path / "a"
    create_file(path, b"first")
    with pytest.raises(FileExistsError):
        create_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_a_file_is_replaced_whole_with_its_permissions_through_links(tmp_path):
    path, link = tmp_path / "a", tmp_path / "link"
    create_file(path, b"first")
    path.chmod(0o640)
    link.symlink_to(path)
    replace_file(link, b"second")
    assert link.is_symlink()
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_nothing_but_a_file_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "f")
    (tmp_path / "n").symlink_to("/dev/null")
    (tmp_path / "d").mkdir()
    for name in "fnd":
        with pytest.raises(RequestError):
            check_file_place(tmp_path / name)
        with pytest.raises(RequestError):
            replace_file(tmp_path / name, b"x")
        with pytest.raises(FileExistsError):
            create_file(tmp_path / name, b"x")
    assert stat.S_ISCHR((tmp_path / "n").stat().st_mode)
    assert len(list(tmp_path.iterdir())) == 3


def test_the_longest_name_beside_counts(tmp_path):
    longest = 256 - len(output_files._temporary_name(tmp_path / "x"))
    check_file_place(tmp_path / ("x" * longest))
    with pytest.raises(RequestError, match="too long"):
        check_file_place(tmp_path / ("x" * (longest + 1)))
    with pytest.raises(RequestError, match="too long"):
        check_file_place(tmp_path / ("x" * longest), beside=(".resume",))


def test_only_the_leftovers_of_the_dead_or_old_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(output_files, "is_running", lambda process: process == 7)
    gone = [".a.8.0123abcd.tmp", ".a.8.tmp"]
    stay = [".a.7.0123abcd.tmp", ".b.8.tmp", ".a.8.0123ABCD.tmp", ".a.b.tmp", "a.8.tmp", ".axtmp"]
    old = ".a.7.76543210.tmp"
    for name in (*gone, *stay, old):
        (tmp_path / name).touch()
    os.utime(tmp_path / old, (0, 0))
    (tmp_path / ".a.9.tmp").mkdir()
    (tmp_path / ".a.10.tmp").symlink_to("b")
    remove_strays(tmp_path / "a")
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {*stay, ".a.9.tmp", ".a.10.tmp"}


def test_a_process_is_running_until_it_ends():
    assert is_running(os.getpid())
    assert is_running(1)
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not is_running(child.pid)


def test_another_users_file_in_a_shared_folder_is_refused(tmp_path, monkeypatch):
    tmp_path.chmod(0o1777)
    (tmp_path / "a").touch()
    check_file_place(tmp_path / "a")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(RequestError, match="another user's"):
        check_file_place(tmp_path / "a")
    check_file_place(tmp_path / "b")
    tmp_path.chmod(0o777)
    check_file_place(tmp_path / "a")
