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
from tests.cache.support import ROOT, child, database, is_right, key_of

PROCESSES = 8


@pytest.mark.parametrize(
    ("seconds", "limit"), [pytest.param(5, 256_000_000, id="all-kept"), pytest.param(2, 250_000, id="evicting")]
)
def test_no_wrong_value_no_crash_nothing_lost(tmp_path, seconds, limit):
    folder, draw = tmp_path / "generations", random.Random(3)
    log = tmp_path / "kept"
    until = time.time() + seconds
    numbers: Iterator[int] = iter(range(1_000_000))

    def start() -> subprocess.Popen:
        command = child("hammer", folder, next(numbers), until, log, limit)
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    running = [start() for _ in range(PROCESSES)]
    kills = 0
    while time.time() < until - 0.3:
        time.sleep(draw.uniform(0.02, 0.15))  # spreads the kills; nothing waits for it
        place = draw.randrange(PROCESSES)
        if running[place].poll() is None:
            running[place].kill()
            kills += 1
        output, errors = running[place].communicate()
        assert running[place].returncode in (0, -9), errors
        running[place] = start()
    ended = [(process.communicate(timeout=30), process.returncode) for process in running]
    assert [code for _, code in ended] == [0] * PROCESSES, [errors for (_, errors), _ in ended]
    assert kills > 10 and sum(int(output) for (output, _), _ in ended) > 20

    kept = set(log.read_text("ascii").split())
    found = GenerationCache(folder).get([key_of(number) for number in range(600)])
    assert all(is_right(*item) for item in found.items())
    assert found and (kept <= set(found) or limit < 1_000_000), "what was kept is lost"
    assert [path.name for path in folder.iterdir() if path.name != ".lock"] == [database(folder).parent.name]
    _check(database(folder))


def _check(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = "SELECT count(*) FROM entries e FULL JOIN uses u ON u.id = e.id WHERE u.id IS NULL OR e.id IS NULL"
    assert connection.execute(rows).fetchone() == (0,), "an entry without its time of use would never go"
    assert connection.execute("SELECT count(*) FROM damaged").fetchone() == (0,)
    connection.close()
