"""Noise levels as the command line takes them: in grey levels of 255."""

from untrained.errors import RequestError

WHITE = 255
_LEAST = 1e-3
"""Noise below is less than any file holds."""


def check_grey_level(sigma: float | None) -> None:
    """Check a level that may have been given.

    Raises
    ------
    RequestError
        If it is not one; the message has it in the user's unit.
    """
    if sigma is not None and not _LEAST <= sigma <= WHITE:
        raise RequestError(
            f"--sigma {sigma:g}: give a noise level from {_LEAST:g} to {WHITE} grey levels of "
            f"{WHITE}"
        )
