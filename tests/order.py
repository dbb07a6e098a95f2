"""In which order the tests run: what takes seconds first, then the longest first.

Exercises and other languages come after the English solutions, whose generations they find again.

The order is by unit: what one worker runs in one piece. That is a file, whose tests may share a kernel or a browser;
the notebooks and their grading are a unit each. `durations.toml` holds the seconds of each unit, as
`--record-durations` wrote them; a unit it does not know starts early, since it may be long.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DURATIONS = ROOT / "tests" / "durations.toml"
# So that a slip is told at once. Their files keep the order of pyproject's testpaths.
QUICK = ("tests/gates/", "tests/course/", "tests/quality/", "tests/ground/", "tests/checks/")
# Files whose tests share nothing that is dear: each test may run on another worker.
SPLIT = (
    "tests/notebooks/test_notebooks.py",
    "tests/classroom/test_classroom.py",
    "tests/browser/test_languages.py",
    "tests/browser/test_lessons.py",
    "tests/browser/test_static.py",
)
# They answer their generations from what the solutions made: by then those have finished.
LAST = (
    "tests/notebooks/test_notebooks.py::test_exercise[",
    "tests/notebooks/test_notebooks.py::test_localized[",
    "tests/classroom/test_classroom.py::test_marks[",
    "tests/browser/test_languages.py",
    "tests/browser/test_lessons.py",
)
HEADER = """\
# Seconds that each unit of tests took, set-up included, in one whole run with an empty generation cache.
# What decides is their order: the longest start first. `make test TESTS=--record-durations` writes this file.
"""


def unit(test: str) -> str:
    """The unit that the test with this node id belongs to."""
    file = test.split("::")[0]
    return test if file in SPLIT else file


def read(path: Path = DURATIONS) -> dict[str, float]:
    """Seconds by unit."""
    return tomllib.loads(path.read_text("utf-8"))["seconds"] if path.is_file() else {}


def place(test: str, seconds: Mapping[str, float]) -> tuple[int, float]:
    """What to sort the test with this node id by."""
    if test.startswith(QUICK):
        return 0, 0
    return 2 if test.startswith(LAST) else 1, -seconds.get(unit(test), math.inf)


def sort(items: list[Any]) -> None:
    """Put collected pytest items into order; those of one unit keep theirs."""
    seconds = read()
    items.sort(key=lambda item: place(item.nodeid, seconds))


def record(reports: Iterable[Any], path: Path = DURATIONS, root: Path = ROOT) -> int:
    """Write down how long the units of these test reports took; how many there were.

    Other units keep what was written, as long as their file is there.
    """
    ran: dict[str, float] = {}
    for report in reports:
        if not report.nodeid.startswith(QUICK):
            ran[unit(report.nodeid)] = ran.get(unit(report.nodeid), 0) + report.duration
    kept = {name: took for name, took in read(path).items() if (root / name.split("::")[0]).is_file()}
    longest_first = sorted((kept | ran).items(), key=lambda entry: (-round(entry[1]), entry[0]))
    lines = [f'"{name}" = {round(took)}\n' for name, took in longest_first]
    path.write_text(HEADER + "\n[seconds]\n" + "".join(lines), "utf-8")
    return len(ran)


@cache
def scheduler_class() -> type:
    """An xdist scheduler that hands out whole units in the order of collection, the next one to who is free first."""
    from xdist.scheduler import LoadScopeScheduling

    class InOrder(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    return InOrder
