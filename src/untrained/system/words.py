"""Words of others, such as a file or a codec, fit for a message."""


def one_line(words: object, most: int | None = None) -> str:
    """Write them in one line of printable characters, and of no more than `most`."""
    spaced = " ".join(str(words).split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in spaced)
    return shown if most is None or len(shown) <= most else shown[: most - 3] + "..."
