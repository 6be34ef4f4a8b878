"""Image restoration with untrained networks: one picture in, one network fitted to it, one out."""

import ast
import importlib
import warnings
from pathlib import Path
from typing import Any


def _public() -> dict[str, str]:
    """Read from the stub beside this file in which module each public name lives."""
    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8"))
    imports = [line for line in stub.body if isinstance(line, ast.ImportFrom)]
    return {name.name: str(line.module) for line in imports for name in line.names}


_HOME_OF = _public()


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562): importing the package loads no torch."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'untrained' has no attribute {name!r}")
    home = _HOME_OF[name]
    # Packages that are imported here set filters of their own.
    with warnings.catch_warnings():
        if home == __name__:
            return importlib.import_module(f"{home}.{name}")
        value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME_OF)
