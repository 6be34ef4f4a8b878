"""Write picture files whole or not at all; check before the long work that they can be written."""

import os
import secrets
from pathlib import Path

from untrained.arguments import FilePath, checked
from untrained.errors import RequestError
from untrained.picture.formats.registry import by_extension, check_holds
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError
from untrained.picture.taking import PictureOrVolume


def check_writable(path: str | Path, picture: Picture, *, overwrite: bool = False) -> None:
    """Check before the long work that a picture like this one can be written.

    Raises
    ------
    PictureError
        If the folder does not exist or is not writable, the file exists and `overwrite` is false,
        the extension is unknown, or its format cannot hold the picture.
    """
    path = Path(path)
    check_holds(by_extension(path), picture)
    folder = path.resolve().parent
    if not folder.is_dir():
        raise PictureError(f"the folder {path.parent} does not exist: make it first")
    if path.is_dir():
        raise PictureError(f"{path} is a folder: give a file name")
    if not os.access(folder, os.W_OK):
        raise PictureError(f"the folder {path.parent} cannot be written to: choose another")
    if path.exists() and not overwrite:
        raise PictureError(f"{path} exists: choose another name or give --overwrite")


@checked
def write(path: FilePath, picture: PictureOrVolume, *, overwrite: bool = False) -> None:
    """Write a picture, whole or not at all.

    Parameters
    ----------
    path
        The extension gives the format. JPEG is written at quality 95 without chroma subsampling,
        WebP without loss.
    picture
        A Restoration, or any kind of picture or volume, see `as_picture`.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    PictureError
        As for `check_writable`.
    OSError
        If the disk is full or fails; the old file is untouched.
    """
    path = Path(path)
    shown: Picture = picture
    check_writable(path, shown, overwrite=overwrite)
    replace_file(path, by_extension(path).encoded(shown))


def check_folder_writable(folder: Path) -> None:
    """Check before the long work that results can be written to `folder`, new or not.

    Raises
    ------
    RequestError
        If it is a file, cannot be made or cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"the output folder {folder} is a file: give a folder")
    nearest = folder if folder.exists() else folder.resolve().parent
    if not nearest.is_dir():
        raise RequestError(f"the folder {nearest} does not exist: make it first")
    if not os.access(nearest, os.W_OK):
        raise RequestError(f"the folder {nearest} cannot be written to: choose another")


def check_folder_empty(folder: Path, *, overwrite: bool) -> None:
    """Check before the long work that `folder` is writable and empty.

    Raises
    ------
    RequestError
        As for `check_folder_writable`, or if it is not empty and `overwrite` is false.
    """
    check_folder_writable(folder)
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise RequestError(f"{folder} is not empty: choose another --out or give --overwrite")


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder, then rename it.

    A new file gets the permissions of the user's umask, a replaced one keeps its own.

    Raises
    ------
    OSError
        If that fails; the old file is untouched and the temporary one is removed.
    """
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")

    def opened(name: str, flags: int) -> int:
        # The system applies the umask itself; reading it would set it for all threads.
        return os.open(name, flags, 0o666 if mode is None else 0o600)

    try:
        with open(temporary, "xb", opener=opened) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
