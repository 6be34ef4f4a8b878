"""Damaged files of every kind: a picture or one line, soon, in little memory, and nothing printed.

`make fuzz` goes on for an hour.
"""

import os

import pytest

from tests.fuzz.attack import Watched, attack, damaged
from tests.fuzz.corpus import corpus
from tests.fuzz.readers import READERS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits memory as Linux does")

SECONDS = float(os.environ.get("UNTRAINED_FUZZ_SECONDS", "32"))
"""Seconds for all parts together, without the start of the process that reads."""


@pytest.fixture(scope="module")
def watched():
    process = Watched()
    yield process
    process.close()


@pytest.mark.parametrize("part", corpus())
def test_damaged_files_are_read_or_refused_in_one_line(watched, tmp_path, part):
    tried = list(attack(watched, part, tmp_path, SECONDS / len(READERS)))
    faults = [(fault.name, fault.seed, fault.words) for fault in tried if fault is not None]
    assert not faults
    assert len(tried) > SECONDS


def test_the_same_seed_damages_the_same_way():
    for part in corpus():
        assert damaged(part, 7) == damaged(part, 7)
        assert len({damaged(part, seed)[1] for seed in range(50)}) > 25


def test_whatever_is_read_is_attacked():
    assert set(corpus()) == set(READERS)


def test_files_that_are_whole_are_read(tmp_path):
    refused = {"moving.png", "several.jpg", "moving.webp", "plain.tif", "objects.npy", "linked.h5"}
    refused |= {"kspace.h5", "empty.pth"}
    from untrained.errors import RequestError

    for part, files in corpus().items():
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
            read = READERS[part][1 if name == "angles.txt" else 0]
            try:
                read(tmp_path / name)
            except RequestError:
                assert name in refused
