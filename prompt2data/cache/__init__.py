"""The generation cache: what a model computed once is not computed again.

Entries are bytes of some kind (generated texts, embeddings, scores) under a key, in an SQLite database in a folder
(`prompt2data.cache.database`). Corrupted entries are never returned but moved to a table of their own. A corrupted
database stays where it is, and a new one is begun. Each database has its own folder, whose name is never used again,
and the newest counts: no process that still has an old one open can mix the two.

Whatever is wrong with the disk, generation goes on, with a warning once per process.
"""

from __future__ import annotations

import atexit
import hashlib
import math
import os
import re
import shutil
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from prompt2data.cache import database
from prompt2data.cache.database import SCHEMA, TROUBLES, Trouble, entry_key
from prompt2data.ground.errors import OneSentence
from prompt2data.ground.folders import home
from prompt2data.ground.whole import STAGING, remove_leftovers, whole_folder
from prompt2data.i18n import _

__all__ = ["CacheStats", "CacheUnavailable", "CacheWarning", "GenerationCache", "entry_key", "opened"]

LIMIT = 256_000_000  # bytes

ADAPTERS = "adapters"  # folder of what `training.train` keeps here; it is no part of the limit
_DATABASE = "entries.sqlite"
_NAME = re.compile(rf"v[1-{SCHEMA}]-\d{{6,}}-[0-9a-f]+")  # databases of later schemas are left alone
_AT_ONCE = 500  # keys in one query
_CHECK_EVERY = 16  # puts between two checks of the size
_PATIENCE = 30.0  # seconds for which another process may hold the lock
_PAUSE = 0.005  # seconds between two attempts, in which other threads have their turn
_REPAIRS = 3  # databases one process sets aside before it gives up on the disk
_SETTLED = 2_000_000_000  # ns after which the next change of a file must show in its times, on any file system

T = TypeVar("T")

# Held around every use of SQLite, and while this process forks: no child starts life inside SQLite.
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
_inherited: list[sqlite3.Connection] = []  # the parent's: to close one would be to use it
_said: set[str] = set()
_opened: dict[Path, GenerationCache] = {}


class CacheWarning(UserWarning):
    """The generation cache could not do all it should; the texts themselves are right."""


class CacheUnavailable(OneSentence, RuntimeError):
    """The cache could not be looked into or cleared. The text is one sentence with the cause and a way out."""


@dataclass(frozen=True)
class CacheStats:
    """What the cache holds.

    Attributes:
        kinds: number of entries of each kind.
        bytes: size of its files on the disk, with trained adapters, databases that were set aside, and what an older
            version wrote.
        limit: bytes the database may take before the least recently used entries are deleted.
        damaged: number of entries set aside in the database in use.
    """

    kinds: dict[str, int]
    bytes: int
    limit: int
    damaged: int

    @property
    def entries(self) -> int:
        """Number of generated texts."""
        return self.kinds.get("text", 0)


def opened() -> GenerationCache | None:
    """The cache in the folder `PROMPT2DATA_CACHE`; `None` if that is "off", "no", "false", "0" or "".

    If unset, it is `generations` in the folder that keeps models. `PROMPT2DATA_CACHE_LIMIT` sets its size in MB. There
    is one object per folder and process.
    """
    chosen = os.environ.get("PROMPT2DATA_CACHE")
    if chosen is None:
        chosen = str(home() / "generations")
    elif chosen.strip().lower() in {"", "0", "off", "no", "false"}:
        return None
    folder, limit = Path(chosen).expanduser().absolute(), _limit_from_environment()
    with _lock:
        if folder not in _opened:
            _opened[folder] = GenerationCache(folder)
            atexit.register(_opened[folder].close)
        cache = _opened[folder]
        cache.limit = limit
    return cache


