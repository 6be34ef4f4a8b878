"""Methods to compare a fit with: functions from a Problem to a picture.

* `registry`: register a baseline, list those of a task
* `arrays`: conversion for other packages
* `demosaic`, `denoise`, `flash`, `inpaint`, `reconstruct`, `upscale`: classical methods
* `third_party`: deepinv's prior, trained models through spandrel
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
