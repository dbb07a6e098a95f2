"""A small course without a model, copied afresh for every test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from builder.build import build
from builder.course import load
from builder.source import parse
from builder.validate import validate

FIXTURE = Path(__file__).parent / "fixtures" / "course"


class SmallCourse:
    """The copied course; `lesson` is the path of its one source."""

    def __init__(self, root: Path):
        self.root = root
        self.lesson = root / "lessons" / "01_counting.py"
        self.notebook = root / "notebooks" / "01_counting.ipynb"
        self.solution = root / "solutions" / "01_counting.ipynb"
        self.said: list[str] = []

    def edit(self, old: str, new: str, path: Path | None = None) -> int:
        """Replace the one occurrence of `old`; the line it stood on, counted from 1."""
        path = path or self.lesson
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def course(self):
        return load(self.root)

    def validated(self):
        """(lesson, exercises) of the source as it is now."""
        lesson = parse(self.lesson)
        return lesson, validate(lesson, self.course().lessons[0])

    def build(self, execute: bool = False) -> list[str]:
        """Build everything; what the build said."""
        course = self.course()
        said: list[str] = []
        build(course, list(course.lessons), execute, said.append)
        return said


@pytest.fixture
def small(tmp_path: Path) -> SmallCourse:
    shutil.copytree(FIXTURE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    return SmallCourse(tmp_path / "course")


@pytest.fixture(scope="session")
def executed(tmp_path_factory) -> Path:
    """The small course, built and executed once."""
    root = tmp_path_factory.mktemp("executed") / "course"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("__pycache__"))
    SmallCourse(root).build(execute=True)
    return root


@pytest.fixture
def built(executed: Path, tmp_path: Path) -> SmallCourse:
    """A copy of the executed course, to do harm to."""
    shutil.copytree(executed, tmp_path / "built")
    return SmallCourse(tmp_path / "built")
