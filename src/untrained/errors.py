"""The two ways to go wrong: the request was wrong, or the work failed."""


class RequestError(ValueError):
    """The request or the input is wrong; the message is one line that says what would be right.

    Every error a user can cause is a subclass. The command line ends with status 2 on it.
    """


class WorkError(RuntimeError):
    """The request was right but the work failed. The command line ends with status 1 on it."""
