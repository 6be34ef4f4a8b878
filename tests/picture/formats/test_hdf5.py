"""Measurements from HDF5, as fastMRI lays them out and of one data set."""

import sys
from pathlib import Path

import numpy as np
import pytest

import untrained as ut
from tests.app.test_cli import run
from tests.helpers.tiny import tiny_recipe
from untrained.picture import measurements, writing
from untrained.picture.formats import hdf5_probe
from untrained.picture.samples import PictureError
from untrained.recipes import GuidePairing

h5py = pytest.importorskip("h5py", reason="h5py is not installed: extra science")

SIZE = 24


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = tiny_recipe(steps=2, pairing=GuidePairing())
    Path("tiny.json").write_text(recipe.model_dump_json())
    return tmp_path


def volume(*shape):
    generator = np.random.default_rng(0)
    values = generator.normal(size=(2, *shape))
    return (values[0] + 1j * values[1]).astype(np.complex64)


def fastmri(path="k.h5", kspace=None, mask=None):
    with h5py.File(path, "w") as file:
        file["kspace"] = volume(5, SIZE, SIZE) if kspace is None else kspace
        file["ismrmrd_header"] = "<xml/>"
        file["reconstruction_rss"] = np.zeros((5, SIZE, SIZE), np.float32)
        if mask is not None:
            file["mask"] = mask


TINY = ("--recipe", "tiny.json", "--device", "cpu", "--quiet")


def test_a_slice_of_fastmri_is_read_the_middle_one_by_default(folder):
    lines = np.arange(SIZE) % 3 == 0
    kspace = volume(5, SIZE, SIZE)
    fastmri(kspace=kspace, mask=lines.astype(np.float32))
    middle = measurements.read_kspace("k.h5")
    assert np.array_equal(middle.samples, kspace[2])
    assert np.array_equal(middle.mask, lines)
    assert middle.note == "slice 2 of 5, counted from 0"
    assert np.array_equal(ut.read_kspace("k.h5", 4).samples, kspace[4])


def test_the_slice_gives_what_its_npy_gives(folder):
    lines = np.arange(SIZE) % 3 == 0
    kspace = volume(3, SIZE, SIZE) * lines
    fastmri(kspace=kspace, mask=lines)
    np.save("k.npy", kspace[1])
    np.save("m.npy", lines.astype(np.float32))
    assert run("reconstruct", "mri", "k.h5", "a.npy", *TINY) == 0
    assert run("reconstruct", "mri", "k.npy", "b.npy", "--mask", "m.npy", *TINY) == 0
    assert np.array_equal(np.load("a.npy"), np.load("b.npy"))
    assert run("reconstruct", "mri", "k.h5", "c.npy", "--slice", "0", *TINY) == 0
    assert not np.array_equal(np.load("a.npy"), np.load("c.npy"))


def test_which_slice_it_is_is_told(folder, capsys):
    fastmri()
    assert run("reconstruct", "mri", "k.h5", "a.npy", *TINY[:-1]) == 0
    assert "slice 2 of 5" in capsys.readouterr().err


def test_coils_come_from_hdf5_too(folder):
    fastmri(kspace=volume(2, 3, SIZE, SIZE))
    with h5py.File("c.h5", "w") as file:
        file["maps/espirit"] = volume(3, SIZE, SIZE)
    assert run("reconstruct", "mri", "k.h5", "a.npy", "--coils", "c.h5", *TINY) == 0


def test_sensitivities_of_several_coils_are_estimated_when_not_given(folder, capsys):
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    image = np.exp(-(rows**2 + columns**2) / 40)
    maps = np.stack([1 + rows / SIZE, 1j - columns / SIZE, np.ones((SIZE, SIZE))])
    seen = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(maps * image, axes=(1, 2)), norm="ortho"))
    seen = np.fft.fftshift(seen, axes=0)
    fastmri(kspace=np.stack([seen, seen]).astype(np.complex64))
    assert run("reconstruct", "mri", "k.h5", "o.h5", *TINY[:-1]) == 0
    assert "3 coils estimated from the middle 24x24 of k-space" in capsys.readouterr().err
    with h5py.File("o.h5") as file:
        assert list(file) == ["reconstruction"]
        assert file["reconstruction"].shape == (SIZE, SIZE)


def test_pictures_are_written_and_read_as_they_are(folder):
    for picture in (
        np.arange(12, dtype=np.uint16).reshape(3, 4),
        np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32),
    ):
        ut.write("p.h5", picture, overwrite=True)
        again = ut.read("p.h5")
        assert np.array_equal(again.to_numpy(), picture)
        assert again.to_numpy().dtype == picture.dtype
    ut.write("q.hdf5", ut.read("p.h5"))
    assert np.array_equal(measurements.read_array("q.hdf5"), picture)


