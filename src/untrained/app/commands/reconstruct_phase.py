"""The verb that makes a picture of magnitudes: `reconstruct phase`."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from untrained.app.commands.numbers import real, whole
from untrained.app.commands.options import DEFAULTS, Options, presets_in_help, run_measured
from untrained.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from untrained.problem.problem import Problem

Kind = Literal["magnitude", "coded", "ptychography"]


@Parameter(name="*")
@dataclass(frozen=True)
class Setup:
    """What stood between the object and the detector; each is for one kind."""

    oversampling: float | None = None
    """magnitude: how many times wider and higher the measurement is than the object; 2."""
    support: Path | None = None
    """magnitude: where the object can be, 0 and 1, of the object's size."""
    masks: Path | None = None
    """coded: .npy or .npz, real or complex (masks, H, W)."""
    positions: Path | None = None
    """ptychography: row and column of each pupil in samples of the spectrum from the zero
    frequency, (pictures, 2); .npy, .npz or .txt."""
    pupil: str | None = None
    """ptychography: radius in samples of a round pupil, or a file of it, (h, w)."""
    size: str | None = None
    """ptychography: the object's width x height, as in 128x128."""


@Parameter(name="*")
@dataclass(frozen=True)
class Light:
    """What the detector says, and what the object is."""

    intensities: Annotated[bool, Parameter(negative="")] = False
    """The measurement holds intensities, not amplitudes."""
    poisson: Annotated[bool, Parameter(negative="")] = False
    """The intensities are photon counts: the Poisson likelihood in place of least squares."""
    sigma: float | None = None
    """Noise level of the amplitudes."""
    largest: float | None = None
    """Largest value of a real object; found from the initial guess when absent."""
    complex_picture: Annotated[bool, Parameter(name="--complex", negative="")] = False
    """Seek a complex object, written as two channels; else one that is real and not below 0."""


_LARGEST = 2**15
_FOR: dict[str, tuple[str, ...]] = {
    "magnitude": ("oversampling", "support"),
    "coded": ("masks",),
    "ptychography": ("positions", "pupil", "size"),
}
_NEEDED: dict[str, tuple[str, ...]] = {
    "magnitude": (),
    "coded": ("masks",),
    "ptychography": ("positions", "pupil", "size"),
}


@presets_in_help("reconstruct")
def phase(
    measurement: Path,
    output: Path,
    /,
    *,
    kind: Kind,
    setup: Setup = Setup(),
    light: Light = Light(),
    options: Options = DEFAULTS,
) -> int:
    """Make a picture of the magnitudes of its waves.

    Parameters
    ----------
    measurement
        .npy, .npz, or for one pattern TIFF, 0 or more: of magnitude (h, w), of coded (masks, H, W),
        both with the zero frequency in the middle; of ptychography (pictures, h, w).
    output
        .npy or .tif in units of the amplitudes (orthonormal transforms); .png in 16 bits of the
        range that is stated.
    kind
        magnitude (of the Fourier transform of an object in a finite support), coded (diffraction
        behind masks) or ptychography (small pictures through a moving pupil).
    """

    def describe(samples: "NDArray[Any]") -> "Problem":
        from untrained import tasks  # noqa: PLC0415
        from untrained.noise import Poisson  # noqa: PLC0415

        if light.poisson and light.sigma is not None:
            raise RequestError("give --sigma or --poisson, not both")
        if light.complex_picture and light.largest is not None:
            raise RequestError("--largest is for a real object, --complex seeks another")
        _check_setup(kind, setup)
        patterns = _patterns(samples, measurement, kind)
        physics = _PHYSICS[kind](patterns, setup, light.complex_picture)
        return tasks.phase(
            patterns,
            physics,
            measured="intensities" if light.intensities else "amplitudes",
            noise=Poisson() if light.poisson else light.sigma,
            bounds=None if light.complex_picture else (0.0, light.largest),
        )

    return run_measured(measurement, output, options, describe)


def _check_setup(kind: Kind, setup: Setup) -> None:
    given = [field.name for field in fields(setup) if getattr(setup, field.name) is not None]
    if strange := [name for name in given if name not in _FOR[kind]]:
        owner = next(other for other, names in _FOR.items() if strange[0] in names)
        raise RequestError(f"--{strange[0]} is for --kind {owner}, not {kind}")
    if missing := [name for name in _NEEDED[kind] if name not in given]:
        raise RequestError(f"--kind {kind} needs --{' and --'.join(missing)}")


