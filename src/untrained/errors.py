"""The ways to go wrong: the request was wrong, the work failed, a method does not apply."""


class RequestError(ValueError):
    """The request or the input is wrong; the message is one line that says what would be right.

    Every error a user can cause is a subclass. The command line ends with status 2 on it.
    """


class WorkError(RuntimeError):
    """The request was right but the work failed. The command line ends with status 1 on it."""


class NotApplicable(Exception):
    """A method to compare with cannot be used here; the message says why in one line.

    It never ends a command: a comparison lists it.
    """
