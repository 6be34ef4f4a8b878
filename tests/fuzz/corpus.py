"""Small files of every format and kind, made here, to be damaged."""

import functools
import io
import zipfile
from collections.abc import Callable, Iterator

import h5py
import imagecodecs
import numpy as np
import pydicom
import tifffile
import torch
from PIL import ExifTags, Image, ImageCms, PngImagePlugin
from pydicom.encaps import encapsulate
from safetensors.torch import save as save_tensors

from tests.helpers.tiny import tiny_recipe


def samples(dtype, *shape):
    """Draw samples of any data type; the same each time."""
    generator = np.random.default_rng(17)
    if np.dtype(dtype).kind == "c":
        return (generator.normal(size=shape) + 1j * generator.normal(size=shape)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return generator.random(shape).astype(dtype)
    return generator.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


@functools.cache
def corpus() -> dict[str, dict[str, bytes]]:
    """Make all files, by reader and name."""
    return {
        "png": dict(_pngs()),
        "jpeg": dict(_jpegs()),
        "webp and bmp": dict(_webps_and_bmps()),
        "tiff": dict(_tiffs()),
        "arrays": dict(_arrays()),
        "hdf5": dict(_hdf5s()),
        "dicom": dict(_dicoms()),
        "text": dict(_texts()),
        "weights": dict(_weights()),
    }


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@functools.cache
def _image(mode: str = "RGB") -> Image.Image:
    picture = Image.fromarray(samples("uint8", 12, 10, 3))
    return picture.quantize(8) if mode == "P" else picture.convert(mode)


@functools.cache
def _dressed() -> dict[str, object]:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Camera"
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.XResolution] = 72.0
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth] = 12
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (1.0, 2.0, 3.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {"exif": exif, "icc_profile": profile, "dpi": (300, 300)}


def _pngs() -> Iterator[tuple[str, bytes]]:
    for mode in ("L", "RGB", "RGBA", "1", "P", "LA"):
        yield f"{mode}.png", _saved(_image(mode), "PNG")
    yield "dressed.png", _saved(_image(), "PNG", **_dressed())
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "mine")
    texts.add_text("Long", "words " * 99, zip=True)
    texts.add_itxt("Other", "words " * 99, zip=True)
    yield "texts.png", _saved(_image("L"), "PNG", pnginfo=texts)
    yield "clear.png", _saved(_image("P"), "PNG", transparency=b"\0\x80")
    yield "moving.png", _saved(_image(), "PNG", save_all=True, append_images=[_image()])
    for channels in (1, 2, 3, 4):
        deep = samples("uint16", 9, 7, channels)
        yield f"deep{channels}.png", imagecodecs.png_encode(deep[..., 0] if channels == 1 else deep)


def _jpegs() -> Iterator[tuple[str, bytes]]:
    for mode in ("L", "RGB", "CMYK"):
        yield f"{mode}.jpg", _saved(_image(mode), "JPEG")
    yield "dressed.jpg", _saved(_image(), "JPEG", **_dressed())
    yield "progressive.jpg", _saved(_image(), "JPEG", progressive=True, quality=95)
    yield "several.jpg", _saved(_image(), "MPO", save_all=True, append_images=[_image()])


def _webps_and_bmps() -> Iterator[tuple[str, bytes]]:
    yield "a.webp", _saved(_image(), "WEBP")
    yield "lossless.webp", _saved(_image("RGBA"), "WEBP", lossless=True)
    dressed = {name: value for name, value in _dressed().items() if name != "dpi"}
    yield "dressed.webp", _saved(_image(), "WEBP", **dressed)
    yield "moving.webp", _saved(_image(), "WEBP", save_all=True, append_images=[_image()])
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield f"{mode}.bmp", _saved(_image(mode), "BMP")


def _tiff(content: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, content, **options)
    return buffer.getvalue()


