"""The database file of the generation cache: how it is made, read, kept small, and saved from when it is damaged.

Everything here is SQLite on one connection; `prompt2data.cache` decides which file and when. An entry is stored with a
checksum over its key and its content, because SQLite itself does not notice a flipped byte in a row.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt2data.i18n import _

SCHEMA = 1  # raised when the tables change

_TABLES = (
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, payload BLOB NOT NULL, "
    "checksum BLOB NOT NULL)",
    "CREATE TABLE uses (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
    "CREATE TABLE damaged (key BLOB, payload BLOB, checksum BLOB, at INTEGER NOT NULL)",
    "CREATE TABLE digests (file BLOB PRIMARY KEY, digest BLOB NOT NULL, checksum BLOB NOT NULL)",
)
_PRAGMAS = (
    "synchronous = NORMAL",  # what is committed outlives the process, which is what dies in practice
    "secure_delete = OFF",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",  # a file cut short by another process would be a SIGBUS
    "wal_autocheckpoint = 256",  # pages: the log stays near 1 MB
    "journal_size_limit = 1048576",
)
_WAIT = 0.25  # seconds SQLite waits by itself for a lock: between two such waits Ctrl+C is heard
_LONGEST = 64_000_000  # bytes in a row: a damaged length asks for no more memory than that
_KEPT = 0.85  # share of the limit that is in use after eviction
_LEAST = 0.02  # share of the entries that goes at once
_SKIPS = 1000  # unreadable places in a damaged database before the rest is given up

# UnicodeDecodeError: SQLite quotes damaged text in its message.
Trouble = sqlite3.Error | OSError | MemoryError | UnicodeDecodeError
TROUBLES = (sqlite3.Error, OSError, MemoryError, UnicodeDecodeError)

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
# What says nothing against the database itself. Every other error of SQLite does: it speaks of damaged pages, or of
# tables and columns that are not as they were made.
_CIRCUMSTANCES = _BUSY | {
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


@dataclass(frozen=True)
class Entry:
    """A generated text.

    Attributes:
        tokens: its token ids, each 0 or more.
        finish_reason: "stop" or "length".
    """

    tokens: list[int]
    finish_reason: str


def create(path: Path) -> sqlite3.Connection:
    """A connection to a new, empty database at `path`."""
    connection = _connect(path)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table
        with suppress(sqlite3.OperationalError):  # a file system without shared memory keeps the journal it has
            connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_existing(path: Path) -> sqlite3.Connection:
    """A connection to the database at `path`. Raises `sqlite3.Error`, also for one with other tables."""
    connection = _connect(path)
    try:
        tables = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        version = connection.execute("PRAGMA user_version").fetchone()
        # SQLite would take a damaged definition as it is, and find rows that nobody wrote.
        if version != (SCHEMA,) or sorted(tables) != sorted((table.encode(),) for table in _TABLES):
            raise sqlite3.DatabaseError("not a database of the generation cache")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, *first: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    try:
        connection.text_factory = bytes  # a damaged text is no UTF-8
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        for pragma in (*first, *_PRAGMAS):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that the block writes, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(*TROUBLES):  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def find(connection: sqlite3.Connection, keys: Sequence[str]) -> tuple[dict[str, Entry], list[int], list[int]]:
    """The intact entries of `keys`, their row ids, and the row ids of damaged ones."""
    names = {key.encode(): key for key in keys}
    found: dict[str, Entry] = {}
    intact: list[int] = []
    damaged: list[int] = []
    marks = ",".join("?" * len(names))
    query = f"SELECT id, key, payload, checksum FROM entries WHERE key IN ({marks})"
    for row, key, payload, checksum in connection.execute(query, tuple(names)):
        entry = _unpack(key, payload, checksum)
        if entry is None or key not in names:
            damaged.append(row)
        else:
            found[names[key]] = entry
            intact.append(row)
    return found, intact, damaged


def insert(connection: sqlite3.Connection, key: str, payload: bytes) -> None:
    """Store what `pack()` gave under `key`, in place of what was there."""
    name = key.encode()
    with transaction(connection):
        connection.execute(
            "INSERT INTO entries (key, payload, checksum) VALUES (?, ?, ?) ON CONFLICT (key) "
            "DO UPDATE SET payload = excluded.payload, checksum = excluded.checksum",
            (name, payload, _checksum(name, payload)),
        )
        connection.execute(
            "INSERT OR REPLACE INTO uses (id, at) SELECT id, ? FROM entries WHERE key = ?", (time.time_ns(), name)
        )


def mark_used(connection: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Note that these rows were used now."""
    now = time.time_ns()
    with transaction(connection):
        connection.executemany("UPDATE uses SET at = ? WHERE id = ?", [(now, row) for row in rows])


