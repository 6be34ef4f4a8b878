"""The tasks: each describes a Problem; none solves it.

A task is a folder: `spec.py` registers it, `describe.py` describes its problems. ``tasks.NAME`` is
the describing function of any registered task, imported when it is first used.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from untrained.system.plugins import load_extensions
from untrained.tasks.registry import TASKS, Describe, imported

if TYPE_CHECKING:
    from untrained.tasks.deblock.describe import deblock as deblock
    from untrained.tasks.demosaic.describe import demosaic as demosaic
    from untrained.tasks.denoise.describe import denoise as denoise
    from untrained.tasks.dream.describe import dream as dream
    from untrained.tasks.flash.describe import flash as flash
    from untrained.tasks.inpaint.describe import inpaint as inpaint
    from untrained.tasks.invert.describe import invert as invert
    from untrained.tasks.reconstruct.deblur import deblur as deblur
    from untrained.tasks.reconstruct.describe import reconstruct as reconstruct
    from untrained.tasks.reconstruct.phase import phase as phase
    from untrained.tasks.upscale.describe import upscale as upscale


def _register_all() -> None:
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            importlib.import_module(f"{__name__}.{module.name}.spec")
            # The import has made the name that of the folder; it is that of the function.
            del globals()[module.name]


def _described_by() -> dict[str, Describe | str]:
    found = {}
    for spec in TASKS.values():
        found[spec.name] = spec.describe
        found |= {name: relative.describe for name, relative in spec.relatives.items()}
    return found


def __getattr__(name: str) -> Callable[..., Any]:
    if not name.startswith("_") and name not in _described_by():
        load_extensions()
    try:
        return imported(_described_by()[name])
    except KeyError:
        raise AttributeError(f"there is no task {name!r}: {', '.join(__dir__())}") from None


def __dir__() -> list[str]:
    return sorted(_described_by())


_register_all()
