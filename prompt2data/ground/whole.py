"""Files that appear whole or not at all; a failure to write is one sentence."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from prompt2data.ground.errors import OneSentence
from prompt2data.i18n import _


class NotWritten(OneSentence, OSError):
    """A file could not be written: a full disk, a folder that is none, no right to write there."""


def write_whole(path: str | os.PathLike[str], text: str) -> Path:
    """Put a text into a file, in UTF-8, and return its path. What the file held stays until all of it is written.

    Raises `NotWritten`.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            os.chmod(name, _ordinary_mode())
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise not_written(path.parent, error) from error
    return path


def _ordinary_mode() -> int:
    """What a new file may by this process's mask; temporary files may less."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def not_written(folder: Path, error: OSError) -> NotWritten:
    """The exception for `error`, which the system raised for something in `folder`."""
    return NotWritten(
        _("Cannot write to the folder '{folder}' ({reason}); set PROMPT2DATA_OUTPUT to a folder of yours.").format(
            folder=folder, reason=error.strerror
        )
    )