def _tiffs() -> Iterator[tuple[str, bytes]]:
    for kind in ("uint8", "int16", "uint16", "float32", "float64"):
        yield f"{kind}.tif", _tiff(samples(kind, 9, 7))
    rgb = samples("uint8", 16, 16, 3)
    for name in ("zlib", "lzw", "packbits", "jpeg", "zstd", "lzma", "webp", "jpeg2000", "png"):
        yield f"{name}.tif", _tiff(rgb, photometric="rgb", compression=name)
    yield "predicted.tif", _tiff(rgb, photometric="rgb", compression="zlib", predictor=True)
    yield "tiles.tif", _tiff(rgb, photometric="rgb", tile=(16, 16), compression="zlib")
    yield "big.tif", _tiff(rgb, photometric="rgb", bigtiff=True)
    yield "motorola.tif", _tiff(rgb, photometric="rgb", byteorder=">")
    yield (
        "alpha.tif",
        _tiff(samples("uint8", 9, 7, 4), photometric="rgb", extrasamples=["unassalpha"]),
    )
    yield "planes.tif", _tiff(samples("uint8", 3, 9, 7), photometric="rgb", planarconfig="separate")
    yield "dressed.tif", _saved(_image(), "TIFF", **_dressed())
    for mode in ("1", "P", "CMYK"):
        yield f"{mode}.tif", _saved(_image(mode), "TIFF", compression="tiff_lzw")
    volume = samples("uint16", 3, 9, 7)
    yield "shaped.tif", _tiff(volume, photometric="minisblack", metadata={"axes": "ZYX"})
    yield "plain.tif", _tiff(volume, photometric="minisblack", metadata=None)
    yield "imagej.tif", _tiff(volume, imagej=True, metadata={"axes": "ZYX", "spacing": 2.0})
    yield "ome.tif", _tiff(volume, ome=True, metadata={"axes": "ZYX", "PhysicalSizeZ": 2.0})
    pyramid = io.BytesIO()
    with tifffile.TiffWriter(pyramid) as writer:
        writer.write(rgb, photometric="rgb", subifds=1)
        writer.write(rgb[::2, ::2], photometric="rgb", subfiletype=1)
    yield "pyramid.tif", pyramid.getvalue()


def _arrays() -> Iterator[tuple[str, bytes]]:
    for kind in ("bool", "uint8", "int32", "float32", "float64", "complex64"):
        buffer = io.BytesIO()
        np.save(buffer, samples("uint8", 9, 7) > 99 if kind == "bool" else samples(kind, 9, 7))
        yield f"{kind}.npy", buffer.getvalue()
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, samples("uint16", 9, 7, 3))
        yield f"{save.__name__}.npz", buffer.getvalue()
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}, {}]), allow_pickle=True)
    yield "objects.npy", buffer.getvalue()


def _hdf5(fill: Callable[[h5py.File], object]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def _hdf5s() -> Iterator[tuple[str, bytes]]:
    def one(file):
        file["reconstruction"] = samples("float32", 9, 7)

    def chunked(file):
        file.create_dataset(
            "a/b", data=samples("uint16", 9, 7), chunks=(4, 4), compression="gzip", shuffle=True
        )

    def kspace(file):
        file["kspace"] = samples("complex64", 3, 9, 7)
        file["mask"] = np.ones(7, np.float32)
        file["ismrmrd_header"] = "<xml/>"

    def linked(file):
        file["a"] = samples("uint8", 9, 7)
        file["again"] = h5py.SoftLink("/a")
        file["other"] = h5py.ExternalLink("other.h5", "/a")

    for fill in (one, chunked, kspace, linked):
        yield f"{fill.__name__}.h5", _hdf5(fill)


def _dicom(kind: str) -> bytes:
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    grey = samples("uint8", 16, 16) if kind == "jpeg" else samples("uint16", 16, 16)
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 16, 16, 1
    dataset.BitsAllocated = dataset.BitsStored = 8 * grey.itemsize
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.RescaleSlope, dataset.RescaleIntercept = "2", "-1024"
    inner = pydicom.Dataset()
    inner.CodeValue = "1"
    dataset.PurposeOfReferenceCodeSequence = pydicom.Sequence([inner])
    dataset.PixelData = grey.tobytes()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = _SYNTAXES[kind]
    if kind == "jpeg":
        dataset.PixelData = encapsulate([_saved(Image.fromarray(grey), "JPEG")])
        dataset["PixelData"].is_undefined_length = True
    elif kind == "rle":
        dataset.compress(pydicom.uid.RLELossless, grey)
    elif kind == "jpeg2000":
        dataset.PixelData = encapsulate([imagecodecs.jpeg2k_encode(grey, level=0)])
        dataset["PixelData"].is_undefined_length = True
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


_SYNTAXES = {
    "plain": pydicom.uid.ExplicitVRLittleEndian,
    "implicit": pydicom.uid.ImplicitVRLittleEndian,
    "deflated": pydicom.uid.DeflatedExplicitVRLittleEndian,
    "jpeg": pydicom.uid.JPEGBaseline8Bit,
    "jpeg2000": pydicom.uid.JPEG2000Lossless,
    "rle": pydicom.uid.ExplicitVRLittleEndian,
}


def _dicoms() -> Iterator[tuple[str, bytes]]:
    for kind in _SYNTAXES:
        yield f"{kind}.dcm", _dicom(kind)


def _texts() -> Iterator[tuple[str, bytes]]:
    yield "recipe.json", tiny_recipe().model_dump_json().encode()
    yield "angles.txt", b"0 1.5 3e1\n-4 5 nan\n"


def _weights() -> Iterator[tuple[str, bytes]]:
    state = {"a.weight": torch.ones(2, 3), "a.bias": torch.zeros(2)}
    for name, zipped in (("zipped.pth", True), ("plain.pth", False)):
        buffer = io.BytesIO()
        torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
        yield name, buffer.getvalue()
    yield "a.safetensors", save_tensors(state)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\0.")
    yield "empty.pth", buffer.getvalue()
