"""The generation cache: a text that was generated once is not generated again, and not lost.

Texts are kept by key in a folder, in an SQLite database (`prompt2data.cache.database`). What a bad disk or a stray hand
changed is never returned: a damaged entry is set aside in a table of its own; a damaged database stays where it is, and
a new one takes over what can still be read. Each database has a folder of its own under a name that never comes again,
and the newest counts: no process that still has an old one open can mix the two.

Whatever is wrong with the disk, generation goes on. One sentence says so, once in a process.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import math
import os
import re
import shutil
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from prompt2data.cache import database as cachefile
from prompt2data.cache.database import SCHEMA, TROUBLES, Entry, Trouble
from prompt2data.ground.errors import OneSentence
from prompt2data.ground.folders import home
from prompt2data.i18n import _

__all__ = ["CacheStats", "CacheUnavailable", "CacheWarning", "Entry", "GenerationCache", "entry_key", "opened"]

LIMIT = 256_000_000  # bytes

_DATABASE = "entries.sqlite"
_NAME = re.compile(rf"v{SCHEMA}-(\d{{6,}})-[0-9a-f]+")  # databases of another schema are neither read nor touched
_MAKING, _CLEARED = ".making-", ".cleared-"  # prefixes of folders that hold no database in use
_AT_ONCE = 500  # keys in one query
_CHECK_EVERY = 16  # puts between two looks at the size
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
        entries: number of texts.
        bytes: size of its files on the disk, with any database that was set aside.
        limit: bytes the database may take before the least recently used texts go.
        damaged: number of entries set aside in the database in use.
    """

    entries: int
    bytes: int
    limit: int
    damaged: int


