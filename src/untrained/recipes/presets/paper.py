"""The settings that Ulyanov et al. 2018 published, task by task."""

from untrained.recipes import GuidePairing, LatentPairing, Optimiser, Recipe, SkipNetwork
from untrained.recipes.presets.building_blocks import per_scale

DENOISE = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, section 4.1: 1800 steps, exponential average of the outputs",
    steps=1800,
    precision="float32",
)
DEBLOCK = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, JPEG restoration: narrow hourglass, 2400 steps",
    network=SkipNetwork(channels=(8, 16, 32, 64, 128), skip=(0, 0, 0, 4, 4)),
    pairing=LatentPairing(channels=3),
    steps=2400,
    hand_over="iterate",
    precision="float32",
)
UPSCALE = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, super-resolution x4: 2000 steps, input noise 0.03",
    pairing=LatentPairing(jitter=0.03),
    steps=2000,
    hand_over="iterate",
    precision="float32",
)
UPSCALE_8 = UPSCALE.model_copy(
    update={
        "why": "Ulyanov et al. 2018, super-resolution x8: 4000 steps, input noise 0.05",
        "pairing": LatentPairing(jitter=0.05),
        "steps": 4000,
    }
)
INPAINT = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, table 1, scattered missing pixels: 11000 steps at 0.001",
    pairing=LatentPairing(jitter=0.03),
    optimiser=Optimiser(step_size=0.001),
    steps=11000,
    hand_over="iterate",
    precision="float32",
)
TEXT = INPAINT.model_copy(
    update={
        "name": "paper-text",
        "why": "Ulyanov et al. 2018, text removal: 128 skip channels, nearest upsampling",
        "network": SkipNetwork(**per_scale(5, skip=128, upsampling="nearest")),
        "optimiser": Optimiser(),
        "steps": 6001,
    }
)
HOLE = TEXT.model_copy(
    update={
        "name": "paper-hole",
        "why": "Ulyanov et al. 2018, a hole (vase): coordinates as input, no skip branches",
        "network": SkipNetwork(**per_scale(5, skip=0, upsampling="nearest")),
        "pairing": LatentPairing(source="meshgrid", channels=2, jitter=0.03),
        "steps": 5001,
    }
)
REGION = TEXT.model_copy(
    update={
        "name": "paper-region",
        "why": "Ulyanov et al. 2018, a large region (library): six scales, 5x5 encoder, no skips",
        "network": SkipNetwork(
            channels=(16, 32, 64, 128, 128, 128),
            mix=False,
            **per_scale(6, skip=0, kernel_down=5, kernel_up=3, upsampling="nearest"),
        ),
        "pairing": LatentPairing(channels=1, jitter=0),
        "steps": 3001,
    }
)
FLASH = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, flash/no-flash: the flash picture as input, 601 steps at 0.1",
    network=SkipNetwork(upsampling=("nearest", "nearest", "bilinear", "bilinear", "bilinear")),
    pairing=GuidePairing(channels=0, jitter=0),
    optimiser=Optimiser(step_size=0.1),
    steps=601,
    hand_over="iterate",
    precision="float32",
)
INVERT = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, feature inversion: six scales of wide filters, 3100 steps at 0.001",
    network=SkipNetwork(
        channels=(16, 32, 64, 128, 128, 128),
        kernel_down=(7, 7, 5, 5, 3, 3),
        kernel_up=(7, 7, 5, 5, 3, 3),
        downsampling="average",
        padding="zero",
        **per_scale(6, skip=4, upsampling="nearest"),
    ),
    pairing=LatentPairing(jitter=0),
    optimiser=Optimiser(step_size=0.001),
    steps=3100,
    hand_over="iterate",
    precision="float32",
)
DREAM = INVERT.model_copy(
    update={
        "why": "Ulyanov et al. 2018, activation maximisation: six scales, 3100 steps at 0.001",
        "network": SkipNetwork(
            channels=(16, 32, 64, 128, 128, 128),
            skip=(0, 4, 4, 4, 4, 4),
            kernel_down=(5, 3, 5, 5, 3, 5),
            kernel_up=(5, 3, 5, 3, 5, 3),
            downsampling="average",
            padding="zero",
            **per_scale(6, upsampling="bilinear"),
        ),
        "pairing": LatentPairing(jitter=0.03),
    }
)
