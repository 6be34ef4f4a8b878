"""The command line: one verb per task. Importing this file loads next to nothing."""

from typing import NoReturn

from untrained.app.start import own_process


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong request, 130 interrupted.

    A fault of this program raises on, after one line that says so.
    """
    from untrained.app.application import run  # noqa: PLC0415

    run(arguments)


if __name__ == "__main__":
    with own_process():
        main()
