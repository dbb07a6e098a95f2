"""A day of grading in each language that the course is translated into: everyone earns what they answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builder.course import SOURCE_LANGUAGE, load
from tests.classroom.grading_day import LESSON, graded_day, marks, nbgrader

ROOT = Path(__file__).parents[2]
LANGUAGES = [language.code for language in load(ROOT).built_languages if language.code != SOURCE_LANGUAGE]
EARNED = {"right": 6, "environment": 0}  # all kinds of hand-ins are graded in English


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day(tmp_path: Path, generations: str, language: str):
    folder, log = graded_day(tmp_path, ROOT, language, {}, only=EARNED)
    assert {student: marks(folder, LESSON, student) for student in EARNED} == {
        student: (earned, 6) for student, earned in EARNED.items()
    }
    told = {student for student in EARNED if re.search(rf"{student}, {LESSON}: .", log)}
    assert told == {"environment"}
    path = folder / "submitted" / "right" / LESSON / f"{LESSON}.ipynb"
    assert "Success!" in nbgrader(folder, ROOT, "validate", str(path))
