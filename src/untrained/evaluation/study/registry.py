"""The studies by name."""

import difflib
from collections.abc import Callable

from untrained.errors import RequestError
from untrained.evaluation.study.architectures import architectures
from untrained.evaluation.study.degrees_of_freedom import freedom
from untrained.evaluation.study.impedance import impedance
from untrained.evaluation.study.outcome import Study
from untrained.evaluation.study.overfit import overfit
from untrained.evaluation.study.samples import samples
from untrained.evaluation.study.spectrum import spectrum

STUDIES: dict[str, Callable[..., Study]] = {
    "samples": samples,
    "impedance": impedance,
    "architectures": architectures,
    "overfit": overfit,
    "freedom": freedom,
    "spectrum": spectrum,
}
"""Each is called as ``(image, settings, *, seed, device)`` with its own settings class."""


def study_of(name: str) -> Callable[..., Study]:
    """Look up a study.

    Raises
    ------
    RequestError
        If the name is unknown; the message lists the known ones.
    """
    if name not in STUDIES:
        near = difflib.get_close_matches(name, STUDIES, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise RequestError(f"unknown study {name!r}: choose from {', '.join(STUDIES)}{hint}")
    return STUDIES[name]
