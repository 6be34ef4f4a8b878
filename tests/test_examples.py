"""The examples and the demo run, shortened."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py") if path.name != "demo.py")


def run(name, *words, patch):
    """Run an example in this process, as `python examples/NAME WORDS` does."""
    path = str(ROOT / "examples" / name)
    patch.setattr(sys, "argv", [path, *words])
    with pytest.raises(SystemExit) if name == "demo.py" else pytest.MonkeyPatch.context():
        runpy.run_path(path, run_name="__main__")


QUICK = ("deblock.py", "demosaic.py", "flash.py")


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in EXAMPLES],
)
def test_examples_run(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(name, "--steps", "3", patch=monkeypatch)
    scores = re.findall(r"(-?\d+\.\d+) dB", capsys.readouterr().out)
    assert scores
    assert len(scores) == 1 or len(set(scores)) > 1
    assert float(scores[-1]) > 5


@pytest.mark.slow
def test_the_demo_shows_input_restored_and_clean(tmp_path, monkeypatch, capsys):
    run("demo.py", str(tmp_path), "--steps", "3", patch=monkeypatch)
    (gain,) = re.findall(r"a gain of (-?\d+\.\d+) dB", capsys.readouterr().out)
    assert float(gain) > 3
    assert (tmp_path / "side_by_side.png").stat().st_size > 100_000
    assert (tmp_path / "report" / "index.html").exists()
