"""Verbs that make a picture of another measurement: tomography, magnetic resonance, blur."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from untrained.app.commands.numbers import real
from untrained.app.commands.options import (
    DEFAULTS,
    Options,
    presets_in_help,
    run_fit,
    run_measured,
)
from untrained.errors import RequestError
from untrained.tasks.grey_levels import check_grey_level

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from untrained.operators import FourierSubsampling, Projection
    from untrained.picture.measurements import KSpace
    from untrained.picture.picture import Picture
    from untrained.problem.problem import Problem


@Parameter(name="*")
@dataclass(frozen=True)
class Geometry:
    """How the lines of a tomograph run; lengths are in pixels of the slice."""

    geometry: Literal["parallel", "fan"] = "parallel"
    """parallel, or fan: from a source to a flat detector."""
    source_distance: float | None = None
    """For fan: from the source to the centre of rotation."""
    detector_distance: float | None = None
    """For fan: from the centre of rotation to the detector."""
    bin_width: float | None = None
    """For fan: of a bin on the detector; one pixel as seen at the centre when absent."""
    size: int | None = None
    """For fan: pixels along a side of the slice; as many as there are bins when absent."""

    def operator(self, degrees: "NDArray[Any]", bins: int) -> "Projection":
        """Make the operator for a sinogram of `bins` columns."""
        from untrained.operators import FanBeam, Radon  # noqa: PLC0415

        own = {field.name: getattr(self, field.name) for field in fields(self)[1:]}
        if self.geometry == "parallel":
            if given := [name for name, value in own.items() if value is not None]:
                raise RequestError(f"--{given[0].replace('_', '-')} is for --geometry fan")
            return Radon(degrees, bins)
        if self.source_distance is None or self.detector_distance is None:
            raise RequestError("--geometry fan needs --source-distance and --detector-distance")
        return FanBeam(
            degrees,
            bins if self.size is None else self.size,
            source_distance=self.source_distance,
            detector_distance=self.detector_distance,
            bins=bins,
            bin_width=self.bin_width,
        )


_PARALLEL = Geometry()
_LEAST_BLIND, _MOST_BLIND = 2, 255
_PHASE = 0.2
"""Share of the energy that a real picture must leave unexplained before phase is spoken of."""

reconstruct = App(
    name="reconstruct", help="Make a picture of a measurement: ct, mri, deblur, phase or demosaic."
)


@reconstruct.command
@presets_in_help("reconstruct")
def ct(
    sinogram: Path,
    output: Path,
    /,
    *,
    angles: str,
    sigma: float | None = None,
    photons: float | None = None,
    largest: float | None = None,
    signed: Annotated[bool, Parameter(negative="")] = False,
    geometry: Geometry = _PARALLEL,
    options: Options = DEFAULTS,
) -> int:
    """Make a slice of its projections.

    Parameters
    ----------
    sinogram
        .npy, .npz, TIFF or HDF5 of one array: a row for each angle, a column for each detector bin.
    output
        .npy, .h5 or .tif in units of the sinogram a pixel; .png in 16 bits of the range that is
        stated.
    angles
        A file of degrees, or START:STOP for even steps from START to before STOP, as in 0:180 (a
        fan wants the whole turn, 0:360).
    sigma
        Noise level in units of the sinogram.
    photons
        Of a log-transformed low-dose sinogram: photons that reach a bin through nothing.
    largest
        Largest value of the slice; found from filtered back-projection when absent.
    signed
        The slice may be below 0.
    """

    def describe(samples: "NDArray[Any]") -> "Problem":
        from untrained import tasks  # noqa: PLC0415
        from untrained.noise import Transmission  # noqa: PLC0415

        if sigma is not None and photons is not None:
            raise RequestError("give --sigma or --photons, not both")
        if photons is not None and not 0 < photons < float("inf"):
            raise RequestError(f"--photons {photons:g}: give a number above 0")
        rows = _plane(samples, sinogram, "a row for each angle")
        if rows.dtype.kind == "c":
            raise RequestError(f"{sinogram} is complex: a sinogram is real")
        degrees = _angles(angles, len(rows), rows.shape[1])
        return tasks.reconstruct(
            rows.astype("float32")[None, None],
            geometry.operator(degrees, rows.shape[1]),
            noise=sigma if photons is None else Transmission(photons),
            bounds=(None if signed else 0.0, largest),
        )

    return run_measured(sinogram, output, options, describe)


@reconstruct.command
@presets_in_help("reconstruct")
def mri(
    kspace: Path,
    output: Path,
    /,
    *,
    mask: Path | None = None,
    coils: Path | None = None,
    slice: int | None = None,  # noqa: A002
    sigma: float | None = None,
    complex_picture: Annotated[bool, Parameter(name="--complex", negative="")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Make a picture of Cartesian k-space, its zero frequency in the middle.

    Parameters
    ----------
    kspace
        .npy, .npz or HDF5 of one array, complex (H, W) or (coils, H, W), zero where nothing was
        measured; or HDF5 of fastMRI, kspace (slices, [coils,] H, W), whose mask is used.
    output
        .npy, .h5 or .tif in units of the k-space (orthonormal transform); .png in 16 bits of the
        range that is stated.
    mask
        Which part was measured: (H, W), or (W,) for lines; that of the file, or where the k-space
        is not 0, when absent.
    coils
        .npy, .npz or HDF5 of sensitivities, complex (coils, H, W); with several coils they are
        estimated from the middle of k-space (ESPIRiT) when absent.
    slice
        Of a file of fastMRI, counted from 0; the middle one when absent.
    sigma
        Noise level of the real and of the imaginary part.
    complex_picture
        Seek a complex picture, written as two channels; else one that is real and not below 0.
    """

    def read(path: Path) -> "KSpace":
        from untrained.picture.measurements import read_kspace  # noqa: PLC0415

        return read_kspace(path, slice)

    def describe(given: "KSpace") -> "Problem":
        import torch  # noqa: PLC0415

        from untrained import tasks  # noqa: PLC0415
        from untrained.operators import FourierSubsampling  # noqa: PLC0415

        samples = given.samples
        if samples.ndim not in (2, 3) or samples.dtype.kind != "c":
            raise RequestError(
                f"{kspace} holds {samples.dtype} of shape {samples.shape}: give complex (H, W) or "
                "(coils, H, W)"
            )
        y = torch.from_numpy(samples.astype("complex64"))
        y = y[None] if samples.ndim == 3 else y[None, None]
        marked = given.mask if mask is None else _whole(mask)
        chosen = (y != 0).any(dim=1)[0] if marked is None else torch.from_numpy(marked)
        single = FourierSubsampling(chosen, height=samples.shape[-2])
        maps, told = _sensitivities(coils, y[0], single.mask)
        operator = FourierSubsampling(
            chosen, maps, height=samples.shape[-2], complex_picture=complex_picture
        )
        outside = y * (1 - operator.mask) if operator.mask.shape == y.shape[-2:] else y * 0
        if bool(outside.any()):
            raise RequestError(
                f"{int((outside != 0).sum())} of {y.numel()} samples lie outside the mask: is it "
                "inverted?"
            )
        bounds = (None, None) if complex_picture else (0.0, None)
        problem = tasks.reconstruct(y.numpy(), operator, noise=sigma, bounds=bounds)
        phase = "" if complex_picture else _phase(y[0], operator)
        said = (note for note in (given.note, told, phase) if note)
        return replace(problem, notes=(*said, *problem.notes))

    return run_measured(kspace, output, options, describe, read)


