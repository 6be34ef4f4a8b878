"""Folders hold only what we wrote, and say so."""

import json
import os
from pathlib import Path

import pytest

from untrained.errors import RequestError
from untrained.system import owned_folder
from untrained.system.owned_folder import MARKER, Kind, claimed

KIND = Kind("letters", ("a", "b", "sub/c").__contains__, "--out", folders=("sub",))
OTHER = Kind("numbers", ("1", "2").__contains__, "--out")


def write(folder, files, kind=KIND, **how):
    with claimed(folder, kind, **how) as owned:
        owned.write(files)


def names(folder):
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_only_listed_and_unchanged_files_are_replaced_or_removed(tmp_path):
    folder = tmp_path / "f"
    write(folder, {"a": b"1", "sub/c": b"2"})
    (folder / "mine").write_text("mine")
    with pytest.raises(RequestError, match="--overwrite"):
        write(folder, {"a": b"3"})
    write(folder, {"a": b"3", "b": b"4"}, overwrite=True)
    assert names(folder) == {MARKER, "a", "b", "mine"}
    assert not (folder / "sub").exists()
    (folder / "b").write_text("changed")
    with pytest.raises(RequestError, match="b was changed"):
        write(folder, {"a": b"5"}, overwrite=True)
    (folder / "b").unlink()
    write(folder, {"a": b"5"}, overwrite=True)
    (folder / "b").symlink_to(folder / "mine")
    with pytest.raises(RequestError, match="b is not ours"):
        write(folder, {"b": b"6"}, overwrite=True)
    assert (folder / "mine").read_text() == "mine"


def test_what_appears_or_changes_meanwhile_is_not_replaced(tmp_path):
    folder = tmp_path / "f"
    with claimed(folder, KIND) as owned:
        (folder / "a").write_text("mine")
        with pytest.raises(RequestError, match="a is not ours"):
            owned.write({"a": b"1"})
    assert names(folder) == {"a"}
    (folder / "a").unlink()
    write(folder, {"a": b"1"})
    with claimed(folder, KIND, overwrite=True) as owned:
        (folder / "a").write_text("mine")
        with pytest.raises(RequestError, match="a was changed"):
            owned.write({"a": b"2"})
    assert (folder / "a").read_text() == "mine"


def test_a_folder_that_was_made_for_nothing_is_removed(tmp_path):
    with pytest.raises(RequestError, match="wrong"), claimed(tmp_path / "f", KIND):
        raise RequestError("wrong")
    assert not (tmp_path / "f").exists()
    (tmp_path / "g").mkdir()
    with pytest.raises(RequestError, match="wrong"), claimed(tmp_path / "g", KIND):
        raise RequestError("wrong")
    assert list((tmp_path / "g").iterdir()) == []


def test_kinds_do_not_mix(tmp_path):
    write(tmp_path / "f", {"a": b"1"})
    with pytest.raises(RequestError, match="it holds letters"):
        write(tmp_path / "f", {"1": b"1"}, OTHER, overwrite=True)


def test_works_of_one_kind_may_share_a_folder(tmp_path):
    first, second = (Kind("letters", {name}.__contains__, "--out") for name in "ab")
    write(tmp_path / "f", {"a": b"1"}, first)
    write(tmp_path / "f", {"b": b"2"}, second)
    write(tmp_path / "f", {"a": b"3"}, first, overwrite=True)
    assert (tmp_path / "f" / "b").read_bytes() == b"2"


@pytest.mark.parametrize("at", range(12))
def test_a_kill_at_any_write_leaves_a_folder_that_is_ours(tmp_path, monkeypatch, at):
    folder, left = tmp_path / "f", at
    write(folder, {"a": b"1", "sub/c": b"2"})

    def counted(work):
        def counting(*given, **more):
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return work(*given, **more)

        return counting

    monkeypatch.setattr(Path, "replace", counted(Path.replace))
    monkeypatch.setattr(os, "link", counted(os.link))
    done = False
    try:
        write(folder, {"a": b"3", "b": b"4"}, overwrite=True)
        done = True
    except KeyboardInterrupt:
        pass
    monkeypatch.undo()
    assert done == (at > 3)
    write(folder, {"a": b"5"}, overwrite=True)
    assert names(folder) == {MARKER, "a"}
    assert (folder / "a").read_bytes() == b"5"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"[" * 100_000, b'{"files": 3, "holds": "letters", "of": ""}', b"\xff"],
)
def test_a_marker_that_cannot_be_read_refuses_the_folder(tmp_path, content):
    (tmp_path / MARKER).write_bytes(content)
    with pytest.raises(RequestError, match="cannot be read"):
        write(tmp_path, {"a": b"1"}, overwrite=True)


def test_a_forged_marker_reaches_nothing_outside(tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"1")
    folder = tmp_path / "f"
    folder.mkdir()
    listed = {"../outside": [owned_folder._checksum(b"1")], "x": [owned_folder._checksum(b"1")]}
    marker = {"written by": "untrained", "holds": "letters", "of": "", "files": listed}
    (folder / MARKER).write_text(json.dumps(marker))
    (folder / "x").write_bytes(b"1")
    write(folder, {"a": b"2"}, overwrite=True)
    assert outside.exists()
    assert (folder / "x").exists()


def test_work_that_goes_on_reads_and_replaces_its_own(tmp_path):
    write(tmp_path / "f", {"a": b"1", "b": b"2"}, of="me")
    (tmp_path / "f" / "b").unlink()
    for of, resume in (("me", False), ("you", True)):
        with pytest.raises(RequestError, match="--overwrite"):
            write(tmp_path / "f", {"a": b"3"}, of=of, resume=resume)
    with claimed(tmp_path / "f", KIND, of="me", resume=True) as owned:
        assert owned.earlier() == {"a": b"1"}
        owned.write({"a": b"3"})
    with claimed(tmp_path / "f", KIND, of="you", overwrite=True) as owned:
        assert owned.earlier() == {}


def test_inputs_must_lie_elsewhere(tmp_path):
    folder = tmp_path / "f"
    for each in (folder, folder / "a", folder / "deep" / "er"):
        with (
            pytest.raises(RequestError, match="contains an input"),
            claimed(folder, KIND, inputs=[each]),
        ):
            pytest.fail("claimed")
    with claimed(folder, KIND, inputs=[tmp_path, tmp_path / "fa"]):
        pass
