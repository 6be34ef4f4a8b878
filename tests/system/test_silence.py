"""Quiet in several threads at once, and every switch of the process as it was."""

import logging
import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import untrained as ut
from untrained.system.silence import without_logs, without_output, without_warnings


def test_warnings_are_ignored_until_the_last_has_left():
    before = list(warnings.filters)
    first_left = threading.Event()
    both_in = threading.Barrier(2)

    def work(first):
        with without_warnings():
            both_in.wait(20)
            if not first:
                assert first_left.wait(20)
            warnings.warn("mind", stacklevel=1)
        if first:
            first_left.set()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (True, False)))
    assert warnings.filters == before
    with pytest.warns(UserWarning, match="mind"):
        warnings.warn("mind", stacklevel=1)


def test_filters_come_back_after_an_error():
    before = list(warnings.filters)
    with pytest.raises(ValueError, match="no luck"), without_warnings():
        raise ValueError("no luck")
    assert warnings.filters == before


def test_only_the_thread_that_asks_for_it_prints_nothing(capsys):
    muted, printed = threading.Event(), threading.Event()

    def chatty():
        with without_output():
            sys.stdout.write("noise")
            with without_output():
                pass
            muted.set()
            assert printed.wait(20)
            sys.stdout.write("more noise")

    before = sys.stdout
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(chatty)
        assert muted.wait(20)
        sys.stdout.write("kept")
        printed.set()
        done.result()
    assert sys.stdout is before
    assert capsys.readouterr().out == "kept"


@pytest.fixture
def files(tmp_path):
    """A file of each kind, one with a palette, one with EXIF that Pillow warns of."""
    samples = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    for name in ("a.png", "a.jpg", "a.tif", "a.webp", "a.bmp", "a.npy"):
        ut.write(tmp_path / name, samples)
    Image.fromarray(samples).quantize(16).save(tmp_path / "p.png", transparency=b"\0\1\2")
    ut.write(tmp_path / "deep.png", samples.astype(np.uint16))
    return sorted(tmp_path.iterdir())


def test_files_are_read_and_written_in_four_threads_as_in_one(files, tmp_path):
    def umask():
        mask = os.umask(0o022)
        os.umask(mask)
        return mask

    def switches():
        return umask(), Image.MAX_IMAGE_PIXELS, list(warnings.filters), sys.stdout

    def work(number):
        path = files[number % len(files)]
        picture = ut.read(path)
        ut.write(tmp_path / f"{number}.npy", picture)
        return picture.stored, (tmp_path / f"{number}.npy").stat().st_mode & 0o777

    before = switches()
    alone = [work(number) for number in range(4 * len(files))]
    seen = []
    watching = threading.Event()

    def watch():
        probe = tmp_path / "probe"
        while not watching.is_set():
            probe.touch()
            seen.append((probe.stat().st_mode & 0o777, Image.MAX_IMAGE_PIXELS))
            probe.unlink()

    with ThreadPoolExecutor(5) as pool:
        looking = pool.submit(watch)
        for number in range(4 * len(files)):
            (tmp_path / f"{number}.npy").unlink()
        together = list(pool.map(work, range(4 * len(files))))
        watching.set()
        looking.result()
    assert switches() == before
    assert set(seen) == {(0o666 & ~before[0], Image.MAX_IMAGE_PIXELS)}
    for (one, mode), (other, mode_too) in zip(alone, together, strict=True):
        assert np.array_equal(one, other)
        assert mode == mode_too == 0o666 & ~before[0]


def test_logs_of_a_package_are_dropped_within_and_its_loggers_stay_as_they_were(capsys, caplog):
    logger, below = logging.getLogger("chatty"), logging.getLogger("chatty.part")
    own = logging.NullHandler()
    logger.addHandler(own)
    with without_logs("chatty"), without_logs("chatty"):
        logger.error("one")
        below.error("two")
    assert capsys.readouterr().err == ""
    assert not caplog.records
    below.error("three")
    assert [record.message for record in caplog.records] == ["three"]
    assert (logger.handlers, logger.propagate) == ([own], True)
    logger.removeHandler(own)
