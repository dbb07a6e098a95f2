"""Eight processes on one cache, some of them killed at any moment."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt2data.cache import GenerationCache
from tests.cache.support import ROOT, child, get, is_right, key_of, newest_database

PROCESSES = 8


@pytest.mark.parametrize(
    ("kills", "limit"), [pytest.param(30, 256_000_000, id="all-kept"), pytest.param(15, 250_000, id="evicting")]
)
def test_no_wrong_value_no_crash_nothing_lost(tmp_path, kills, limit):
    folder, stop, draw = tmp_path / "generations", tmp_path / "stop", random.Random(3)
    log = tmp_path / "kept"
    log.touch()
    numbers: Iterator[int] = iter(range(1_000_000))

    def start() -> subprocess.Popen:
        command = child("hammer", folder, next(numbers), stop, log, limit)
        return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    running = [start() for _ in range(PROCESSES)]
    for _kill in range(kills):
        size = log.stat().st_size
        while log.stat().st_size < size + 20 * 65:  # 20 keys
            assert all(process.poll() is None for process in running), "one ended by itself"
            time.sleep(draw.uniform(0, 0.03))  # spreads the kills
        index = draw.randrange(PROCESSES)
        running[index].kill()
        running[index].communicate()
        running[index] = start()
    stop.touch()
    ended = [(process.communicate()[1], process.returncode) for process in running]
    assert [code for _, code in ended] == [0] * PROCESSES, [errors for errors, _ in ended]

    kept = set(log.read_text("ascii").split())
    found = get(GenerationCache(folder), [key_of(number) for number in range(600)])
    assert all(is_right(*item) for item in found.items())
    assert found and (kept <= set(found) or limit < 1_000_000), "what was kept is lost"
    assert [path.name for path in folder.iterdir() if path.name != ".lock"] == [newest_database(folder).parent.name]
    _check(newest_database(folder))


def _check(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT count(*) FROM damaged").fetchone() == (0,)
    connection.close()
