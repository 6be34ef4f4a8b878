"""From a picture and the options of the command line to a problem."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from untrained.picture import reading
from untrained.picture.picture import Picture
from untrained.problem.problem import Problem
from untrained.tasks.registry import TaskSpec, imported


def pose(spec: TaskSpec, options: Any, picture: Picture | None) -> Problem:
    """Describe a problem of a task by its options; files among them are read as pictures."""
    if spec.from_options is not None:
        problem: Problem = imported(spec.from_options)(picture, options)
        return problem
    given = {each.name: getattr(options, each.name) for each in fields(options)}
    read = {k: reading.read(v) if isinstance(v, Path) else v for k, v in given.items()}
    described: Problem = imported(spec.describe)(picture, **read)
    return described
