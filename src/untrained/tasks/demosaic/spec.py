"""Demosaicing, registered."""

from dataclasses import dataclass

from untrained.recipes.presets import inverse_problems
from untrained.recipes.presets.total_variation import tv_of_mosaic
from untrained.tasks.grey_levels import check_grey_level
from untrained.tasks.registry import Command, Comparison, TaskSpec, register_task


@dataclass(frozen=True)
class DemosaicOptions:
    """The sensor."""

    pattern: str = "RGGB"
    """RGGB, BGGR, GRBG or GBRG: the first two pixels of the first row, then of the second."""
    sigma: float | None = None
    """Noise level in grey levels of 255, white: the samples are denoised too."""

    def __post_init__(self) -> None:
        """Check the level in the unit that it is given in."""
        check_grey_level(self.sigma)


register_task(
    TaskSpec(
        name="demosaic",
        describe="untrained.tasks.demosaic.describe:demosaic",
        presets={"fast": inverse_problems.DEMOSAIC, "tv": tv_of_mosaic(0.0001)},
        # noisy: samples of known noise level, which are denoised too.
        variants=("", "noisy"),
        variant_presets={
            ("fast", "noisy"): inverse_problems.DEMOSAIC_NOISY,
            ("tv", "noisy"): tv_of_mosaic(0.01, 1.0),
        },
        options=DemosaicOptions,
        from_options="untrained.tasks.demosaic.describe:from_options",
        command=Command(
            help="Find the colours behind the raw plane of a sensor; its samples come back "
            "unchanged.",
            input="The mosaic: a grey picture of one sample a pixel.",
            output="Where to write the result, in colour; its extension says the format.",
        ),
        compare=Comparison(
            ("pattern", "sigma"),
            input_scored=False,
            base="guess",
            base_words="the bilinear interpolation",
        ),
    )
)
