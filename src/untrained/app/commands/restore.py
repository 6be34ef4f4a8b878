"""Verbs that restore a picture: one file in, one file out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from untrained.app.commands.options import DEFAULTS, Options, Pages, run_fit

if TYPE_CHECKING:
    from untrained.picture.picture import Picture
    from untrained.problem.problem import Problem
    from untrained.tasks.denoise import NoiseName


def denoise(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    sigma: float | None = None,
    noise: str = "auto",
    pages: Pages = "auto",
    options: Options = DEFAULTS,
) -> int:
    """Remove noise.

    Parameters
    ----------
    input
        The noisy picture.
    output
        Where to write the result; its extension says the format.
    sigma
        Noise level in grey levels of 255; estimated from the picture when absent.
    noise
        gaussian, poisson, poisson-gaussian, impulse, or auto: as the picture shows.
    pages
        What the pages of a TIFF, or the axes of a .npy, are: the slices of a volume, or bands; auto
        goes by what the file says.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        level = None if sigma is None else sigma / 255
        return tasks.denoise(picture, sigma=level, noise=cast("NoiseName", noise))

    return run_fit(input, output, options, describe, pages)


def deblock(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    options: Options = DEFAULTS,
) -> int:
    """Remove JPEG artefacts.

    Parameters
    ----------
    input
        The picture with blocks and ringing.
    output
        Where to write the result; its extension says the format.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.deblock(picture)

    return run_fit(input, output, options, describe)


def upscale(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    factor: float = 4,
    kernel: str = "lanczos",
    width: float = 0.5,
    pages: Pages = "auto",
    options: Options = DEFAULTS,
) -> int:
    """Enlarge a picture.

    Parameters
    ----------
    input
        The small picture.
    output
        Where to write the result; its extension says the format.
    factor
        How many times wider and higher: more than 1, up to 16; 2.5 is fine.
    kernel
        How the small picture is taken to have been reduced: lanczos (of two lobes, or lanczos2),
        lanczos3, bicubic, box or gaussian. Reduced in this way, the result gives the input again.
    width
        Standard deviation of the Gaussian, in pixels of the small picture.
    pages
        What the pages of a TIFF, or the axes of a .npy, are: the slices of a volume, or bands; auto
        goes by what the file says.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.upscale(picture, factor, kernel=kernel, width=width)

    return run_fit(input, output, options, describe, pages)


def inpaint(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    mask: Path | None = None,
    known: Path | None = None,
    pages: Pages = "auto",
    options: Options = DEFAULTS,
) -> int:
    """Fill missing pixels; the known ones come back unchanged.

    With neither mask, transparent and NaN pixels are filled.

    Parameters
    ----------
    input
        The picture with missing pixels.
    output
        Where to write the result; its extension says the format.
    mask
        Picture of the same size: white is filled.
    known
        Picture of the same size: white is known.
    pages
        What the pages of a TIFF, or the axes of a .npy, are: the slices of a volume, or bands; auto
        goes by what the file says.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415
        from untrained.picture.masks import mask as read_mask  # noqa: PLC0415
        from untrained.picture.picture import as_picture  # noqa: PLC0415

        size = as_picture(picture, volumes=True).size
        fill, kept = (path and read_mask(path, size) for path in (mask, known))
        return tasks.inpaint(picture, fill, known=kept)

    return run_fit(input, output, options, describe, pages)


def flash(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    flash: Path,
    register: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Give a noisy no-flash picture the detail of its flash picture; the light stays.

    Parameters
    ----------
    input
        The no-flash picture.
    output
        Where to write the result; its extension says the format.
    flash
        The flash picture, of the same size and depth.
    register
        Shift the flash picture onto the other first.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415
        from untrained.picture import reading  # noqa: PLC0415

        return tasks.flash(picture, reading.read(flash), register=register)

    return run_fit(input, output, options, describe)


def demosaic(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    pattern: str = "RGGB",
    sigma: float | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Find the colours behind the raw plane of a sensor; its samples come back unchanged.

    Parameters
    ----------
    input
        The mosaic: a grey picture of one sample a pixel.
    output
        Where to write the result, in colour; its extension says the format.
    pattern
        RGGB, BGGR, GRBG or GBRG: the first two pixels of the first row, then of the second.
    sigma
        Noise level in grey levels of 255, white: the samples are denoised too.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415

        return tasks.demosaic(picture, pattern, sigma=None if sigma is None else sigma / 255)

    return run_fit(input, output, options, describe)
