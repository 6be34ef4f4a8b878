"""Optional packages that only some formats need."""

import importlib
from typing import Any

from untrained.picture.samples import PictureError


def imported(package: str, what: str) -> Any:
    """Import a package of the extra ``science``.

    Parameters
    ----------
    package
        Name of the package.
    what
        The files that need it, for the message.

    Raises
    ------
    PictureError
        If it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise PictureError(
            f"{what} files need {package}, which is not installed (pip install "
            "'untrained[science]')"
        ) from error
