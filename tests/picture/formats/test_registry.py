"""A format of our own, in this one file: read, written, named in what lists formats."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import untrained as ut
from tests.app.test_cli import run
from tests.helpers.tiny import tiny_recipe
from untrained.picture.formats import registry
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.samples import PictureError
from untrained.system import machine


def decode(_path, data, _pages):
    header, pixels = data.split(b"\n", 1)
    height, width = map(int, header.split()[1:])
    return ut.as_picture(np.frombuffer(pixels, np.uint8).reshape(height, width))


def encode(picture):
    header = f"TOY {picture.height} {picture.width}\n".encode()
    return header + picture.stored.tobytes()


TOY = Format(
    name="Toy",
    extensions=(".toy",),
    matches=lambda head: head.startswith(b"TOY "),
    decode=decode,
    encode=encode,
    holds=Holds(channels=(1,)),
)
SAMPLES = np.arange(24 * 20, dtype=np.uint32).reshape(24, 20).astype(np.uint8)


@pytest.fixture
def toy(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "_KNOWN", dict(registry._KNOWN))
    register(TOY)
    monkeypatch.chdir(tmp_path)
    ut.write("in.toy", SAMPLES)


def test_it_is_written_and_read(toy, tmp_path):
    assert (tmp_path / "in.toy").read_bytes() == b"TOY 24 20\n" + SAMPLES.tobytes()
    assert np.array_equal(ut.read("in.toy").stored[..., 0], SAMPLES)


def test_the_command_line_knows_it(toy, tmp_path):
    (tmp_path / "tiny.json").write_text(tiny_recipe(steps=2).model_dump_json())
    words = ("--sigma", "25", "--recipe", "tiny.json", "--device", "cpu", "--quiet")
    assert run("denoise", "in.toy", "out.toy", *words) == 0
    assert ut.read("out.toy").size == (24, 20)


def test_info_and_the_errors_name_it(toy, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(machine, "matrix_rate", lambda *_: 1e9)
    assert run("info") == 0
    assert "PNG (.png), TIFF (.tif .tiff), Toy (.toy), WebP" in capsys.readouterr().out
    with pytest.raises(PictureError, match=r"use one of .*\.toy"):
        ut.write("out.xyz", SAMPLES)
    (tmp_path / "f").write_bytes(b"hello")
    with pytest.raises(PictureError, match=r"known format: give BMP, .*Toy or WebP"):
        ut.read("f")
    with pytest.raises(PictureError, match=r"JPEG holds 8-bit.*\.tif"):
        ut.write("out.jpg", SAMPLES.astype(np.uint16))


def test_what_it_cannot_hold_is_refused_with_those_that_can(toy, tmp_path):
    with pytest.raises(PictureError, match=r"Toy cannot hold 3 channels: use \.bmp, .*\.png"):
        ut.write("out.toy", np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(PictureError, match=r"Toy holds 8-bit pictures.*\(16 bits\): use .*\.png"):
        ut.write("out.toy", np.zeros((2, 2), np.uint16))
    assert not (tmp_path / "out.toy").exists()


def test_what_its_codec_raises_is_told_and_a_fault_of_the_program_is_not(monkeypatch, tmp_path):
    path = tmp_path / "in.toy"
    monkeypatch.setattr(registry, "_KNOWN", dict(registry._KNOWN))
    register(TOY)
    path.write_bytes(b"TOY 2 x\n....")
    with pytest.raises(PictureError, match="damaged or not a Toy picture: invalid literal"):
        ut.read(path)
    path.write_bytes(b"TOY 2 2\n....")
    monkeypatch.setattr(ut, "as_picture", lambda _samples: undefined_name)  # noqa: F821
    with pytest.raises(NameError, match="undefined_name"):
        ut.read(path)


@pytest.mark.parametrize("form", list(registry.known()), ids=lambda form: form.name)
def test_no_decoder_hides_a_fault_of_the_program(form):
    assert not issubclass(NameError, form.errors())
    assert not issubclass(ImportError, form.errors())


def test_a_name_or_an_extension_is_registered_once(toy):
    with pytest.raises(ValueError, match="Toy"):
        register(TOY)
    with pytest.raises(ValueError, match=r"\.png.*PNG"):
        register(Format("Other", (".png",), lambda _head: False, decode))


def test_a_format_that_is_only_read_is_no_format_to_write(monkeypatch):
    monkeypatch.setattr(registry, "_KNOWN", {})
    register(Format("Toy", (".toy",), TOY.matches, decode))
    with pytest.raises(PictureError, match="known format"):
        ut.write("out.toy", SAMPLES)


def test_each_file_is_of_one_format_alone(tmp_path):
    for form in registry.known():
        if form.name == "DICOM":
            continue
        path = tmp_path / f"a{form.extensions[0]}"
        ut.write(path, np.zeros((9, 9), np.uint8))
        head = path.read_bytes()[: registry.HEAD]
        assert [other.name for other in registry.known() if other.matches(head)] == [form.name]


def test_pillow_keeps_its_own_limit(tmp_path):
    code = (
        "import untrained as ut, sys; from PIL import Image; Image.MAX_IMAGE_PIXELS = 10; "
        f"ut.read({str(tmp_path / 'a.png')!r}); sys.exit(Image.MAX_IMAGE_PIXELS != 10)"
    )
    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