def _limit_from_environment() -> int:
    chosen = os.environ.get("PROMPT2DATA_CACHE_LIMIT", "").strip()
    if not chosen:
        return LIMIT
    with suppress(ValueError):
        if 0 < (megabytes := float(chosen)) < math.inf:
            return int(megabytes * 1_000_000)
    _say_once(
        _("PROMPT2DATA_CACHE_LIMIT={chosen!r} is not a number of megabytes, so "
          "the limit is {limit} MB: set it to a number such as 500.").format(chosen=chosen, limit=LIMIT // 1_000_000),
    )  # fmt: skip
    return LIMIT


class GenerationCache:
    """Entries by key in `folder`, in a database of at most about `limit` bytes.

    Processes and threads may share a folder, and may be killed at any moment. Nothing is opened before the first use.
    Only `stats()` and `clear()` raise for what the disk does: otherwise a cache that cannot be used finds and keeps
    nothing.
    """

    def __init__(self, folder: str | os.PathLike[str], limit: int = LIMIT) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.limit = limit
        self._connection: sqlite3.Connection | None = None
        self._name = ""  # of the database that is open, or that could not be opened
        self._pid = os.getpid()
        self._patience = _PATIENCE
        self._puts = 0
        self._repairs = 0
        self._digests: dict[str, str] = {}

    def get(self, keys: Sequence[str], kind: str) -> dict[str, bytes]:
        """The payloads of the intact entries of this kind, by key. They count as used now."""
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            payloads, intact, damaged = self._attempt(partial(database.find, keys=some, kind=kind)) or ({}, [], [])
            found |= payloads
            if intact:
                self._attempt(partial(database.mark_used, rows=intact), essential=False)
            if damaged:
                self._attempt(partial(database.set_aside, rows=damaged), essential=False)
                _say_once(_("A damaged text in the generation cache was set aside: it is generated again."))
        return found

    def put(self, key: str, kind: str, payload: bytes) -> None:
        """Keep `payload` under `key`, in place of what was there. It is committed when this returns."""

        def write(connection: sqlite3.Connection) -> None:
            database.insert(connection, key, kind, payload)
            self._patience = _PATIENCE

        self._attempt(write)
        self._puts += 1
        if self._puts % _CHECK_EVERY == 1:
            self._attempt(partial(database.evict, limit=self.limit), essential=False)

    def digest_of_file(self, path: str | os.PathLike[str]) -> str:
        """SHA-256 of a file's content in hex; a file is only read again if it was touched. Raises `OSError`."""
        with open(path, "rb") as file:
            name, changed = _identity(file.fileno())
            if name not in self._digests and (known := self.get([name], "digest")):
                self._digests[name] = known[name].decode()
            if name in self._digests:
                return self._digests[name]
            started = time.time_ns()
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            # A change in the same tick of the file's clock would not show.
            if _identity(file.fileno())[0] == name and started - changed > _SETTLED:
                self._digests[name] = digest
                self.put(name, "digest", digest.encode())
        return digest

    def clear(self) -> None:
        """Forget everything, also what was set aside. Raises `CacheUnavailable`.

        It needs no room on the disk and waits for nobody: other processes go on with a new, empty database.
        """
        with _lock:
            self.close()
            try:
                for name in [*self._databases("v"), ADAPTERS]:
                    cleared = self.folder / (STAGING + name + os.urandom(4).hex())
                    with suppress(FileNotFoundError):  # another process clears, too
                        (self.folder / name).rename(cleared)
                        shutil.rmtree(cleared)
            except OSError as error:
                sentence = _(
                    "The generation cache in {folder} could not be cleared ({reason}): end the programs that use it, "
                    "or delete the folder yourself."
                )
                reason = database.reason(error, self.folder)
                raise CacheUnavailable(sentence.format(folder=self.folder, reason=reason)) from error

    def stats(self) -> CacheStats:
        """What the cache holds; it makes no folder where there is none. Raises `CacheUnavailable`."""
        kinds: dict[str, int] = {}
        damaged = size = 0
        try:
            if self._databases("v"):
                kinds, damaged = self._run(database.count, self._patience)
        except TROUBLES as error:
            raise CacheUnavailable(self._unusable(error)) from error
        for path in [*self.folder.glob(f"v[1-{SCHEMA}]-*/*"), *self.folder.glob(f"{ADAPTERS}/*/*/*")]:
            with suppress(FileNotFoundError):
                size += path.stat().st_size
        return CacheStats(kinds, size, self.limit, damaged)

    def close(self) -> None:
        """Close the database. The next use opens it again."""
        with _lock:
            connection, self._connection, self._name = self._connection, None, ""
            if connection is not None and self._pid != os.getpid():
                _inherited.append(connection)
            elif connection is not None:
                with suppress(*TROUBLES):
                    connection.close()
            self._pid = os.getpid()

    def _attempt(self, work: Callable[[sqlite3.Connection], T], essential: bool = True) -> T | None:
        """`_run`, but `None` and a warning for what it raises; what is not `essential` neither waits nor warns."""
        try:
            return self._run(work, self._patience if essential else 0)
        except TROUBLES as error:
            if essential:
                if database.is_busy(error):
                    self._patience = 0  # whoever holds the lock may hold it for good
                _say_once(self._unusable(error))
            return None

    def _run(self, work: Callable[[sqlite3.Connection], T], patience: float) -> T:
        """Return `work(connection)`, or raise one of `TROUBLES`.

        It is tried again if another process has begun a new database, for `patience` seconds while one holds the lock,
        and if the database is damaged: then a new one is begun here.
        """
        deadline = time.monotonic() + patience
        while True:
            with _lock:
                try:
                    return work(self._current())
                except TROUBLES as error:
                    if not (self._is_outdated() or (database.is_busy(error) and time.monotonic() < deadline)):
                        path = self.folder / self._name / _DATABASE
                        if self._repairs == _REPAIRS or not database.is_damage(error, path):
                            raise
                        self._repairs += 1
                        self._begin_anew(after=self._name)
                        message = _(
                            "The generation cache in {folder} was damaged, so it was set aside and a new one was "
                            "begun: its texts are generated again."
                        )
                        _say_once(message.format(folder=self.folder))
            time.sleep(_PAUSE)

    def _current(self) -> sqlite3.Connection:
        """This process's connection to the newest database; both are created where they are missing."""
        if self._pid != os.getpid() or self._is_outdated():
            self.close()
        if self._connection is None:
            names = self._databases()
            self._name = names[-1] if names else self._begin_anew(after="")
            self._connection = database.open_existing(self.folder / self._name / _DATABASE)
        if self._connection.in_transaction:  # an interrupt came between its begin and its body
            self._connection.rollback()
        return self._connection

    def _is_outdated(self) -> bool:
        """Whether the database that was opened last is no longer the newest one."""
        try:
            return bool(self._name) and self._databases()[-1:] != [self._name]
        except OSError:
            return False

    def _databases(self, prefix: str = f"v{SCHEMA}-") -> list[str]:
        """Names of the folders with a database, the newest last. The prefix "v" finds those of older versions, too."""
        try:
            return sorted(name for name in os.listdir(self.folder) if name.startswith(prefix) and _NAME.fullmatch(name))
        except FileNotFoundError:
            return []

    def _begin_anew(self, after: str) -> str:
        """Create the database that follows the one named `after` ("": the first) if no other process has; its name.

        It has the texts that an older version kept. The one before stays for inspection until it has two successors.
        """
        from filelock import FileLock  # here: 30 ms that a process without a new database does not pay

        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock", timeout=_PATIENCE):
            names = self._databases()
            if names and names[-1] != after:
                return names[-1]
            remove_leftovers(self.folder)
            number = int(after.split("-")[1]) + 1 if after else 1
            # The number alone would be used again after someone deleted the folder.
            name = f"v{SCHEMA}-{number:06d}-{os.urandom(4).hex()}"
            with whole_folder(self.folder / name) as staging:
                database.create(staging / _DATABASE, [self.folder / old / _DATABASE for old in self._databases("v1-")])
            for older in names[:-1]:
                shutil.rmtree(self.folder / older, ignore_errors=True)
        return name

    def _unusable(self, error: Trouble) -> str:
        return _(
            "The generation cache in {folder} cannot be used ({reason}), and generation goes on without it: set "
            "PROMPT2DATA_CACHE to another folder, or run `prompt2data cache clear`."
        ).format(folder=self.folder, reason=database.reason(error, self.folder))


def _identity(descriptor: int) -> tuple[str, int]:
    """What an open file is known by for as long as nobody writes it, and when it was last changed (ns)."""
    about = os.fstat(descriptor)
    name = f"{about.st_dev}:{about.st_ino}:{about.st_size}:{about.st_mtime_ns}:{about.st_ctime_ns}"
    return name, max(about.st_mtime_ns, about.st_ctime_ns)


def _say_once(sentence: str) -> None:
    """Warn of each thing once in a process: a run has thousands of texts."""
    if sentence not in _said:
        _said.add(sentence)
        warnings.warn(sentence, CacheWarning, stacklevel=3)
