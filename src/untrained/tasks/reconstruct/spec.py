"""Reconstruction, deblurring and phase retrieval, registered."""

from typing import Literal, get_args

from untrained.recipes.presets import ensembles, inverse_problems
from untrained.recipes.presets.total_variation import tv_from_guess
from untrained.tasks.registry import Relative, TaskSpec, register_task

ReconstructVariant = Literal[
    "",
    "level",
    "spectrum",
    "blur",
    "blind",
    "phase",
    "phase-level",
    "phase-noisy",
    "magnitude-level",
]
"""``""``: the noise level is unknown; ``level``: known; ``spectrum``: known, of complex samples
(k-space); ``blur``: known, of a known kernel; ``blind``: the kernel is unknown; ``phase``: phase
retrieval; ``phase-level``: with a known noise level; ``phase-noisy``: with so much noise that the
initial guess is full of it; ``magnitude-level``: from Fourier magnitudes, with a known level."""

_TV_WITH_LEVEL = tv_from_guess(0.01, 1.0)

register_task(
    TaskSpec(
        name="reconstruct",
        describe="untrained.tasks.reconstruct.describe:reconstruct",
        presets={"fast": inverse_problems.RECONSTRUCT, "tv": tv_from_guess(0.01)},
        variants=get_args(ReconstructVariant),
        variant_presets={
            ("fast", "level"): inverse_problems.RECONSTRUCT_LEVEL,
            ("fast", "blur"): inverse_problems.DEBLUR,
            ("fast", "blind"): inverse_problems.BLIND,
            ("fast", "spectrum"): inverse_problems.SPECTRUM,
            ("fast", "phase"): inverse_problems.PHASE,
            ("fast", "phase-level"): inverse_problems.PHASE_LEVEL,
            ("fast", "magnitude-level"): inverse_problems.MAGNITUDE_LEVEL,
            ("fast", "phase-noisy"): inverse_problems.PHASE_NOISY,
            ("tv", "phase-level"): _TV_WITH_LEVEL,
            ("tv", "magnitude-level"): _TV_WITH_LEVEL,
            ("tv", "phase-noisy"): _TV_WITH_LEVEL,
            ("tv", "spectrum"): _TV_WITH_LEVEL,
            ("tv", "level"): _TV_WITH_LEVEL,
            ("tv", "blur"): _TV_WITH_LEVEL,
        },
        ensembles=ensembles.RECONSTRUCT,
        relatives={
            "deblur": Relative("blur", "untrained.tasks.reconstruct.deblur:deblur"),
            "phase": Relative("phase", "untrained.tasks.reconstruct.phase:phase"),
        },
    )
)