@reconstruct.command
@presets_in_help("reconstruct")
def deblur(
    input: Path,  # noqa: A002
    output: Path,
    /,
    *,
    kernel: Path | None = None,
    blind: int | None = None,
    sigma: float | None = None,
    options: Options = DEFAULTS,
) -> int:
    """Sharpen a picture that a kernel, known or not, has blurred.

    Parameters
    ----------
    input
        The blurred picture.
    output
        Where to write the result; its extension says the format.
    kernel
        The point spread: .npy, .npz or a grey picture, no larger than the input; its sum is made 1.
    blind
        In place of --kernel: a side in pixels that holds it; it is sought with the picture.
    sigma
        Noise level in grey levels of 255; estimated from the picture when absent.
    """

    def describe(picture: "Picture | None") -> "Problem":
        from untrained import tasks  # noqa: PLC0415
        from untrained.picture.measurements import read_array  # noqa: PLC0415

        if (kernel is None) == (blind is None):
            raise RequestError("give --kernel FILE, or in its place --blind SIZE")
        if blind is not None and not _LEAST_BLIND <= blind <= _MOST_BLIND:
            raise RequestError(f"--blind {blind}: give a side of {_LEAST_BLIND} to {_MOST_BLIND}")
        check_grey_level(sigma)
        spread = None
        if kernel is not None:
            given = _plane(read_array(kernel), kernel, "one channel")
            if given.dtype.kind == "c":
                raise RequestError(f"{kernel} holds complex numbers: give a kernel of real ones")
            spread = given.astype("float32")
        level = None if sigma is None else sigma / 255
        return tasks.deblur(picture, spread, blind=blind, sigma=level)

    return run_fit(input, output, options, describe)