def entry_key(**parts: Any) -> str:
    """64 hex digits that are shared only if every part is equal, in value and in type (1, 1.0, "1" and True differ).

    Parts are JSON values; a tuple is a list. Raises `TypeError` or `ValueError` for anything else (NaN, a dictionary
    key that is no string).
    """
    _refuse_other_keys(parts)
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Not ASCII: two lone surrogates would be written like the one character they stand for.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def _refuse_other_keys(value: Any) -> None:
    """JSON writes the key 1 like the key "1"."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the dictionary key {key!r} is not a string")
            _refuse_other_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, dict | list | tuple):
                _refuse_other_keys(item)


def opened() -> GenerationCache | None:
    """The cache that `PROMPT2DATA_CACHE` names: a folder, or none for "off", "no", "false", "0" and "".

    Unset, it is `generations` in the folder that keeps models. `PROMPT2DATA_CACHE_LIMIT` sets its size in MB. There is
    one object per folder and process.
    """
    chosen = os.environ.get("PROMPT2DATA_CACHE")
    if chosen is None:
        chosen = str(home() / "generations")
    elif chosen.strip().lower() in {"", "0", "off", "no", "false"}:
        return None
    folder, limit = _absolute(chosen), _limit_from_environment()
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
    try:
        megabytes = float(chosen)
    except ValueError:
        megabytes = math.nan
    if 0 < megabytes < math.inf:
        return int(megabytes * 1_000_000)
    _say_once(
        "limit",
        _("PROMPT2DATA_CACHE_LIMIT is {chosen!r}, which is no size, so the limit is {limit} MB: set it to a number of "
          "MB, such as 500.").format(chosen=chosen, limit=LIMIT // 1_000_000),
    )  # fmt: skip
    return LIMIT


class GenerationCache:
    """Texts by key in `folder`, in a database of at most about `limit` bytes.

    Processes and threads may use one folder at once, and may be killed at any moment. Nothing is opened before the
    first use. Apart from `stats()` and `clear()` no method raises for what the disk does: a cache that cannot be used
    finds nothing and keeps nothing.
    """

    def __init__(self, folder: str | os.PathLike, limit: int = LIMIT) -> None:
        self.folder = _absolute(folder)
        self.limit = limit
        self._connection: sqlite3.Connection | None = None
        self._name = ""  # of the database that is open, or that could not be opened
        self._pid = os.getpid()
        self._patience = _PATIENCE
        self._puts = 0
        self._repairs = 0
        self._digests: dict[str, str] = {}

    def get(self, keys: Sequence[str]) -> dict[str, Entry]:
        """The entries that are there and intact, by key. They count as used now."""
        found: dict[str, Entry] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            entries, intact, damaged = self._attempt(lambda c, some=some: cachefile.find(c, some)) or ({}, [], [])
            found |= entries
            if intact:
                self._attempt(lambda c, rows=intact: cachefile.mark_used(c, rows), essential=False)
            if damaged:
                self._attempt(lambda c, rows=damaged: cachefile.set_aside(c, rows), essential=False)
                _say_once("entry", _("A damaged text in the generation cache was set aside: it is generated again."))
        return found

    def put(self, key: str, entry: Entry) -> None:
        """Keep `entry` under `key`, in place of what was there. It is committed when this returns.

        Raises `ValueError` for what is no entry.
        """
        payload = cachefile.pack(entry)

        def write(connection: sqlite3.Connection) -> None:
            cachefile.insert(connection, key, payload)
            self._patience = _PATIENCE

        self._attempt(write)
        self._puts += 1
        if self._puts % _CHECK_EVERY == 1:
            self._attempt(lambda c: cachefile.evict(c, self.limit), essential=False)

    def digest_of_file(self, path: str | os.PathLike) -> str:
        """SHA-256 of a file's content, as hex digits. A file that was not touched since is not read again.

        Raises `OSError` where the file cannot be read.
        """
        with open(path, "rb") as file:
            name, changed = _identity(file.fileno())
            known = self._digests.get(name) or self._attempt(lambda c: cachefile.find_digest(c, name))
            if known is not None:
                self._digests[name] = known
                return known
            started = time.time_ns()
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            # A change in the same tick of the file's clock would not show.
            if _identity(file.fileno())[0] == name and started - changed > _SETTLED:
                self._digests[name] = digest
                self._attempt(lambda c: cachefile.insert_digest(c, name, digest))
        return digest

    def clear(self) -> None:
        """Forget everything, also what was set aside. Raises `CacheUnavailable` where that cannot be done.

        It needs no room on the disk and waits for nobody: other processes go on with a new, empty database.
        """
        with _lock:
            self._let_go()
            try:
                for name in self._databases():
                    with suppress(FileNotFoundError):  # another process clears, too
                        (self.folder / name).rename(self.folder / (_CLEARED + name))
                for cleared in self.folder.glob(_CLEARED + "*"):
                    with suppress(FileNotFoundError):
                        shutil.rmtree(cleared)
            except OSError as error:
                sentence = _(
                    "The generation cache in {folder} could not be cleared ({reason}): end the programs that use it, "
                    "or delete the folder yourself."
                ).format(folder=self.folder, reason=cachefile.reason(error, self.folder))
                raise CacheUnavailable(sentence) from error

    def stats(self) -> CacheStats:
        """What the cache holds; it makes no folder where there is none. Raises `CacheUnavailable`."""
        entries = damaged = size = 0
        troubles: list[Trouble] = []
        try:
            if self._databases():
                entries, damaged = self._attempt(cachefile.count, heard=troubles.append) or (0, 0)
        except OSError as error:
            troubles.append(error)
        if troubles:
            raise CacheUnavailable(self._unusable(troubles[0])) from troubles[0]
        for path in self.folder.glob(f"v{SCHEMA}-*/*"):
            with suppress(FileNotFoundError):
                size += path.stat().st_size
        return CacheStats(entries, size, self.limit, damaged)

    def close(self) -> None:
        """Close the database. The next use opens it again."""
        with _lock:
            self._let_go()

    def _attempt(
        self,
        work: Callable[[sqlite3.Connection], T],
        essential: bool = True,
        heard: Callable[[Trouble], object] | None = None,
    ) -> T | None:
        """`work(connection)`, tried again while the database is locked and once it is repaired; `None` in vain.

        For what is not `essential` nobody waits long, and nobody hears that it failed. `heard` is told of the trouble
        in place of the user.
        """
        deadline = time.monotonic() + (self._patience if essential else 0)
        while True:
            try:
                with _lock:
                    try:
                        return work(self._current())
                    except TROUBLES as error:
                        saved = self._remedy(error, deadline)
            except TROUBLES as error:
                if essential and cachefile.is_busy(error):
                    self._patience = 0  # whoever holds the lock may hold it for good
                if heard is not None:
                    heard(error)
                elif essential:
                    _say_once(cachefile.kind(error, self.folder), self._unusable(error))
                return None
            if saved is None:
                time.sleep(_PAUSE)
            else:
                _say_once(
                    "database",
                    _("The generation cache in {folder} was damaged, so a new one took over the texts that could be "
                      "read ({saved}): the others are generated again.").format(folder=self.folder, saved=saved),
                )  # fmt: skip

    def _remedy(self, error: Trouble, deadline: float) -> int | None:
        """Do what makes another attempt worth while, else raise `error`. The number of entries saved in a repair."""
        if self._replaced_by_another() or (cachefile.is_busy(error) and time.monotonic() < deadline):
            return None
        if self._repairs == _REPAIRS or not cachefile.is_damage(error, self.folder / self._name / _DATABASE):
            raise error
        self._repairs += 1
        damaged = self._name
        self._let_go()
        return self._make(damaged)[1]

    def _databases(self) -> list[str]:
        """Names of the databases, the newest last."""
        try:
            return sorted(name for name in os.listdir(self.folder) if _NAME.fullmatch(name))
        except FileNotFoundError:
            return []

    def _current(self) -> sqlite3.Connection:
        """This process's connection to the newest database; both are made where they are missing."""
        newest = (self._databases() or [""])[-1]
        if self._pid != os.getpid() or newest != self._name:
            self._let_go()
        if self._connection is None:
            self._name = newest or self._make("")[0]
            self._connection = cachefile.open_existing(self.folder / self._name / _DATABASE)
        if self._connection.in_transaction:  # an interrupt came between its begin and its body
            self._connection.rollback()
        return self._connection

    def _let_go(self) -> None:
        connection, self._connection, self._name = self._connection, None, ""
        if connection is not None and self._pid != os.getpid():
            _inherited.append(connection)
        elif connection is not None:
            with suppress(*TROUBLES):
                connection.close()
        self._pid = os.getpid()

    def _replaced_by_another(self) -> bool:
        try:
            return bool(self._name) and self._databases()[-1:] != [self._name]
        except OSError:
            return False

    def _make(self, damaged: str) -> tuple[str, int | None]:
        """Make a database that takes over what can be read of the `damaged` one; its name, and the number of entries.

        It appears whole; if another process was first, the number is `None`. The damaged one stays for whoever wants to
        look into it, until another is.
        """
        from filelock import FileLock

        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock", timeout=_PATIENCE):
            names = self._databases()
            if names and names[-1] != damaged:
                return names[-1], None
            for leftover in [*self.folder.glob(_MAKING + "*"), *self.folder.glob(_CLEARED + "*")]:
                shutil.rmtree(leftover, ignore_errors=True)
            number = int(_NAME.fullmatch(damaged).group(1)) + 1 if damaged else 1
            # The number alone would come again after someone deleted the folder.
            name = f"v{SCHEMA}-{number:06d}-{os.urandom(4).hex()}"
            making = self.folder / (_MAKING + name)
            making.mkdir()
            try:
                with closing(cachefile.create(making / _DATABASE)) as connection:
                    saved = cachefile.take_over(self.folder / damaged / _DATABASE, connection) if damaged else 0
                making.rename(self.folder / name)
            except BaseException:
                shutil.rmtree(making, ignore_errors=True)
                raise
            for older in names[:-1]:
                shutil.rmtree(self.folder / older, ignore_errors=True)
        return name, saved

    def _unusable(self, error: Trouble) -> str:
        return _(
            "The generation cache in {folder} cannot be used ({reason}), and generation goes on without it: set "
            "PROMPT2DATA_CACHE to another folder, or run `prompt2data cache clear`."
        ).format(folder=self.folder, reason=cachefile.reason(error, self.folder))


def _absolute(folder: str | os.PathLike) -> Path:
    return Path(os.path.expanduser(folder)).absolute()


def _identity(descriptor: int) -> tuple[str, int]:
    """What an open file is known by for as long as nobody writes it, and when it was last changed (ns)."""
    about = os.fstat(descriptor)
    name = f"{about.st_dev}:{about.st_ino}:{about.st_size}:{about.st_mtime_ns}:{about.st_ctime_ns}"
    return name, max(about.st_mtime_ns, about.st_ctime_ns)


def _say_once(about: str, sentence: str) -> None:
    """Warn of each thing once in a process: a run has thousands of texts."""
    if about not in _said:
        _said.add(about)
        warnings.warn(sentence, CacheWarning, stacklevel=3)
