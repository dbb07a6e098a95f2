"""What runs in a process of its own, to be killed, forked or short of disk: `python -m tests.cache.children NAME ...`.

Each function ends the process with 0 only if all was as it must be.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import warnings
from pathlib import Path

from prompt2data.cache import CacheUnavailable, CacheWarning, GenerationCache
from tests.cache.support import get, is_right, key_of, newest_database, put


def hammer(folder: str, seed: str, stop: str, log: str, limit: str) -> None:
    """Get and put overlapping keys until the file `stop` is there; each key goes to `log` once its put has returned.

    Any warning of the cache is an error here: a killed neighbour is no reason for one.
    """
    warnings.simplefilter("error", CacheWarning)
    draw = random.Random(int(seed))
    cache = GenerationCache(folder, limit=int(limit))
    with open(log, "ab", buffering=0) as kept:
        while not Path(stop).exists():
            keys = [key_of(draw.randrange(600)) for _ in range(16)]
            found = get(cache, keys)
            wrong = [key for key, entry in found.items() if key not in keys or not is_right(key, entry)]
            assert not wrong, f"wrong entries: {wrong}"
            for key in [key for key in keys if key not in found][:4] + keys[:2]:
                put(cache, key, draw.choice([2, 4, 30]))
                kept.write(key.encode() + b"\n")


def fork(folder: str) -> None:
    """Fork with the cache in use, again and again, while a thread writes; children write, and end as programs do."""
    warnings.simplefilter("error", CacheWarning)
    cache = GenerationCache(folder)
    stop = threading.Event()
    written = []

    def keep_writing() -> None:
        while not stop.is_set():
            key = key_of(100_000 + len(written))
            put(cache, key)
            written.append(key)

    first = [key_of(number) for number in range(50)]
    for key in first:
        put(cache, key)
    thread = threading.Thread(target=keep_writing)
    thread.start()
    children = []
    for place in range(1, 11):
        pid = os.fork()
        if not pid:
            own = [key_of(1000 * place + number) for number in range(10)]
            for key in own:
                put(cache, key)
            found = get(cache, [*first, *own])
            sys.exit(0 if len(found) == 60 and all(is_right(*item) for item in found.items()) else 1)
        children.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    stop.set()
    thread.join()
    assert codes == [0] * 10, codes
    expected = [*first, *written, *(key_of(1000 * place + number) for place in range(1, 11) for number in range(10))]
    assert set(get(cache, expected)) == set(expected)
    cache.close()
    with sqlite3.connect(newest_database(Path(folder))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def write(folder: str, first: str, stop: str) -> None:
    """Write some entries."""
    cache = GenerationCache(folder)
    for number in range(int(first), int(stop)):
        put(cache, key_of(number))


def write_and_die(folder: str, first: str, stop: str) -> None:
    """Write some entries, and leave the write-ahead log as it is."""
    write(folder, first, stop)
    os.kill(os.getpid(), signal.SIGKILL)


def file_limit(folder: str) -> None:
    """A file that may not grow any further, as under a quota."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    cache = GenerationCache(folder)
    kept = _until_it_says(cache)
    _all_there(cache, kept)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    put(cache, key_of(5000))
    _all_there(cache, [*kept, key_of(5000)])


def no_permission(folder: str) -> None:
    """A folder that this process may not write into."""
    try:
        (Path(folder) / "probe").touch()
    except PermissionError:
        pass
    else:
        raise AssertionError("this process may write everywhere: the test would show nothing")
    cache = GenerationCache(folder)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        put(cache, key_of(1))
        assert get(cache, [key_of(1)]) == {}
    (warning,) = heard
    assert "cannot be written" in str(warning.message)


def full_disk(folder: str) -> None:
    """A disk of half a megabyte, filled to the last byte; then room is made."""
    _mount(folder)
    cache = GenerationCache(Path(folder) / "cache")
    first = key_of(9999)
    put(cache, first)
    filler = Path(folder) / "filler"
    with suppress_full(), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1000)
    kept, sentence = [first], ""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", CacheWarning)
        for number in range(300):
            put(cache, key_of(number), 30)
        found = get(cache, [first, *map(key_of, range(300))])
        (sentence,) = [str(one.message) for one in heard]
        assert "the disk is full" in sentence and "prompt2data cache clear" in sentence, sentence
    assert first in found and len(found) < 50 and all(is_right(*item) for item in found.items())
    cache.close()
    # Whoever comes to the full disk may find nothing, but lives.
    late = GenerationCache(Path(folder) / "cache")
    get(late, [first])
    put(late, key_of(1))
    late.clear()
    filler.unlink()
    for one in (late, cache):
        put(one, first)
        _all_there(one, kept)


def first_use_on_a_full_disk(folder: str) -> None:
    """There was never a cache, and there is no room for one."""
    _mount(folder)
    with suppress_full(), open(Path(folder) / "filler", "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1000)
    cache = GenerationCache(Path(folder) / "cache")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", CacheWarning)
        put(cache, key_of(1))
        assert get(cache, [key_of(1)]) == {}
    assert ["the disk is full" in str(one.message) for one in heard] == [True], [str(one.message) for one in heard]


def read_only_disk(folder: str) -> None:
    """A cache on a disk that has become read-only."""
    _mount(folder)
    cache = GenerationCache(Path(folder) / "cache")
    put(cache, key_of(1))
    cache.close()
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", CacheWarning)
        put(cache, key_of(2))
        get(cache, [key_of(1)])
        assert Path(folder).joinpath("cache").is_dir()
    sentences = [str(one.message) for one in heard]
    assert len(sentences) == 1 and "another folder" in sentences[0] and "cannot be written" in sentences[0], sentences
    try:
        cache.clear()
    except CacheUnavailable:
        return
    raise AssertionError("it was cleared on a read-only disk")


class suppress_full:
    """Suppresses the error of a full disk."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, _traceback: object) -> bool:
        return isinstance(error, OSError)


def _mount(folder: str) -> None:
    """A small disk of this process's own, gone with it (it runs in a mount namespace)."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], check=True)
    assert shutil.disk_usage(folder).total <= 600_000


def _until_it_says(cache: GenerationCache) -> list[str]:
    """Put entries until the cache says that it keeps no more; the keys of those it kept."""
    keys: list[str] = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", CacheWarning)
        while not heard:
            keys.append(key_of(len(keys)))
            put(cache, keys[-1])
            assert len(keys) < 5000, "it never said so"
        for number in range(20):
            cache.put(key_of(10_000 + number), "text", bytes(10_000))
        assert len(heard) == 1, [str(one.message) for one in heard]
        assert "prompt2data cache clear" in str(heard[0].message)
    return keys[:-1]


def _all_there(cache: GenerationCache, keys: list[str]) -> None:
    found = get(cache, keys)
    assert set(found) == set(keys) and keys
    assert all(is_right(*item) for item in found.items())


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
