"""Kinds of problems within a task."""

from typing import get_args

import pytest

from untrained.recipes import Task, presets
from untrained.recipes.variants import VARIANTS


def test_every_task_has_its_kinds():
    assert set(VARIANTS) == set(get_args(Task))
    assert all("" in kinds for kinds in VARIANTS.values())


@pytest.mark.parametrize("key", presets._SINGLE_VARIANTS, ids="-".join)
def test_presets_are_for_kinds_that_there_are(key):
    task, _, variant = key
    assert variant in VARIANTS[task]
