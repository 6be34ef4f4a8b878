"""The package as users meet it."""

import ast
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benches.deepinv_rows import reason_not_to_run

import untrained

ROOT = Path(__file__).parent.parent
INSIDE = ("adding.md", "architecture.md")
"""Pages for those who change the package: they name its modules."""
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(page for page in (ROOT / "docs").glob("**/*.md") if page.name not in INSIDE),
    *sorted((ROOT / "examples").glob("*.py")),
]
MODULES = {module.name for module in pkgutil.iter_modules(untrained.__path__)}
OLD = {"allocator", "compare", "files", "models", "preview", "report", "retrieval", "sensitivities"}


def test_no_module_hides_a_public_name():
    assert MODULES & set(dir(untrained)) == {"tasks"}


@pytest.mark.parametrize("name", sorted({*dir(untrained)} - {"UntrainedReconstructor"}))
def test_each_public_name_can_be_loaded(name):
    assert getattr(untrained, name) is not None


def test_the_reconstructor_of_deepinv_can_be_loaded():
    if reason := reason_not_to_run():
        pytest.skip(reason)
    assert untrained.UntrainedReconstructor


def test_names_that_are_not_public_are_refused():
    with pytest.raises(AttributeError, match="sing"):
        untrained.sing  # noqa: B018


def test_type_checkers_see_each_name_as_public():
    stub = ast.parse(Path(untrained.__file__).with_suffix(".pyi").read_text())
    for line in stub.body[1:]:
        assert isinstance(line, ast.ImportFrom)
        assert all(name.asname == name.name for name in line.names)


def module_paths(text):
    """Paths of modules of ours that are not run by ``python -m``."""
    found = re.findall(r"(?<!-m )\buntrained\.(\w+)", text)
    return [name for name in found if name in MODULES | OLD]


def test_module_paths_are_found():
    text = "from untrained.fitting.fit import Fit; `untrained.retrieval`; untrained.png"
    assert module_paths(text) == ["fitting", "retrieval"]
    assert module_paths("python -m untrained.app.cli denoise") == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_public_things_by_ut_alone(page):
    text = page.read_text("utf-8")
    assert module_paths(text) == []
    named = set(re.findall(r"\but\.([a-zA-Z_]\w*)", text))
    assert named <= set(dir(untrained)), "not public"


def test_examples_import_the_package_alone():
    for page in (ROOT / "examples").glob("*.py"):
        assert not re.search(r"from untrained\b", page.read_text("utf-8")), page.name


def test_importing_is_light():
    code = "import untrained, sys; sys.exit(any(m in sys.modules for m in ('torch', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ROOMS = {path.parent.name for path in (ROOT / "src/untrained").glob("*/__init__.py")}


@pytest.mark.parametrize("room", sorted(ROOMS - {"tasks"}))
def test_the_docstring_of_a_room_lists_its_files(room):
    folder = ROOT / "src/untrained" / room
    inside = [path for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()]
    files = {path.stem for path in inside} - {"__init__", "__pycache__"}
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
    lines = re.findall(r"^\* (.+?):", text, re.MULTILINE)
    assert {name for line in lines for name in re.findall(r"`(\w+)`", line)} == files
