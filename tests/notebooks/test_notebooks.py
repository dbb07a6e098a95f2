"""Every notebook of the course, from first to last cell, with the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.course import load
from builder.validate import MIN_COMPARED

ROOT = Path(__file__).parents[2]
COURSE = load(ROOT)
EXERCISES = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
LOCALIZED = [
    path
    for language in COURSE.built_languages[1:]
    for lesson in COURSE.lessons
    for path in (COURSE.solution(lesson.name, language.code), COURSE.exercise(lesson.name, language.code))
]


def name(path: Path) -> str:
    return path.stem


def name_with_language(path: Path) -> str:
    return f"{path.parents[1].name}/{path.parent.name}/{path.stem}"


def test_every_lesson_has_both_halves():
    listed = [lesson.name for lesson in COURSE.lessons]
    assert listed, "course.toml lists no lesson"
    assert [path.stem for path in EXERCISES] == listed
    assert [path.stem for path in SOLUTIONS] == listed
    assert all(path.is_file() for path in LOCALIZED)
    assert len(LOCALIZED) == 2 * len(listed) * (len(COURSE.built_languages) - 1)


@pytest.mark.parametrize("path", EXERCISES, ids=name)
def test_exercise(path: Path, nbval):
    """As a learner first meets it: nothing filled in, and still no error."""
    ran = nbval(path)
    assert ran.ok, f"{ran.passed} of {ran.code_cells} cells passed\n{ran.report}"


@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_solution(path: Path, nbval):
    ran = nbval(path, strict=True)
    assert ran.ok, f"{ran.passed} of {ran.code_cells} cells passed\n{ran.report}"
    assert ran.compared >= MIN_COMPARED


@pytest.mark.parametrize("path", LOCALIZED, ids=name_with_language)
def test_localized(path: Path, nbval):
    """The same in the other languages; what the English notebooks generated is found again."""
    solved = path.parent.name == "solutions"
    ran = nbval(path, strict=solved)
    assert ran.ok, f"{ran.passed} of {ran.code_cells} cells passed\n{ran.report}"
    assert not solved or ran.compared >= MIN_COMPARED
