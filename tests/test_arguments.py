"""Arguments are read by their annotations."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, Unpack

import numpy as np
import pytest
import torch

from untrained.arguments import FilePath, Reads, Within, checked, naming, read, short
from untrained.errors import RequestError


def half(value):
    if value % 2:
        raise RequestError("it is odd: give an even number")
    return value // 2


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (float, np.float32(0.5), 0.5),
        (float, torch.tensor(0.5), 0.5),
        (int, np.int64(3), 3),
        (int, 3.0, 3),
        (int, np.array(3), 3),
        (bool, np.bool_(True), True),
        (str, np.str_("a"), "a"),
        (Path, "a/b", Path("a/b")),
        (FilePath, "a/b", Path("a/b")),
        (float | None, None, None),
        (Literal["a", "b"], "b", "b"),
        (tuple[int, int], np.array([2, 3]), (2, 3)),
        (tuple[int, ...], [2, 3, 4], (2, 3, 4)),
        (list[float], (1, 2.5), [1, 2.5]),
        (Annotated[int, Within(1, 4)], 4, 4),
        (Annotated[Any, Reads(half, "an even number")], 4, 2),
        (int | str, "auto", "auto"),
    ],
)
def test_what_is_as_good_is_converted(hint, value, expected):
    found = read("value", hint, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("hint", "value", "words"),
    [
        (float, True, "size is True: give a finite number"),
        (float, "3", "size is '3': give a finite number"),
        (float | None, float("nan"), "size is nan: give a finite number or None"),
        (int, 1.5, "size is 1.5: give a whole number"),
        (int, np.ones((2, 3)), r"size is an array of shape \(2, 3\) and type float64: give"),
        (bool, 1, "size is 1: give True or False"),
        (
            Literal["near", "far"],
            "nera",
            "unknown size 'nera': choose from near, far; did",
        ),
        (Literal["near", "far"], 3, "size is 3: give 'near' or 'far'"),
        (tuple[int, int], (1, 2, 3), r"size is \(1, 2, 3\): give \(a whole number, a whole"),
        (Annotated[int, Within(1, 4)], 5, "size is 5: give a whole number from 1 to 4"),
        (
            Annotated[int, Within(1)] | None,
            0,
            "size is 0: give a whole number of 1 or more",
        ),
        (Annotated[Any, Reads(half, "")], 3, "size: it is odd: give an even number"),
        (FilePath, "", "size is '': give the path of a file"),
        (Path, Path, "size is the class Path: give the path of a file"),
        (RequestError, object(), "size is an object: give a RequestError"),
    ],
)
def test_the_rest_is_refused_by_its_name(hint, value, words):
    with pytest.raises(RequestError, match=words):
        read("size", hint, value)


class Options(TypedDict, total=False):
    """Options of the function below."""

    steps: int


@checked
def work(size: int, *, far: bool = False, **options: Unpack[Options]):
    return size, far, options


def test_a_checked_function_gets_what_was_read():
    assert work(np.int8(3), steps=np.int8(2)) == (3, False, {"steps": 2})
    with pytest.raises(RequestError, match="steps is None: give a whole number"):
        work(3, steps=None)
    with pytest.raises(RequestError, match="no option step: did you mean steps"):
        work(3, step=2)
    with pytest.raises(RequestError, match="no option zebra: there are size, far"):
        work(3, zebra=2)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'size'"):
        work(steps=3)
    with pytest.raises(TypeError, match="2 were given"):
        work(3, 4)


def test_values_are_told_shortly():
    assert short(10**400).endswith("...")
    assert short(10**5000) == "a number of thousands of digits"
    assert short([1] * 9) == "a list of 9"
    assert short({"a": 1}) == "{'a': 1}"
    assert short(torch.zeros(2, 3)) == "a tensor of shape (2, 3) and type torch.float32"
    assert "\n" not in short("a\nb")


def test_faults_within_are_named():
    with pytest.raises(RequestError, match="start: it is odd"), naming("start"):
        half(3)
