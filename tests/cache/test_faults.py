"""Bad disks and stray hands: never a wrong text, never an exception, and one sentence."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from prompt2data.cache import CacheUnavailable, GenerationCache
from tests.cache.support import ROOT, child, get, is_right, key_of, newest_database, payload_of, put, run_child

ENTRIES = 100
KEYS = [key_of(number) for number in range(ENTRIES)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A cache folder with `ENTRIES` entries, closed."""
    folder = tmp_path_factory.mktemp("whole") / "generations"
    one = GenerationCache(folder)
    for key in KEYS:
        put(one, key)
    one.close()
    return folder


@pytest.fixture(scope="module")
def logged(tmp_path_factory) -> Path:
    """The same, left by a killed process: most of it is in the write-ahead log."""
    folder = tmp_path_factory.mktemp("logged") / "generations"
    done = subprocess.run(child("write_and_die", folder, 0, ENTRIES), cwd=ROOT, check=False)
    assert done.returncode == -9 and newest_database(folder).with_name("entries.sqlite-wal").stat().st_size > 10_000
    return folder


def flip(path: Path, place: int, mask: int = 0xFF) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= mask
    path.write_bytes(content)


def survives(folder: Path) -> int:
    """Read all, generate what is missing, until all is there: never a wrong entry. How many were there at first."""
    counts = []
    with closing(GenerationCache(folder)) as one:
        for _round in range(4):  # some damage is noticed only when something is written
            found = get(one, KEYS)
            assert all(is_right(*item) for item in found.items())
            counts.append(len(found))
            for key in KEYS:
                if key not in found:
                    put(one, key)
    with closing(GenerationCache(folder)) as other:
        assert get(other, KEYS) == {key: payload_of(key) for key in KEYS}
    return counts[0]


def test_a_flipped_byte_in_an_entry(whole, folder, open_cache, said):
    shutil.copytree(whole, folder)
    flip(newest_database(folder), newest_database(folder).read_bytes().index(payload_of(KEYS[50])) + 40, 1)
    one = open_cache()
    found = get(one, KEYS)
    (missing,) = set(KEYS) - set(found)
    (sentence,) = said()
    assert "set aside" in sentence and "generated again" in sentence
    assert (one.stats().damaged, one.stats().entries) == (1, ENTRIES - 1)
    assert get(one, [missing]) == {} and said() == []
    put(one, missing)
    assert get(one, [missing]) == {missing: payload_of(missing)}
    assert one.stats().entries == ENTRIES


def test_a_second_damaged_entry_is_set_aside_in_silence(whole, folder, open_cache, said):
    shutil.copytree(whole, folder)
    one = open_cache()
    for number, key in enumerate(KEYS[:3]):
        connection = sqlite3.connect(newest_database(folder), isolation_level=None)
        column, value = [("payload", b"{}"), ("payload", "text"), ("checksum", 5)][number]
        connection.execute(f"UPDATE entries SET {column} = ? WHERE key = ?", (value, key.encode()))
        connection.close()
        assert get(one, [key]) == {} and len(said()) == (number == 0)
    assert one.stats().damaged == 3


def test_an_entry_under_the_key_of_another(open_cache, folder, said):
    one = open_cache()
    put(one, KEYS[0])
    connection = sqlite3.connect(newest_database(folder), isolation_level=None)
    connection.execute("UPDATE entries SET key = ?", (KEYS[1].encode(),))
    connection.close()
    assert get(one, KEYS[:2]) == {} and len(said()) == 1


def test_any_flipped_byte_in_the_database(whole, tmp_path, said):
    draw = random.Random(5)
    size = newest_database(whole).stat().st_size
    places = [*range(0, 100, 3), *draw.sample(range(100, 8192), 26), *draw.sample(range(8192, size), 90)]
    for number, place in enumerate(places):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        flip(newest_database(folder), place, draw.choice([0xFF, 1 << draw.randrange(8)]))
        survives(folder)
        shutil.rmtree(folder)
    assert said(), "something was noticed"


def test_any_flipped_byte_in_the_write_ahead_log(logged, tmp_path):
    draw = random.Random(6)
    size = newest_database(logged).with_name("entries.sqlite-wal").stat().st_size
    for number, place in enumerate([*range(0, 56, 4), *draw.sample(range(56, size), 25)]):
        folder = tmp_path / str(number)
        shutil.copytree(logged, folder)
        flip(newest_database(folder).with_name("entries.sqlite-wal"), place)
        survives(folder)
        shutil.rmtree(folder)


def test_a_killed_process_leaves_all_it_put(logged, folder, open_cache, said):
    shutil.copytree(logged, folder)
    assert len(get(open_cache(), KEYS)) == ENTRIES and said() == []


@pytest.mark.parametrize("share", [0, 0.001, 0.03, 0.3, 0.6, 0.99])
def test_a_truncated_database(whole, folder, said, share):
    shutil.copytree(whole, folder)
    os.truncate(newest_database(folder), int(newest_database(folder).stat().st_size * share))
    survives(folder)
    assert any("damaged" in sentence for sentence in said())