def _patterns(samples: "NDArray[Any]", path: Path, kind: Kind) -> "NDArray[Any]":
    """``(1, patterns, h, w)``, float32."""
    axes, words = (2, "(h, w)") if kind == "magnitude" else (3, "(patterns, h, w)")
    if samples.ndim != axes or samples.dtype.kind == "c":
        raise RequestError(
            f"{path} holds {samples.dtype} of shape {samples.shape}: --kind {kind} wants real "
            f"{words}"
        )
    stack: NDArray[Any] = samples.astype("float32")
    return stack[None, None] if axes == 2 else stack[None]


def _padded(patterns: "NDArray[Any]", setup: Setup, complex_picture: bool) -> "nn.Module":
    from untrained.operators import PaddedFourier  # noqa: PLC0415
    from untrained.picture.measurements import read_array  # noqa: PLC0415

    times = 2.0 if setup.oversampling is None else setup.oversampling
    if not 1 <= times < float("inf"):
        raise RequestError(f"--oversampling {times:g}: give 1 or more")
    height, width = patterns.shape[-2:]
    size = (round(height / times), round(width / times))
    if min(size) < 1 or (round(size[0] * times), round(size[1] * times)) != (height, width):
        raise RequestError(
            f"no object oversampled {times:g} times is measured on {width}x{height}: cut the "
            "measurement or give another --oversampling"
        )
    support = None if setup.support is None else _marked(read_array(setup.support))
    return PaddedFourier(size, times, support, complex_picture=complex_picture)


def _marked(values: "NDArray[Any]") -> "NDArray[Any]":
    """Pictures of 8 bits mark by 255 what arrays mark by 1."""
    return values if values.max() <= 1 else values / values.max()


def _coded(patterns: "NDArray[Any]", setup: Setup, complex_picture: bool) -> "nn.Module":
    from untrained.operators import CodedDiffraction  # noqa: PLC0415
    from untrained.picture.measurements import read_array  # noqa: PLC0415

    masks = read_array(_path(setup.masks))
    if masks.shape != patterns.shape[1:]:
        raise RequestError(
            f"masks of shape {masks.shape} do not match patterns of shape {patterns.shape[1:]}"
        )
    return CodedDiffraction(masks, complex_picture=complex_picture)


def _ptychography(patterns: "NDArray[Any]", setup: Setup, complex_picture: bool) -> "nn.Module":
    from untrained.operators import Ptychography  # noqa: PLC0415

    positions = _positions(_path(setup.positions))
    if len(positions) != patterns.shape[1]:
        raise RequestError(
            f"{len(positions)} positions do not match {patterns.shape[1]} pictures: a row and a "
            "column for each"
        )
    pupil = _pupil(setup.pupil or "", patterns.shape[-2:])
    size = _size(setup.size or "")
    return Ptychography(positions, pupil, size, complex_picture=complex_picture)


_PHYSICS = {"magnitude": _padded, "coded": _coded, "ptychography": _ptychography}


def _path(path: Path | None) -> Path:
    return path or Path()


def _positions(path: Path) -> "NDArray[Any]":
    from untrained.picture.measurements import read_array, read_numbers  # noqa: PLC0415

    if path.suffix != ".txt":
        return read_array(path)
    numbers = read_numbers(path, "positions")
    if len(numbers) % 2:
        raise RequestError(f"{path} holds {len(numbers)} numbers: give a row and a column for each")
    return numbers.reshape(-1, 2)


def _pupil(words: str, shape: tuple[int, ...]) -> Any:
    from untrained.operators import disc  # noqa: PLC0415
    from untrained.picture.measurements import read_array  # noqa: PLC0415

    try:
        radius = real(words)
    except ValueError:
        pupil = read_array(words)
        if pupil.shape != shape:
            raise RequestError(
                f"a pupil of shape {pupil.shape} does not match pictures of shape {shape}"
            ) from None
        return pupil
    if shape[0] != shape[1]:
        raise RequestError(
            f"a round pupil wants square pictures, these are {shape[1]}x{shape[0]}: give a file"
        )
    return disc(radius, shape[0])


def _size(words: str) -> tuple[int, int]:
    try:
        width, height = map(whole, words.split("x"))
    except ValueError as error:
        raise RequestError(f"--size {words}: give WIDTHxHEIGHT, as in 128x128") from error
    if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
        raise RequestError(f"--size {words}: give 1 to {_LARGEST} pixels a side")
    return height, width
