"""DICOM, through pydicom: samples in units such as Hounsfield, everything else kept."""

import hashlib
import io
import struct
from pathlib import Path
from typing import Any, Literal

import numpy as np

from untrained.picture.formats.channels import check_size, refuse_pages
from untrained.picture.formats.extras import imported
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.metadata import Metadata, PagesAre
from untrained.picture.picture import Picture, make_picture
from untrained.picture.samples import PictureError, Samples
from untrained.version import __version__

_KINDS = ("MONOCHROME1", "MONOCHROME2", "RGB")


def is_dicom(data: bytes) -> bool:
    """Say whether these bytes are a DICOM file (PS3.10, section 7.1)."""
    return data[128:132] == b"DICM"


def read(path: Path, data: bytes, _pages: PagesAre = "auto") -> Picture:
    """Decode one frame; grey samples are floats in units, ``slope x stored + intercept``."""
    dataset = imported("pydicom", "DICOM").dcmread(io.BytesIO(data))
    _check(path, dataset)
    samples = np.asarray(dataset.pixel_array)
    if samples.ndim == 2:
        slope, intercept = _rescale(dataset)
        precise = np.float32 if dataset.BitsAllocated <= 16 else np.float64
        samples = (samples * slope + intercept).astype(precise)[..., None]
    return make_picture(samples, metadata=Metadata(format="DICOM", dicom=data))


def encode(picture: Picture) -> bytes:
    """Encode a picture that was read from DICOM: its data set with other pixels.

    Unchanged samples are stored exactly. The result is a new instance, marked as derived; its UID
    is a hash of the original UID and the pixels.
    """
    pydicom = imported("pydicom", "DICOM")
    dataset = pydicom.dcmread(io.BytesIO(picture.metadata.dicom or b""))
    before = np.asarray(dataset.pixel_array)
    stored = _stored(picture.stored, dataset, before.dtype)
    if stored.shape[:2] != before.shape[:2]:
        _resize(dataset, *stored.shape[:2])
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    order: Literal["<", ">"] = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    content = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    dataset["PixelData"].is_undefined_length = False
    if "PlanarConfiguration" in dataset:
        dataset.PlanarConfiguration = 0
    for name in ("SmallestImagePixelValue", "LargestImagePixelValue"):
        if name in dataset:
            del dataset[name]
    _derive(pydicom, dataset, content)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _check(path: Path, dataset: Any) -> None:
    if "PixelData" not in dataset:
        raise PictureError(
            f"{path} is DICOM without integer pixel data: give a file with a picture"
        )
    check_size(path, dataset.Rows, dataset.Columns)
    refuse_pages(path, int(dataset.get("NumberOfFrames", None) or 1))
    kind = dataset.PhotometricInterpretation
    if kind not in _KINDS:
        raise PictureError(f"{path} is DICOM of type {kind}: only {', '.join(_KINDS)} can be read")
    if "ModalityLUTSequence" in dataset:
        raise PictureError(
            f"{path} maps its samples to units by a table: only slope and intercept can be read"
        )
    if _rescale(dataset)[0] == 0:
        raise PictureError(f"{path} has a rescale slope of 0: give a file with another slope")


def _rescale(dataset: Any) -> tuple[float, float]:
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    return float(1 if slope is None else slope), float(0 if intercept is None else intercept)


def _stored(samples: Samples, dataset: Any, dtype: np.dtype[Any]) -> Samples:
    """Convert samples in units to integers of `BitsStored` bits."""
    if dataset.SamplesPerPixel > 1:
        return samples
    slope, intercept = _rescale(dataset)
    exact = np.rint((samples[..., 0].astype(np.float64) - intercept) / slope)
    bits = int(dataset.BitsStored)
    signed = dataset.PixelRepresentation == 1
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return np.clip(exact, low, high).astype(dtype)


def _resize(dataset: Any, height: int, width: int) -> None:
    """Set another number of pixels over the same area."""
    down, across = height / dataset.Rows, width / dataset.Columns
    if spacing := dataset.get("PixelSpacing"):
        rows, columns = (float(each) for each in spacing)
        finer = [rows / down, columns / across]
        dataset.PixelSpacing = finer
        if "ImagePositionPatient" in dataset and "ImageOrientationPatient" in dataset:
            directions = np.array(dataset.ImageOrientationPatient, dtype=float).reshape(2, 3)
            first = np.array(dataset.ImagePositionPatient, dtype=float)
            first += directions[0] * (finer[1] - columns) / 2
            first += directions[1] * (finer[0] - rows) / 2
            dataset.ImagePositionPatient = [round(float(each), 6) for each in first]
    dataset.Rows, dataset.Columns = height, width


def _derive(pydicom: Any, dataset: Any, content: bytes) -> None:
    """Turn the data set into a new instance, derived from the original."""
    kinds = list(dataset.get("ImageType", None) or ["ORIGINAL", "PRIMARY"])
    dataset.ImageType = ["DERIVED", *kinds[1:]]
    dataset.DerivationDescription = f"restored by untrained {__version__}"
    sources = [str(dataset.get("SOPInstanceUID", "")), hashlib.sha256(content).hexdigest()]
    dataset.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=sources)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def _errors() -> tuple[type[Exception], ...]:
    """List what pydicom raises: AttributeError for a missing element."""
    own = imported("pydicom", "DICOM").errors
    return (
        own.InvalidDicomError,
        own.BytesLengthException,
        AttributeError,
        ValueError,
        KeyError,
        RuntimeError,
        OSError,
        EOFError,
        struct.error,
        TypeError,
    )


def _refusal(picture: Picture) -> str | None:
    if picture.metadata.dicom is None:
        return "DICOM can only be written for a picture that was read from DICOM"
    return None


register(
    Format(
        name="DICOM",
        extensions=(".dcm",),
        matches=is_dicom,
        decode=read,
        encode=encode,
        holds=Holds(None, None, alpha=True, cmyk=True),
        errors=_errors,
        refusal=_refusal,
    )
)
