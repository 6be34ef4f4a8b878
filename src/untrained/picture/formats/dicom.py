"""DICOM, through pydicom: samples in units such as Hounsfield, everything else kept."""

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from untrained.picture.formats import pillow
from untrained.picture.formats.channels import refuse_pages
from untrained.picture.formats.extras import imported
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.limits import check_bytes, check_picture, read_limit
from untrained.picture.metadata import Metadata, PagesAre
from untrained.picture.picture import Picture, make_picture
from untrained.picture.samples import PictureError, Samples, slabs
from untrained.version import __version__

_DEFLATED = "1.2.840.10008.1.2.1.99"
"""Transfer syntax of a deflated data set (PS3.5, section A.5)."""

_STEP = 2**20
"""Bytes to inflate at once while only counting them."""

_JP2 = b"\0\0\0\x0cjP  "
_BOX = 8
"""Bytes of the header of a box."""

_KINDS = ("MONOCHROME1", "MONOCHROME2", "RGB")


def is_dicom(data: bytes) -> bool:
    """Say whether these bytes are a DICOM file (PS3.10, section 7.1)."""
    return data[128:132] == b"DICM"


def read(path: Path, data: bytes, _pages: PagesAre = "auto") -> Picture:
    """Decode one frame; grey samples are floats in units, ``slope x stored + intercept``."""
    pydicom = imported("pydicom", "DICOM")
    _check_deflated(path, data)
    dataset = pydicom.dcmread(io.BytesIO(data))
    _check(path, dataset)
    _check_frame(path, dataset)
    samples = np.asarray(dataset.pixel_array)
    rescale, bits = _rescale(dataset), int(dataset.BitsAllocated)
    # The samples are a copy: let go of the encoded ones.
    del dataset
    if samples.ndim == 2:
        samples = _in_units(samples, *rescale, np.float32 if bits <= 16 else np.float64)
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


def _in_units(samples: Samples, slope: float, intercept: float, precise: type) -> Samples:
    units: Samples = np.empty(samples.shape, precise)
    for place in slabs(samples):
        units[place] = samples[place] * slope + intercept
    return units[..., None]


def _check_deflated(path: Path, data: bytes) -> None:
    """Inflate a deflated data set bit by bit and refuse one over the limit; pydicom has none."""
    from pydicom import filereader

    file = io.BytesIO(data)
    filereader.read_preamble(file, force=False)
    if filereader._read_file_meta_info(file).get("TransferSyntaxUID") != _DEFLATED:
        return
    stream, inflated, limit = zlib.decompressobj(-zlib.MAX_WBITS), 0, read_limit()
    rest = file.read()
    while rest and not stream.eof and inflated <= limit:
        inflated += len(stream.decompress(rest, _STEP))
        rest = stream.unconsumed_tail
    check_bytes(path, inflated, "a deflated data set")


def _check_frame(path: Path, dataset: Any) -> None:
    """Refuse a compressed frame of another size than the data set states, before decoding it."""
    from pydicom import encaps

    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return
    frame = encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    _check_boxes(frame)
    kind = pillow.kind_of_stream(frame)
    if kind is None:
        return
    with pillow.opened(kind, frame) as image:
        if image.size != (dataset.Columns, dataset.Rows):
            raise PictureError(
                f"{path} states {dataset.Columns}x{dataset.Rows} pixels but holds "
                f"{image.width}x{image.height}: export it anew"
            )


def _check_boxes(frame: bytes) -> None:
    """Refuse boxes of JPEG 2000 that do not lead on: pydicom would look at one for ever."""
    at = len(_JP2) + 4
    while frame.startswith(_JP2) and at < len(frame) and frame[at + 4 : at + 8] != b"jp2c":
        length = int.from_bytes(frame[at : at + 4])
        if length < _BOX:
            raise ValueError(f"a box of JPEG 2000 has {length} bytes")
        at += length


def _check(path: Path, dataset: Any) -> None:
    if "PixelData" not in dataset:
        raise PictureError(
            f"{path} is DICOM without integer pixel data: give a file with a picture"
        )
    stored = int(dataset.BitsAllocated) // 8
    samples = int(dataset.get("SamplesPerPixel", None) or 1)
    itemsize = stored if samples > 1 else 4 if stored <= 2 else 8
    check_picture(path, (int(dataset.Rows), int(dataset.Columns)), samples, itemsize)
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
        SyntaxError,
        NotImplementedError,
        zlib.error,
        Image.DecompressionBombError,
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