def test_a_file_of_one_data_set_is_a_measurement(folder):
    sinogram = np.random.default_rng(0).random((6, SIZE))
    with h5py.File("s.h5", "w") as file:
        file["exchange/data"] = sinogram
        file["comment"] = "text"
    assert np.array_equal(measurements.read_array("s.h5"), sinogram)
    assert run("reconstruct", "ct", "s.h5", "a.npy", "--angles", "0:180", *TINY) == 0
    assert np.load("a.npy").shape == (SIZE, SIZE)
    with h5py.File("k.h5", "w") as file:
        file["data"] = volume(SIZE, SIZE)
    assert measurements.read_kspace("k.h5").note == ""
    assert run("reconstruct", "mri", "k.h5", "b.npy", *TINY) == 0


def several():
    with h5py.File("bad.h5", "w") as file:
        file["a"], file["b"] = np.ones(3), np.ones(3)


def none():
    with h5py.File("bad.h5", "w") as file:
        file["a"] = "text"


def flat():
    fastmri("bad.h5", volume(SIZE, SIZE))


def sparse():
    """Several coils, no more than one sample of the middle of k-space."""
    lines = np.arange(SIZE) % 4 == 0
    fastmri("bad.h5", volume(2, 3, SIZE, SIZE) * (lines & lines[:, None]))


def cut():
    fastmri("bad.h5")
    whole = Path("bad.h5").read_bytes()
    Path("bad.h5").write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("make", "words", "told"),
    [
        (several, (), "2 data sets (a, b): give a file with one"),
        (none, (), "0 data sets"),
        (several, ("--slice", "1"), "no data set kspace"),
        (flat, (), "shape (24, 24): give (slices"),
        (lambda: fastmri("bad.h5"), ("--slice", "5"), "has no slice 5: give one from 0 to 4"),
        (lambda: fastmri("bad.h5"), ("--slice", "-1"), "has no slice -1"),
        (sparse, (), "is 1x1 samples, too few to estimate sensitivities (10x10 are needed"),
        (lambda: fastmri("bad.h5", np.ones((2, 3, 3))), (), "give complex"),
        (cut, (), "damaged"),
        (lambda: np.save("bad.h5", volume(4, 4)), ("--slice", "1"), "not a fastMRI HDF5 file"),
    ],
)
def test_bad_input_is_told_and_nothing_written(folder, capsys, make, words, told):
    make()
    for spare in folder.glob("bad.h5.npy"):
        spare.rename("bad.h5")
    assert run("reconstruct", "mri", "bad.h5", "o.npy", *words, *TINY) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not Path("o.npy").exists()


def test_a_missing_package_is_named(folder, monkeypatch):
    fastmri()
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(PictureError, match=r"need h5py.*pip install 'untrained\[science\]'"):
        measurements.read_kspace("k.h5")
    with pytest.raises(PictureError, match="need h5py"):
        measurements.read_array("k.h5")
    with pytest.raises(PictureError, match="need h5py"):
        writing.check_writable("o.h5", ut.as_picture(np.zeros((2, 2))))


def test_no_other_file_is_opened(folder):
    Path("secret").write_bytes(bytes(range(64)))
    with h5py.File("other.h5", "w") as file:
        file["a"] = np.full((8, 8), 77.0)

    def external(file):
        file.create_dataset("a", (8, 8), "u1", external=[("secret", 0, 64)])

    def virtual(file):
        layout = h5py.VirtualLayout((8, 8), "f8")
        layout[:] = h5py.VirtualSource("other.h5", "a", shape=(8, 8))
        file.create_virtual_dataset("a", layout)

    def link(file):
        file["a"] = np.ones((8, 8))
        file["b"] = h5py.ExternalLink("other.h5", "/a")

    def kspace(file):
        file["kspace"] = volume(3, 8, 8)
        file["mask"] = h5py.ExternalLink("other.h5", "/a")

    for fill in (external, virtual, link, kspace):
        with h5py.File("in.h5", "w") as file:
            fill(file)
        for read in (ut.read, measurements.read_array, measurements.read_kspace):
            with pytest.raises(PictureError, match="names another file"):
                read("in.h5")


def test_links_inside_the_file_do_not_count_and_cycles_end(folder):
    with h5py.File("in.h5", "w") as file:
        file["group/a"] = np.ones((8, 8))
        file["group/back"] = file["/"]
        file["soft"] = h5py.SoftLink("/group/a")
        file["lost"] = h5py.SoftLink("/nowhere")
    assert measurements.read_array("in.h5").shape == (8, 8)


def test_a_message_names_few_of_many_data_sets(folder):
    with h5py.File("in.h5", "w") as file:
        for number in range(500):
            file[f"a{number:03}"] = np.ones(3)
    with pytest.raises(PictureError, match=r"500 data sets \(a000.*a007, \.\.\.\)"):
        ut.read("in.h5")


def test_a_file_on_which_hdf5_crashes_or_hangs_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    writing.write(path, np.ones((4, 5), np.float32))
    assert ut.read(path).size == (4, 5)
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    for script, words in ((crash, "HDF5 crashes"), ("import time; time.sleep(60)", "no end")):
        monkeypatch.setattr(hdf5_probe, "SCRIPT", script)
        monkeypatch.setattr(hdf5_probe, "_SECONDS", 2.0)
        with pytest.raises(PictureError, match=words):
            ut.read(path)