def _plane(samples: "NDArray[Any]", path: Path, what: str) -> "NDArray[Any]":
    if samples.ndim != 2:
        raise RequestError(f"{path} has the shape {samples.shape}: give two axes, {what}")
    return samples


def _sensitivities(path: Path | None, kspace: "Tensor", mask: "Tensor") -> tuple[Any, str]:
    """Those of the file; else, of several coils, what their k-space tells; and how, in words."""
    from untrained.picture.measurements import read_array  # noqa: PLC0415
    from untrained.problem.coil_sensitivities import estimate_sensitivities  # noqa: PLC0415

    if path is not None:
        return read_array(path), ""
    if len(kspace) == 1:
        return None, ""
    if kspace.shape[-2:] != mask.shape:
        raise RequestError(
            f"the k-space is {kspace.shape[-1]}x{kspace.shape[-2]}, the mask "
            f"{mask.shape[-1]}x{mask.shape[-2]}: they must match"
        )
    try:
        maps, (height, width) = estimate_sensitivities(kspace, mask)
    except RequestError as error:
        raise RequestError(f"{error}: --coils FILE") from error
    return maps, (
        f"sensitivities of {len(kspace)} coils estimated from the middle {width}x{height} of "
        "k-space (ESPIRiT)"
    )


def _phase(kspace: "Tensor", operator: "FourierSubsampling") -> str:
    """Warn of a picture with phase where a real one is sought; nothing where it is real."""
    from untrained.problem.coil_sensitivities import beyond_real  # noqa: PLC0415

    share = beyond_real(kspace, operator.coils, operator.mask)
    if share < _PHASE:
        return ""
    return (
        f"{share:.0%} of the energy at low resolution is not that of a picture that is real and "
        "not below 0, as is sought: --complex seeks one with phase"
    )


def _whole(path: Path) -> "NDArray[Any]":
    """Read a mask: pictures of 8 bits mark by 255 what arrays mark by 1."""
    from untrained.picture.measurements import read_array  # noqa: PLC0415

    values = read_array(path)
    return values if values.max() <= 1 else values / values.max()


def _angles(words: str, rows: int, columns: int) -> "NDArray[Any]":
    """Degrees of the projections, from START:STOP or a file."""
    import numpy as np  # noqa: PLC0415

    from untrained.picture.measurements import read_array, read_numbers  # noqa: PLC0415

    if ":" in words and not Path(words).exists():
        try:
            start, stop = map(real, words.split(":"))
        except ValueError as error:
            raise RequestError(
                f"--angles {words}: give START:STOP in degrees, or a file"
            ) from error
        if start == stop:
            raise RequestError(f"--angles {words} is one angle for all rows: give START:STOP apart")
        return np.linspace(start, stop, rows, endpoint=False)
    degrees = read_numbers(words, "angles") if words.endswith(".txt") else read_array(words).ravel()
    if len(degrees) != rows:
        hint = "; transpose it" if len(degrees) == columns else ""
        raise RequestError(
            f"{len(degrees)} angles do not match a sinogram of {rows} rows and {columns} "
            f"columns, a row for each angle{hint}"
        )
    return degrees
