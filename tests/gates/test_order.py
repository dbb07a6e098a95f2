"""The order of the tests, in a real run of two workers: quick ones, solutions, exercises last."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import conftest

ROOT = Path(__file__).parents[2]
FOLDERS = ("gates", "course", "checks", "pipelines", "notebooks")
LOGGED = """
import os
import pytest
from prompt2data.cache import GenerationCache

def note(what):
    with open(os.environ["LOG"], "a") as log:
        log.write(f"{os.environ.get('PYTEST_XDIST_WORKER', 'alone')} {what} {os.environ['PROMPT2DATA_CACHE']}\\n")
"""
NOTEBOOKS = """
@pytest.mark.parametrize("name", ["01", "02", "03"])
def test_exercise(name, generations, record_property):
    note(f"exercise-{name}")
    record_property("notebook", {"lesson": name, "half": "notebooks", "passed": 2, "compared": 0, "seconds": 3.0,
                                 "made": None, "cells": {"setup": 1.5}})

@pytest.mark.parametrize("name", ["01", "02", "03"])
def test_solution(name, generations, record_property):
    note(f"solution-{name}")
    GenerationCache(generations).put(name, "text", b"")
    record_property("notebook", {"lesson": name, "half": "solutions", "passed": 2, "compared": 1, "seconds": 9.0,
                                 "made": None, "cells": {"setup": 1.5, "slow": 6.25}})
"""
ORDER = (
    "gate-1 gate-2 course-1 course-2 solution-01 solution-02 solution-03 long-1 long-2 "
    "exercise-01 exercise-02 exercise-03"
).split()


class Course:
    """A folder with tests that note when they run; `run` is a test run in it."""

    def __init__(self, root: Path):
        self.root = root
        for name in ("conftest.py", "network.py", "notebooks/tables.py"):
            (root / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "tests" / name, root / "tests" / name)
        for path, name in (("gates/test_a", "gate"), ("course/test_a", "course"), ("pipelines/test_a", "long")):
            tests = "".join(f"\ndef test_{number}():\n    note('{name}-{number}')\n" for number in (1, 2))
            self.write(f"tests/{path}.py", LOGGED + tests)
        self.write("tests/notebooks/test_notebooks.py", LOGGED + NOTEBOOKS)
        paths = " ".join(f"tests/{folder}" for folder in FOLDERS)
        self.write("pytest.ini", f"[pytest]\ntestpaths = {paths}\npythonpath = .\naddopts = --import-mode=importlib\n")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def run(self, *words: str, **extra: str) -> tuple[list[list[str]], str]:
        """([worker, test, cache] of each test in the order in which they began, what pytest printed)."""
        log = self.root / "log"
        log.unlink(missing_ok=True)
        dropped = ("PYTEST_", "PROMPT2DATA_", "PYTHONPATH")
        env = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
        env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take longer to load than these tests to run
        command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "no:cacheprovider", *words]
        done = subprocess.run(
            command, cwd=self.root, env={**env, "LOG": str(log), **extra}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [line.split() for line in log.read_text().splitlines()], done.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return Course(tmp_path_factory.mktemp("order"))


def test_two_workers(course: Course):
    ran, said = course.run("-n", "2")
    tests = [test for _, test, _ in ran]
    assert sorted(tests) == sorted(ORDER)
    for worker in {worker for worker, _, _ in ran}:
        mine = [ORDER.index(test) for who, test, _ in ran if who == worker]
        assert mine == sorted(mine), "each worker goes through the order"
    for name in ("gate", "course", "long"):
        assert len({worker for worker, test, _ in ran if test.startswith(name)}) == 1, "a file stays on one worker"
    assert {cache for _, _, cache in ran} == {"off"}, "a test meets no cache but the one it asks for"
    assert "generation cache of the notebooks: cold" in said
    assert "6 notebooks run under nbval: 12 cells, 3 outputs compared" in said
    assert "solutions/01  slow               6.2" in said, "workers hand their cells' seconds over"


def test_one_after_another(course: Course):
    ran, _ = course.run("-n", "0")
    assert [test for _, test, _ in ran] == ORDER


def test_a_kept_cache(course: Course, tmp_path: Path):
    kept = str(tmp_path / "kept")
    _, said = course.run("-n", "2", PROMPT2DATA_CACHE=kept)
    assert f"generation cache of the notebooks: cold, nothing is kept in {kept} yet" in said
    ran, said = course.run("-n", "2", PROMPT2DATA_CACHE=kept)
    assert f"generation cache of the notebooks: warm, 3 texts kept in {kept}" in said, "all workers filled one folder"
    assert {cache for _, _, cache in ran} == {"off"}


def test_what_the_order_names_is_there():
    """A renamed file would run whenever its folder's turn comes."""
    named = (*conftest.QUICK, *conftest.LONGEST, *conftest.LAST, *conftest.INDEPENDENT)
    assert not [name for name in named if not (ROOT / name.split("::")[0]).exists()]
    text = (ROOT / "tests" / "notebooks" / "test_notebooks.py").read_text("utf-8")
    assert all(f"def {name.split('::')[1][:-1]}(" in text for name in named if "test_notebooks.py::" in name)
