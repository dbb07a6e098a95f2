"""Where a run keeps its files: in a fresh folder, or in the cache folder that the reader asked for, locked.

distilabel finds a run's files by the names of its steps, not by its data: two processes that run the same pipeline
write into each other's files, and a pipeline whose data changed returns the old rows. So a run without the cache gets
a folder of its own, deleted when this process ends (a `Distiset` reads its card's parts from there).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
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
    """Create an empty folder that lives as long as this process."""
    global _session, _owner
    if _session is None or _owner != os.getpid():
        _sweep()
        _session = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        _owner = os.getpid()
        atexit.register(_remove, _session, _owner)
    return Path(tempfile.mkdtemp(prefix="run-", dir=_session))


def is_fresh(folder: Path | str) -> bool:
    """Whether `fresh()` created this folder, or the one that holds this file."""
    return _session is not None and _session in Path(folder).parents


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a fork of this process
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Delete the folders of processes that were killed."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path, pipeline: str) -> Iterator[None]:
    """Lock the cache folder of this pipeline, so that no other process runs it there meanwhile.

    Raises:
        CacheInUse: when another process holds the lock. A process that dies releases it.
    """
    from filelock import FileLock, Timeout

    folder = Path(folder) / pipeline
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".prompt2data.lock", thread_local=False)
        lock.acquire(timeout=0)
    except Timeout:
        message = _(
            "The cache folder of pipeline '{pipeline}' is in use by another run: wait for it to end, or give this "
            "one its own with Pipeline(cache_dir=…)."
        )
        raise CacheInUse(message.format(pipeline=pipeline)) from None
    except OSError as error:
        message = _(
            "The cache folder of pipeline '{pipeline}' cannot be written ({reason}): choose another one with "
            "Pipeline(cache_dir=…)."
        )
        raise CacheInUse(message.format(pipeline=pipeline, reason=error.strerror)) from error
    try:
        yield
    finally:
        with suppress(OSError):
            lock.release()


def end(pipeline: Any) -> None:
    """Mark the run's cache as complete."""
    (pipeline._cache_location["data"].parent / _UNFINISHED).unlink(missing_ok=True)


# Replacements of distilabel's methods, as `patches` lists them


def cache_only_if_requested(original: Callable[..., None], self: Any) -> None:
    """Write `pipeline.yaml` once, for the card, in a fresh folder; the whole state after each batch elsewhere."""
    if not is_fresh(self._cache_dir):
        original(self)
    elif not self._dry_run and getattr(self, "_prompt2data_saved_in", None) != self._cache_dir:
        self.save(path=self._cache_location["pipeline"], format="yaml")  # the path takes long: it holds a hash of all
        self._prompt2data_saved_in = self._cache_dir


def keep_batch_only_if_requested(original: Callable[..., None], self: Any, batch: Any, steps_data_path: Path) -> None:
    """Write a batch for later runs, but not into a fresh folder, in which there will be none."""
    if not is_fresh(steps_data_path):
        original(self, batch, steps_data_path)


def reapply_isolation(original: Callable[..., None], self: Any) -> None:
    """Isolate the steps again that distilabel loaded from its cache as plain ones."""
    # Imports distilabel, which is slow.
    from prompt2data.pipelines.isolation import is_isolated, isolate_failures

    isolated = [name for name in self.dag if is_isolated(self.dag.get_step(name)["step"])]
    original(self)
    for name in isolated:
        isolate_failures(self.dag.get_step(name)["step"])


def mark_unfinished(original: Callable[..., None], self: Any, use_cache: bool = True) -> None:
    """Mark the run's folder as unfinished when distilabel first reads the cache, after clearing an unfinished run.

    distilabel would resume such a run without the batches in work, and wait for them forever.
    """
    if getattr(self, "_prompt2data_cached", False):
        execution = self._cache_location["data"].parent
        if (execution / _UNFINISHED).exists():
            steps_data = self._cache_location["steps_data"]
            steps = [self.dag.get_step(name)["step"] for name in self.dag]
            for folder in (execution, *(steps_data / f"{step.name}_{step.signature}" for step in steps)):
                shutil.rmtree(folder, ignore_errors=True)
            print(_("The previous run with this cache folder did not finish. Starting over."))
        execution.mkdir(parents=True, exist_ok=True)
        (execution / _UNFINISHED).touch()
    original(self, use_cache)


def dataset_cache_in_run_folder(original: Callable[..., Any], path: str, *args: Any, **kwargs: Any) -> Any:
    """`datasets.load_dataset`, whose copies of a run's rows live as long as the originals."""
    files = (kwargs.get("data_files") or {}).get("train")
    if path == "parquet" and files and is_fresh(files[0]):
        kwargs.setdefault("cache_dir", str(fresh()))
    return original(path, *args, **kwargs)


def no_bibtex(reference: str) -> str:
    """Refuse to look up a citation: distilabel's `_grab_citations` skips it silently."""
    raise ValueError(reference)
