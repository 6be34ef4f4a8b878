"""Only regular files are opened, and nothing waits."""

import os
import socket
from pathlib import Path

import pytest

from untrained.system.files import FileTooLarge, open_regular, read_regular


def test_a_regular_file_is_read_also_through_links(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_regular(tmp_path / "link", 3) == b"abc"


def test_pipes_sockets_devices_and_folders_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(tmp_path / "socket"))
    named = {"pipe": "a pipe", "link": "a pipe", "socket": "a socket", ".": "a folder"}
    for name, words in named.items():
        with pytest.raises(OSError, match=words):
            open_regular(tmp_path / name)
    bound.close()
    for device in ("/dev/zero", "/dev/null", "/dev/tty"):
        with pytest.raises(OSError, match="device"):
            open_regular(device)


def test_what_is_in_place_of_the_file_by_the_time_it_is_opened_is_refused_too(
    tmp_path, monkeypatch
):
    (tmp_path / "a").write_bytes(b"abc")
    os.mkfifo(tmp_path / "pipe")
    opened = os.open
    monkeypatch.setattr(os, "open", lambda _path, flags: opened(tmp_path / "pipe", flags))
    with pytest.raises(OSError, match="a pipe"):
        open_regular(tmp_path / "a")


def test_a_name_with_a_null_character_is_no_file(tmp_path):
    with pytest.raises(OSError, match="null character"):
        open_regular(f"{tmp_path}/a\0b")


def test_loops_of_links_are_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(tmp_path / "a")


def test_no_more_is_read_than_is_allowed(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FileTooLarge) as caught:
        read_regular(tmp_path / "sparse", 1000)
    assert caught.value.size == 1 << 40


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_files_that_state_no_size_are_bounded_too():
    with pytest.raises(FileTooLarge):
        read_regular("/proc/self/maps", 10)
