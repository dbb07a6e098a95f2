"""Files and folders that appear whole or not at all.

Each is built under a temporary name beside its final path and renamed when it is complete. A killed process can only
leave the temporary one behind; `remove_leftovers` deletes those.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prompt2data.ground.errors import OneSentence
from prompt2data.i18n import _

STAGING = ".making-"  # prefix of the temporary names


class NotWritten(OneSentence, OSError):
    """A file could not be written: the disk is full, its folder is not a folder or not writable."""


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write a learner's file as `replace_file` does and return its path. Raises `NotWritten`, a single sentence."""
    path = Path(path)
    try:
        replace_file(path, content)
    except OSError as error:
        raise not_written(path.parent, error) from error
    return path


def replace_file(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Write `content` (text as UTF-8) to `path`; what the file held stays until all of it is written.

    With `durable`, the content is on the disk when this returns. Raises `OSError`.
    """
    staged = _staged(path)
    try:
        with open(staged, "xb") as file:
            file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(staged, path)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `path`, flushed to disk, unless the `with` block raises.

    Its parent is temporary as well and free for scratch files; it is removed in either case, and with it the folder
    that stood at `path` before. Raises `OSError`.
    """
    staging = _staged(path)
    folder = staging / path.name
    try:
        folder.mkdir(parents=True)
        yield folder
        for entry in [*folder.rglob("*"), folder]:
            _flush(entry)
        if path.exists():
            path.rename(staging / STAGING)
        folder.rename(path)
        _flush(path.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def whole_files(path: Path) -> Iterator[Path]:
    """Yield an empty folder whose files appear in the folder `path`, created if missing, unless the block raises.

    They take the place of files of the same names there, one after the other; a new folder appears with all of them.
    Raises `NotWritten`, a single sentence.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with whole_folder(path) as folder:
                yield folder
            return
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, _("there is a file of this name"), str(path))
        staging = _staged(path / path.name)
        try:
            staging.mkdir()
            yield staging
            for file in staging.iterdir():
                os.replace(file, path / file.name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise error if isinstance(error, NotWritten) else not_written(path, error) from error


def remove_leftovers(folder: Path) -> None:
    """Delete what killed processes left half-made in `folder`. Hold a lock that excludes everyone who writes there."""
    for leftover in folder.glob(STAGING + "*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def not_written(folder: Path, error: OSError) -> NotWritten:
    """The exception for `error`, which the system raised for something in `folder`."""
    message = _("Cannot write to the folder '{folder}' ({reason}); set PROMPT2DATA_OUTPUT to a folder of yours.")
    return NotWritten(message.format(folder=folder, reason=error.strerror or error))


def _staged(path: Path) -> Path:
    return path.with_name(STAGING + os.urandom(6).hex())


def _flush(path: Path) -> None:
    if os.name == "nt":  # Windows opens no folders, and orders a rename after the writes
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
