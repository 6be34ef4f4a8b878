"""What the machine tells of itself."""

import subprocess
import sys
import time

import pytest
import torch

from untrained.app.commands.info import info
from untrained.system import machine

CPU = torch.device("cpu")


def test_a_matrix_rate_is_what_the_clock_says(monkeypatch):
    seconds = iter([0.001, 0.001, 0.001, 0.04, *[0.01, 0.05, 0.02, 0.04, 0.03]])
    monkeypatch.setattr(machine, "_seconds", lambda work, _device: work() or next(seconds))
    assert machine.matrix_rate(CPU, "float32") == pytest.approx(2 * 512**3 / 0.03)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_matrix_rate_takes_well_under_a_second_of_this_process(precision):
    start = time.process_time()
    assert machine.matrix_rate(CPU, precision) > 1e8
    assert time.process_time() - start < 1.5 * torch.get_num_threads()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_is_of_this_process_alone():
    """A child of a large process starts small; holding 200 MB more raises its peak by as much."""
    ballast = torch.ones(150_000_000)
    code = (
        "import torch; from untrained.system.machine import peak_memory; d = torch.device('cpu');"
        "before = peak_memory(d); t = torch.ones(50_000_000); del t; print(before, peak_memory(d))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before < ballast.nbytes
    assert after - before == pytest.approx(200e6, rel=0.1)


def test_memory_free_is_part_of_the_total():
    total, free = machine.memory()
    if sys.platform == "linux":
        assert 0 < free < total
    else:
        assert total is None or free is None or 0 < free < total


def test_info_names_what_was_measured(capsys):
    assert info() == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["processor"] == machine.processor()
    assert "GiB" in rows["memory"]
    assert int(rows["threads"]) == torch.get_num_threads()
    assert rows["precision"].startswith(("float32: ", "bfloat16: "))
    for precision in ("float32", "bfloat16"):
        assert float(rows[precision].split()[0]) > 0
        assert rows[precision].split()[1] == "GFLOP/s"


@pytest.mark.parametrize("version", [2, 1])
def test_a_containers_limit_is_seen(tmp_path, version):
    folder, limit, used, cached = machine._GROUPS[2 - version]
    (tmp_path / folder).mkdir(exist_ok=True)
    assert machine._left_to_group(tmp_path) is None
    (tmp_path / folder / limit).write_text("1000\n")
    (tmp_path / folder / used).write_text("700\n")
    (tmp_path / folder / "memory.stat").write_text(f"x{cached} 5\n{cached} 300\n")
    assert machine._left_to_group(tmp_path) == 600
    (tmp_path / folder / limit).write_text("max\n")
    assert machine._left_to_group(tmp_path) is None


def test_the_free_memory_is_no_more_than_a_container_has(monkeypatch):
    before = machine.memory().free
    monkeypatch.setattr(machine, "_left_to_group", lambda _root: 1000)
    assert machine.memory().free == 1000
    monkeypatch.setattr(machine, "_left_to_group", lambda _root: None)
    assert (machine.memory().free is None) == (before is None)
