"""Texts that an older version kept, in a database of schema 1, are found; that database stays as it is."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from prompt2data.engine.value_cache import unpack_text
from tests.cache.support import ROOT, get, key_of, put

OLD = ROOT / "tests" / "compat" / "v0_1" / "generations"


@pytest.fixture
def old(folder) -> Path:
    """The database of the older version in the cache's folder."""
    shutil.copytree(OLD, folder)
    (path,) = folder.glob("v1-*/entries.sqlite")
    return path


def keys(old: Path) -> list[str]:
    with closing(sqlite3.connect(old)) as connection:
        return [key.decode() for (key,) in connection.execute("SELECT key FROM entries ORDER BY id")]


def execute(old: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        assert connection.execute(statement, values).rowcount == 1


def test_its_texts_are_found(old, folder, open_cache, said):
    before = old.read_bytes()
    one = open_cache()
    assert one.stats().kinds == {"text": 10}
    assert one.stats().bytes > old.stat().st_size
    found = get(one, keys(old))
    assert set(found) == set(keys(old)) and said() == []
    for payload in found.values():
        tokens, reason = unpack_text(payload)
        assert tokens and reason in ("stop", "length")
    assert old.read_bytes() == before and list(folder.glob("v1-*/*")) == [old]


def test_what_a_killed_process_left_in_the_log_is_found_as_well(old, folder, open_cache):
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("DELETE FROM entries WHERE id = 1")
        copy = folder.with_name("killed")
        shutil.copytree(folder, copy)
    assert (copy / old.relative_to(folder)).with_name("entries.sqlite-wal").stat().st_size
    assert open_cache(copy).stats().entries == 9


def test_it_is_read_once(old, open_cache):
    one = open_cache()
    put(one, key_of(1))
    shutil.rmtree(old.parent)
    assert one.stats().entries == 11 and open_cache().stats().entries == 11


def test_cleared_it_does_not_come_back(old, folder, open_cache):
    one = open_cache()
    one.clear()
    put(one, key_of(1))
    assert one.stats().entries == 1 and not old.exists()


def test_only_intact_texts_are_taken_over(old, open_cache, said):
    first, second, *rest = keys(old)
    execute(old, "UPDATE entries SET payload = replace(payload, '1', '2') WHERE key = ?", first.encode())
    bits = b'{"tokens":[3184732345,1034821998],"finish_reason":"stop"}'  # an embedding, as that schema stored it
    checksum = hashlib.blake2b(b"%d:%b%b" % (len(second), second.encode(), bits), digest_size=16).digest()
    execute(old, "UPDATE entries SET payload = ?, checksum = ? WHERE key = ?", bits, checksum, second.encode())
    one = open_cache()
    assert set(get(one, [first, second, *rest])) == set(rest)
    assert one.stats().kinds == {"text": len(rest)} and said() == []


@pytest.mark.parametrize("content", [b"", b"garbage " * 1000, None])
def test_one_that_cannot_be_read_is_left_alone(old, folder, open_cache, said, content):
    content = old.read_bytes()[:9000] if content is None else content
    old.write_bytes(content)
    one = open_cache()
    put(one, key_of(1))
    assert key_of(1) in get(one, [key_of(1)]) and said() == []
    assert old.read_bytes() == content
