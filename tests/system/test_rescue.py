"""What cannot be written is kept where only this user can reach it."""

import tempfile
from pathlib import Path

import pytest

from untrained.system import rescue


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_files_are_kept_and_their_place_is_said(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "out")
    error = rescue.keep_files(tmp_path / "out", {"a": b"1", "sub/b": b"2"}, OSError(28, "full"))
    place = rescue.place_for(tmp_path / "link")
    assert str(place) in str(error)
    assert "full" in str(error)
    assert (place / "a").read_bytes() == b"1"
    assert (place / "sub" / "b").read_bytes() == b"2"
    assert place.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_a_folder_that_is_not_ours_alone_is_not_used(tmp_path, kind):
    parent = rescue.place_for(tmp_path / "out").parent
    if kind == "open":
        parent.mkdir()
        parent.chmod(0o777)
    elif kind == "link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        parent.symlink_to(tmp_path / "theirs")
    else:
        parent.touch()
    error = rescue.keep_files(tmp_path / "out", {"a": b"1"}, OSError(28, "full"))
    assert "nor kept" in str(error)
    assert not list(Path(tmp_path).rglob("a"))
