"""Where a run keeps its files: a fresh folder for each, or the cache folder its author asked for, locked.

distilabel finds a run's files by the names of its steps, not by its data: two processes that run the same pipeline
write into each other's files, and a pipeline whose data changed gives the old rows. So a run that did not ask for the
cache gets a folder of its own, deleted when this process ends (a `Distiset` reads its card's parts from there).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prompt2data.ground.errors import CacheInUse
from prompt2data.i18n import _

_PREFIX = "prompt2data-runs-"
_UNFINISHED = ".prompt2data-unfinished"
_session: Path | None = None
_owner: int | None = None


def fresh() -> Path:
    """A new empty folder that lives as long as this process."""
    global _session, _owner
    if _session is None or _owner != os.getpid():
        _sweep()
        _session = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        _owner = os.getpid()
        atexit.register(_remove, _session, _owner)
    return Path(tempfile.mkdtemp(prefix="run-", dir=_session))


def is_fresh(folder: Path | str) -> bool:
    """Whether `fresh()` made this folder, or one around this file."""
    return _session is not None and _session in Path(folder).parents


def run_folder(path: Path | str) -> Path:
    """The folder made by `fresh()` that holds this file. Raises `ValueError` when there is none."""
    if _session is None:
        raise ValueError(f"{path} is not in a folder of this process")
    return _session / Path(path).relative_to(_session).parts[0]


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a fork of this process
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Delete what processes left behind that were killed before they could."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path, pipeline: str) -> Iterator[None]:
    """Hold the cache folder of this pipeline, so that no other process runs it there meanwhile.

    Raises:
        CacheInUse: when another process holds it. A process that dies gives it back.
    """
    from filelock import FileLock, Timeout

    folder = Path(folder) / pipeline
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".prompt2data.lock", thread_local=False)
        lock.acquire(timeout=0)
    except Timeout:
        raise CacheInUse(
            _(
                "The cache folder of pipeline '{pipeline}' is in use by another run: wait for it to end, or give this "
                "one its own with Pipeline(cache_dir=…)."
            ).format(pipeline=pipeline)
        ) from None
    except OSError as error:
        raise CacheInUse(
            _(
                "The cache folder of pipeline '{pipeline}' cannot be written ({reason}): choose another one with "
                "Pipeline(cache_dir=…)."
            ).format(pipeline=pipeline, reason=error.strerror)
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):
            lock.release()


def begin(pipeline: Any) -> None:
    """Mark the run's part of its cache folder as unfinished, and first clear what a run left there that never ended.

    distilabel would resume such a run without the batches that were under way, and wait for them forever.
    """
    execution = pipeline._cache_location["data"].parent
    if (execution / _UNFINISHED).exists():
        steps_data = pipeline._cache_location["steps_data"]
        steps = [pipeline.dag.get_step(name)["step"] for name in pipeline.dag]
        for folder in (execution, *(steps_data / f"{step.name}_{step.signature}" for step in steps)):
            shutil.rmtree(folder, ignore_errors=True)
        print(_("The last run with this cache folder did not end: starting it anew."))
    execution.mkdir(parents=True, exist_ok=True)
    (execution / _UNFINISHED).touch()


def end(pipeline: Any) -> None:
    """The run ended well: its cache is good."""
    (pipeline._cache_location["data"].parent / _UNFINISHED).unlink(missing_ok=True)
