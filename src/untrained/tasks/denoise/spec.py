"""Denoising, registered."""

from dataclasses import dataclass

from untrained.recipes.presets import ensembles, fast, paper, volumes
from untrained.recipes.presets.total_variation import tv
from untrained.tasks.grey_levels import check_grey_level
from untrained.tasks.registry import Command, Comparison, TaskSpec, register_task


@dataclass(frozen=True)
class DenoiseOptions:
    """What the user may know of the noise."""

    sigma: float | None = None
    """Noise level in grey levels of 255; estimated from the picture when absent."""
    noise: str = "auto"
    """gaussian, poisson, poisson-gaussian, impulse, or auto: as the picture shows."""

    def __post_init__(self) -> None:
        """Check the level in the unit that it is given in."""
        check_grey_level(self.sigma)


register_task(
    TaskSpec(
        name="denoise",
        describe="untrained.tasks.denoise.describe:denoise",
        presets={"fast": fast.DENOISE, "paper": paper.DENOISE, "tv": tv(0.1, 0.8)},
        # counted: Poisson-Gaussian noise, stabilised; impulse: replaced samples, filled.
        variants=("", "counted", "impulse", "volume"),
        variant_presets={
            ("fast", "volume"): volumes.DENOISE,
            ("fast", "counted"): fast.COUNTED,
            ("fast", "impulse"): fast.IMPULSES,
        },
        ensembles=ensembles.DENOISE,
        options=DenoiseOptions,
        from_options="untrained.tasks.denoise.describe:from_options",
        command=Command(help="Remove noise.", input="The noisy picture.", volumes=True),
        compare=Comparison(("sigma", "noise"), trained=True),
    )
)
