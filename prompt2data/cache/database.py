"""The database file of the generation cache: its keys, how it is created, queried and kept small, what its errors mean.

Everything here is SQLite on one connection; `prompt2data.cache` decides which file and when. An entry is stored with a
checksum over its key, kind and payload, because SQLite itself does not notice a flipped byte in a row.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from prompt2data.i18n import _

SCHEMA = 2  # raised when the tables change

_TABLES = (
    # What lies behind a long payload is slow to read, so that comes last.
    "CREATE TABLE entries (key BLOB PRIMARY KEY NOT NULL, kind BLOB NOT NULL, used INTEGER NOT NULL, "
    "checksum BLOB NOT NULL, payload BLOB NOT NULL)",
    "CREATE INDEX by_use ON entries (used)",
    "CREATE TABLE damaged (key BLOB, kind BLOB, used INTEGER, checksum BLOB, payload BLOB)",
)
# Synchronous NORMAL: what is committed outlives the process, which is what dies in practice. No mmap: a file cut short
# by another process would be a SIGBUS. A checkpoint every 256 pages keeps the log near 1 MB.
_PRAGMAS = """
PRAGMA synchronous = NORMAL;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA mmap_size = 0;
PRAGMA wal_autocheckpoint = 256;
PRAGMA journal_size_limit = 1048576;
"""
_WAIT = 0.25  # seconds SQLite waits by itself for a lock: between two such waits Ctrl+C takes effect
_LONGEST = 64_000_000  # bytes in a row: a damaged length asks for no more memory than that
_KEPT = 0.85  # share of the limit that is in use after eviction

# UnicodeDecodeError: SQLite quotes damaged text in its message.
Trouble = sqlite3.Error | OSError | MemoryError | UnicodeDecodeError
TROUBLES = (sqlite3.Error, OSError, MemoryError, UnicodeDecodeError)

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}

Row = tuple[int, int]  # row id and time of last use (ns): together they name one version of an entry


def entry_key(**parts: Any) -> str:
    """64 hex digits that are shared only if every part is equal, in value and in type (1, 1.0, "1" and True differ).

    Parts are JSON values; a tuple is a list. Raises `TypeError` or `ValueError` for anything else (NaN, a dictionary
    key that is no string).
    """
    _refuse_other_keys(parts)
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Not ASCII: two lone surrogates would be written like the one character they stand for.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def _refuse_other_keys(value: dict | list | tuple) -> None:
    """Raise `TypeError` where JSON would write a key such as 1 like the key "1"."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"the dictionary key {key!r} is not a string")
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list | tuple):
            _refuse_other_keys(item)


def create(path: Path, predecessors: Sequence[Path]) -> None:
    """Create a database at `path`, with the texts of `predecessors`, databases of schema 1."""
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table
        with suppress(sqlite3.OperationalError):  # a file system without shared memory keeps the journal it has
            connection.execute("PRAGMA journal_mode = WAL")
        with connection:
            connection.execute("BEGIN")
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
            for predecessor in predecessors:
                connection.executemany(_INSERT, _texts_of_schema_1(predecessor))


def open_existing(path: Path) -> sqlite3.Connection:
    """A connection to the database at `path`. Raises `sqlite3.Error`, also for one with other tables."""
    connection = _connect(path)
    try:
        connection.executescript(_PRAGMAS)
        tables = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        version = connection.execute("PRAGMA user_version").fetchone()
        # SQLite would take a damaged definition as it is, and find rows that nobody wrote.
        if version != (SCHEMA,) or sorted(tables) != sorted((table.encode(),) for table in _TABLES):
            raise sqlite3.DatabaseError("not a database of the generation cache")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    connection.text_factory = bytes  # damaged text may not be UTF-8
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    return connection


def find(
    connection: sqlite3.Connection, keys: Sequence[str], kind: str
) -> tuple[dict[str, bytes], list[Row], list[Row]]:
    """The intact payloads by key, their rows, and the rows of damaged entries."""
    names = {key.encode(): key for key in keys}
    found: dict[str, bytes] = {}
    intact: list[Row] = []
    damaged: list[Row] = []
    marks = ",".join("?" * len(names))
    query = f"SELECT rowid, used, key, checksum, payload FROM entries WHERE kind = ? AND key IN ({marks})"
    for number, used, key, checksum, payload in connection.execute(query, (kind.encode(), *names)):
        if key in names and isinstance(payload, bytes) and checksum == _checksum(key, kind.encode(), payload):
            found[names[key]] = payload
            intact.append((number, used))
        else:
            damaged.append((number, used))
    return found, intact, damaged


_INSERT = "INSERT OR REPLACE INTO entries (key, kind, used, checksum, payload) VALUES (?, ?, ?, ?, ?)"


def _entry(key: bytes, kind: bytes, payload: bytes, used: int) -> tuple[bytes, bytes, int, bytes, bytes]:
    return key, kind, used, _checksum(key, kind, payload), payload


