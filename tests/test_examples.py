"""The examples and the demo run, shortened."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py") if path.name != "demo.py")


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name, tmp_path):
    words = [sys.executable, str(ROOT / "examples" / name), "--steps", "3"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert " dB" in done.stdout


@pytest.mark.slow
def test_the_demo_shows_input_restored_and_clean(tmp_path):
    words = [sys.executable, str(ROOT / "examples" / "demo.py"), str(tmp_path), "--steps", "3"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "PSNR 2" in done.stdout
    assert (tmp_path / "side_by_side.png").stat().st_size > 100_000
    assert (tmp_path / "report" / "index.html").exists()
