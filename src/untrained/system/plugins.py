"""Extensions: modules of other packages that register something when they are imported."""

from functools import cache
from importlib.metadata import entry_points

GROUP = "untrained"
"""The group of entry points: ``[project.entry-points.untrained]`` in a package's pyproject.toml."""


@cache
def load_extensions() -> None:
    """Import the modules that installed packages name in the group; a second call does nothing.

    Registries call it when they do not know a name.
    """
    for each in entry_points(group=GROUP):
        each.load()