def set_aside(connection: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Move rows to the table of damaged ones, unless they have become whole meanwhile."""
    with transaction(connection):
        for row in rows:
            found = connection.execute("SELECT key, payload, checksum FROM entries WHERE id = ?", (row,)).fetchone()
            if found is not None and _unpack(*found) is None:
                connection.execute("INSERT INTO damaged VALUES (?, ?, ?, ?)", (*found, time.time_ns()))
                connection.execute("DELETE FROM entries WHERE id = ?", (row,))
                connection.execute("DELETE FROM uses WHERE id = ?", (row,))


def evict(connection: sqlite3.Connection, limit: int) -> None:
    """Delete the least recently used entries when the database takes more than `limit` bytes."""

    def number(pragma: str) -> int:
        return connection.execute(f"PRAGMA {pragma}").fetchone()[0]

    def in_use() -> int:
        return (number("page_count") - number("freelist_count")) * page_size

    page_size = number("page_size")
    if in_use() > limit:
        with transaction(connection):
            if in_use() > limit:  # no other process was faster
                connection.execute("DELETE FROM damaged")
                # Again where texts of different lengths, or half-empty pages, made the first guess too low.
                while (size := in_use()) > _KEPT * limit:
                    (entries,) = connection.execute("SELECT count(*) FROM uses").fetchone()
                    if not entries:
                        break
                    surplus = math.ceil(entries * max(_LEAST, 1 - _KEPT * limit / size))
                    oldest = connection.execute("SELECT id FROM uses ORDER BY at LIMIT ?", (surplus,)).fetchall()
                    connection.executemany("DELETE FROM entries WHERE id = ?", oldest)
                    connection.executemany("DELETE FROM uses WHERE id = ?", oldest)
    surplus = number("page_count") - limit // page_size
    if surplus > 0:
        connection.executescript(f"PRAGMA incremental_vacuum({surplus})")  # `execute` gives back one page only


def count(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many entries there are, and how many were set aside."""
    return connection.execute("SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM damaged)").fetchone()


def find_digest(connection: sqlite3.Connection, file: str) -> str | None:
    """The digest remembered for a file."""
    name = file.encode()
    row = connection.execute("SELECT digest, checksum FROM digests WHERE file = ?", (name,)).fetchone()
    if row is None or not isinstance(row[0], bytes) or row[1] != _checksum(name, row[0]):
        return None
    return row[0].decode()


def insert_digest(connection: sqlite3.Connection, file: str, digest: str) -> None:
    """Remember the digest of a file."""
    row = (file.encode(), digest.encode(), _checksum(file.encode(), digest.encode()))
    connection.execute("INSERT OR REPLACE INTO digests VALUES (?, ?, ?)", row)


def take_over(damaged: Path, connection: sqlite3.Connection) -> int:
    """Copy the entries that can still be read from the database at `damaged`; their number."""
    now, saved = time.time_ns(), 0
    with transaction(connection):
        for row in _readable(damaged):
            if _unpack(*row) is None:
                continue
            done = connection.execute("INSERT OR IGNORE INTO entries (key, payload, checksum) VALUES (?, ?, ?)", row)
            if done.rowcount:
                connection.execute("INSERT INTO uses VALUES (?, ?)", (done.lastrowid, now))
                saved += 1
    return saved


def _readable(damaged: Path) -> Iterator[tuple]:
    """Key, payload, checksum of the rows that can be read; what cannot is skipped in growing steps."""
    query = "SELECT rowid, key, payload, checksum FROM entries WHERE rowid > ? ORDER BY rowid"
    # With this pragma SQLite reads on where the file ends too early.
    with suppress(*TROUBLES), closing(_connect(damaged, "writable_schema = ON")) as connection:
        row, stride = 0, 1
        for _skip in range(_SKIPS):
            try:
                for found, *content in connection.execute(query, (row,)):
                    yield tuple(content)
                    if found > row:
                        row, stride = found, 1
                return
            except TROUBLES:
                row, stride = row + stride, 2 * stride
                if row >= 2**62:
                    return


def pack(entry: Entry) -> bytes:
    """`entry` as it is stored. Raises `ValueError` for what is none."""
    content = {"tokens": list(entry.tokens), "finish_reason": entry.finish_reason}
    if not _is_entry(content):
        raise ValueError(f"not an entry: {entry!r}")
    return json.dumps(content, separators=(",", ":")).encode()


def _unpack(key: object, payload: object, checksum: object) -> Entry | None:
    """The entry, or `None` where anything about it is not as it was written."""
    if not (isinstance(key, bytes) and isinstance(payload, bytes)) or checksum != _checksum(key, payload):
        return None
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return Entry(**content) if _is_entry(content) else None


def _is_entry(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and content.keys() == {"tokens", "finish_reason"}
        and content["finish_reason"] in ("stop", "length")
        and isinstance(content["tokens"], list)
        and set(map(type, content["tokens"])) <= {int}  # True is no token
        and min(content["tokens"], default=0) >= 0
    )


def _checksum(key: bytes, payload: bytes) -> bytes:
    return hashlib.blake2b(b"%d:%b%b" % (len(key), key, payload), digest_size=16).digest()


def is_busy(error: Trouble) -> bool:
    """Whether another process or connection holds a lock."""
    return _code(error) in _BUSY


def is_damage(error: Trouble, path: Path) -> bool:
    """Whether an error of the database at `path` means that the file itself is not as it was written."""
    if isinstance(error, UnicodeDecodeError):
        return True
    if not isinstance(error, sqlite3.Error):
        return False
    code = _extended_code(error)
    if code == sqlite3.SQLITE_READONLY:  # where we may write: then it is the file's header that forbids it
        return os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or _code(error) not in _CIRCUMSTANCES


def kind(error: Trouble, folder: Path) -> str:
    """Which trouble a cache in `folder` has: "full", "locked", "read-only" or "unusable"."""
    number, code = getattr(error, "errno", None), _code(error)
    if code == sqlite3.SQLITE_FULL or number in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "full"
    if code in _BUSY or isinstance(error, TimeoutError):
        return "locked"
    if code == sqlite3.SQLITE_READONLY or number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "read-only"
    if code == sqlite3.SQLITE_CANTOPEN and not os.access(folder, os.W_OK):  # even reading needs a file beside it
        return "read-only"
    return "unusable"


def reason(error: Trouble, folder: Path) -> str:
    """The cause of an error of a cache in `folder`, in a few words."""
    known = {
        "full": _("the disk is full"),
        "locked": _("another process keeps it locked"),
        "read-only": _("it cannot be written"),
    }
    return known.get(kind(error, folder)) or getattr(error, "strerror", None) or str(error) or type(error).__name__


def _code(error: Trouble) -> int:
    """SQLite's primary error code; 0 for an error of another kind."""
    return _extended_code(error) & 0xFF if isinstance(error, sqlite3.Error) else 0


def _extended_code(error: sqlite3.Error) -> int:
    """SQLite's error code; that of a damaged database for what was raised here."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
