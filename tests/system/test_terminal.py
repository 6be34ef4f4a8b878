"""Words on the terminal, in this process."""

import io
import sys

import pytest

from untrained.system.terminal import BadOutputError, console, one_line, patient_streams, say


class Refusing(io.StringIO):
    """A stream that fails as files do."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, _text):
        raise self.error


@pytest.mark.parametrize("name", ["[red]x[/].png", "[/]", ":warning:.png", "127.0.0.1 'quoted'"])
def test_sentences_are_printed_as_they_are_on_one_line(capsys, name):
    sentence = f"{name} {'long words ' * 30}end"
    console().print(sentence)
    assert capsys.readouterr().err == sentence + "\n"


def test_one_line_is_one_and_steers_no_terminal():
    assert one_line("a\n b\t\x1b[31mc\r\n") == "a b \\x1b[31mc"
    assert one_line("no\udcff.png") == "no\\udcff.png"
    assert one_line(ValueError()) == "ValueError"


def test_letters_that_the_terminal_lacks_are_shown_by_their_codes(monkeypatch):
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(content, encoding="ascii"))
    with patient_streams():
        say("ö 日")
    assert content.getvalue() == b"untrained: \\xf6 \\u65e5\n"


def test_a_full_disk_behind_standard_output_is_told_at_the_end(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Refusing(OSError(28, "No space left on device")))
    written = []

    def work():
        with patient_streams():
            written.extend(sys.stdout.write(each) for each in ("a", "bc"))

    with pytest.raises(BadOutputError, match="No space left"):
        work()
    assert written == [1, 2]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_left_ends_nothing(monkeypatch, stream):
    monkeypatch.setattr(sys, stream, Refusing(BrokenPipeError(32, "Broken pipe")))
    with patient_streams():
        getattr(sys, stream).write("a")


def test_streams_that_were_closed_lead_nowhere(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with patient_streams():
        sys.stdout.write("a")
        say("b")
    assert sys.stderr is None