@pytest.mark.parametrize("content", [b"x", b"garbage " * 10_000, b"\0" * 50_000, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_file_that_is_no_database(whole, folder, said, content):
    shutil.copytree(whole, folder)
    newest_database(folder).write_bytes(content)
    assert survives(folder) == 0
    assert len(said()) == 1


def test_a_damaged_database_is_set_aside_and_a_new_one_begun(whole, folder, open_cache, said):
    shutil.copytree(whole, folder)
    old = newest_database(folder)
    content = bytearray(old.read_bytes())
    middle = content.index(payload_of(KEYS[50])) // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    old.write_bytes(content)
    one = open_cache()
    found = get(one, KEYS)
    assert len(found) < ENTRIES and all(is_right(*item) for item in found.items())
    (sentence,) = said()
    assert str(folder) in sentence and "damaged" in sentence and "generated again" in sentence
    assert old.read_bytes() == content and newest_database(folder) != old, "it is kept for inspection"
    for key in KEYS:
        put(one, key)
    assert get(one, KEYS) == {key: payload_of(key) for key in KEYS} and said() == []
    assert one.stats().bytes > len(content)
    one.clear()
    assert not list(folder.glob("v*")) and one.stats().bytes == 0


def test_a_process_that_has_the_damaged_one_open_moves_over(whole, folder, open_cache, said):
    """And neither a leftover log nor a late close of the old one touches the new one."""
    shutil.copytree(whole, folder)
    late = open_cache()
    put(late, key_of(1000))
    old = newest_database(folder)
    with old.open("r+b") as file:
        file.write(b"\0" * 100)
    one = open_cache()
    get(one, KEYS)
    put(one, key_of(2000))
    assert newest_database(folder) != old
    put(late, key_of(3000))
    assert get(late, [key_of(2000)]) and get(one, [key_of(3000)])
    late.close()
    put(one, key_of(4000))
    one.close()
    assert len(get(open_cache(), [key_of(2000), key_of(3000), key_of(4000)])) == 3
    assert len(said()) == 1


def test_two_that_notice_at_once_make_one_new_database(whole, folder):
    shutil.copytree(whole, folder)
    newest_database(folder).write_bytes(b"garbage " * 1000)
    both = [subprocess.Popen(child("write", folder, first, first + 40), cwd=ROOT) for first in (0, 100)]
    assert [process.wait(30) for process in both] == [0, 0]
    one = GenerationCache(folder)
    assert one.stats().entries == 80 and len(list(folder.glob("v2-*"))) == 2
    one.close()


def test_a_disk_that_damages_every_new_database_is_given_up(open_cache, folder, said):
    one = open_cache()
    for number in range(6):
        put(one, key_of(number))
        one.close()
        newest_database(folder).write_bytes(b"garbage " * 1000)
    assert get(one, [key_of(1)]) == {}
    assert len(list(folder.glob("v2-*"))) == 2, "one in use, one to look into"
    assert ["damaged" in sentence for sentence in said()] == [True, False]


def test_a_database_of_a_newer_version_is_left_alone(open_cache, folder, said):
    newer = folder / "v3-000001-abcdef" / "entries.sqlite"
    newer.parent.mkdir(parents=True)
    newer.write_bytes(b"from the future")
    one = open_cache()
    put(one, KEYS[0])
    assert get(one, KEYS[:1]) and one.stats().entries == 1
    one.clear()
    assert newer.read_bytes() == b"from the future" and said() == []


def test_another_version_in_the_header_is_not_written_to(whole, folder, open_cache, said):
    shutil.copytree(whole, folder)
    connection = sqlite3.connect(newest_database(folder), isolation_level=None)
    connection.execute("PRAGMA user_version = 3")
    connection.close()
    old, content = newest_database(folder), newest_database(folder).read_bytes()
    one = open_cache()
    put(one, key_of(1000))
    assert list(get(one, [*KEYS, key_of(1000)])) == [key_of(1000)]
    assert old.read_bytes() == content and len(said()) == 1


@pytest.mark.parametrize("below", ["", "below", "far/below"])
def test_a_folder_that_cannot_be(tmp_path, said, below):
    (tmp_path / "file").write_text("a file")
    one = GenerationCache(tmp_path / "file" / below)
    for key in KEYS[:3]:
        put(one, key)
        assert get(one, [key]) == {}
    (sentence,) = said()
    assert str(tmp_path / "file") in sentence and "PROMPT2DATA_CACHE" in sentence
    for ask in (one.stats, one.clear):
        with pytest.raises(CacheUnavailable, match="folder"):
            ask()


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such permissions")
def test_a_folder_without_permission(folder):
    folder.mkdir()
    folder.chmod(0o555)
    # Root may write anywhere, unless that right is taken away.
    before = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    run_child("no_permission", folder, before=before)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such limit")
def test_a_file_that_may_not_grow(folder):
    run_child("file_limit", folder)


@pytest.fixture(scope="module")
def own_mounts() -> tuple[str, ...]:
    """The command before a command that gives it mounts of its own, as the superuser or as anybody."""
    for before in (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount")):
        try:
            probe = subprocess.run([*before, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
        except FileNotFoundError:
            break
        if probe.returncode == 0:
            return before
    pytest.skip("this system lets no process mount a disk of its own")


@pytest.mark.parametrize("fault", ["full_disk", "first_use_on_a_full_disk", "read_only_disk"])
def test_a_real_disk(fault, own_mounts, tmp_path):
    run_child(fault, tmp_path, before=own_mounts)
