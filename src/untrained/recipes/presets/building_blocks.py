"""Parts that several presets share: networks, step sizes."""

from typing import Any

from untrained.recipes import NLBayes, Optimiser, SkipNetwork


def per_scale(n: int, **settings: Any) -> dict[str, Any]:
    """Repeat single values for each of `n` scales."""
    return {
        key: value if isinstance(value, tuple) else (value,) * n for key, value in settings.items()
    }


NARROW = (16, 32, 64, 128, 128)
HOURGLASS = SkipNetwork(channels=NARROW, skip=(16,) * 5, padding="zero", subpixel=True)
FOLDED = SkipNetwork(
    channels=(64, 64, 128),
    padding="zero",
    fold=2,
    subpixel=True,
    **per_scale(3, skip=32, kernel_down=3, kernel_up=3, upsampling="bilinear"),
)
SHALLOW = SkipNetwork(
    channels=(16, 32, 64, 128),
    padding="zero",
    mix=False,
    subpixel=True,
    **per_scale(4, skip=16, kernel_down=3, kernel_up=3, upsampling="nearest"),
)
OPTIMISER = Optimiser(step_size=0.01, warm_up=20, decay="cosine")
SHORT_MEMORY = OPTIMISER.model_copy(update={"betas": (0.8, 0.95)})
SMALL_PATCHES = NLBayes(patch=4, channel_exponent=0)
MIDDLE_PATCHES = NLBayes(patch=6, channel_exponent=0)
LARGE_PATCHES = NLBayes(patch=8, channel_exponent=0)