def insert(connection: sqlite3.Connection, key: str, kind: str, payload: bytes) -> None:
    """Store `payload` under `key`, in place of what was there."""
    connection.execute(_INSERT, _entry(key.encode(), kind.encode(), payload, time.time_ns()))


def mark_used(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Note that these entries were used now."""
    now = time.time_ns()
    with connection:  # commits, or rolls back
        connection.execute("BEGIN IMMEDIATE")
        update = "UPDATE entries SET used = ? WHERE rowid = ? AND used = ?"
        connection.executemany(update, [(now, *row) for row in rows])


def set_aside(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Move damaged entries to a table of their own, unless they were replaced meanwhile."""
    with connection:  # commits, or rolls back
        connection.execute("BEGIN IMMEDIATE")
        for row in rows:
            connection.execute("INSERT INTO damaged SELECT * FROM entries WHERE rowid = ? AND used IS ?", row)
            connection.execute("DELETE FROM entries WHERE rowid = ? AND used IS ?", row)


def evict(connection: sqlite3.Connection, limit: int) -> None:
    """Delete the least recently used entries, and shrink the file, once it takes more than `limit` bytes."""

    def size(pages: str) -> int:
        tables = "pragma_page_count, pragma_freelist_count, pragma_page_size"
        return connection.execute(f"SELECT ({pages}) * page_size FROM {tables}").fetchone()[0]

    if size("page_count") <= limit:
        return
    oldest = "SELECT rowid FROM entries ORDER BY used LIMIT max(1, (SELECT count(*) / 20 FROM entries))"
    with connection:  # commits, or rolls back
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM damaged")
        while size("page_count - freelist_count") > _KEPT * limit:
            if not connection.execute(f"DELETE FROM entries WHERE rowid IN ({oldest})").rowcount:
                break
    connection.executescript("PRAGMA incremental_vacuum")  # `execute` gives back one page only


def count(connection: sqlite3.Connection) -> tuple[dict[str, int], int]:
    """How many entries of each kind there are, and how many were set aside."""
    kinds = connection.execute("SELECT kind, count(*) FROM entries GROUP BY kind ORDER BY kind").fetchall()
    (damaged,) = connection.execute("SELECT count(*) FROM damaged").fetchone()
    return {str(kind, "ascii", "replace"): number for kind, number in kinds}, damaged


def _texts_of_schema_1(path: Path) -> Iterator[tuple[bytes, bytes, int, bytes, bytes]]:
    """The intact texts in a database of schema 1, as rows of this one; nothing more where it cannot be read on.

    That schema knew texts only, and stored embeddings and log-probabilities as the token ids of a text: integers of
    seven and more digits, which no vocabulary has.
    """
    with suppress(*TROUBLES), closing(_connect(path)) as connection:
        rows = connection.execute("SELECT key, payload, checksum, at FROM entries JOIN uses USING (id)")
        for key, payload, checksum, used in rows:
            if not (isinstance(key, bytes) and isinstance(payload, bytes) and isinstance(used, int)):
                continue
            intact = checksum == hashlib.blake2b(b"%d:%b%b" % (len(key), key, payload), digest_size=16).digest()
            if intact and not re.search(rb"\d{7}", payload):
                yield _entry(key, b"text", payload, used)


def _checksum(key: bytes, kind: bytes, payload: bytes) -> bytes:
    return hashlib.blake2b(b"%d:%d:%b%b%b" % (len(key), len(kind), key, kind, payload), digest_size=16).digest()


def is_busy(error: Trouble) -> bool:
    """Whether another process or connection holds a lock."""
    return _code(error) & 0xFF in _BUSY


def is_damage(error: Trouble, path: Path) -> bool:
    """Whether an error of the database at `path` means that the file itself is not as it was written."""
    if not isinstance(error, sqlite3.OperationalError):  # these are about circumstances, but for those named below
        return isinstance(error, sqlite3.Error | UnicodeDecodeError)
    if _code(error) == sqlite3.SQLITE_READONLY:  # where we may write: then it is the file's header that forbids it
        return os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)
    return _code(error) in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_IOERR_SHORT_READ)


def reason(error: Trouble, folder: Path) -> str:
    """The cause of an error of a cache in `folder`, in a few words for the reader."""
    number, code = getattr(error, "errno", None), _code(error) & 0xFF
    if code == sqlite3.SQLITE_FULL or number in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return _("the disk is full")
    if is_busy(error) or isinstance(error, TimeoutError):
        return _("another process keeps it locked")
    # Even reading needs a file beside the database.
    forbidden = code == sqlite3.SQLITE_CANTOPEN and not os.access(folder, os.W_OK)
    if forbidden or code == sqlite3.SQLITE_READONLY or number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _("it cannot be written")
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _code(error: Trouble) -> int:
    """SQLite's extended error code; 0 for what is not an error of SQLite."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR if isinstance(error, sqlite3.Error) else 0)
