"""The teacher's day as docs/teaching.md tells it: hand out, hand in, collect, grade, give back, over one folder."""

from __future__ import annotations

import getpass
from pathlib import Path

import nbformat
import pytest

from builder.classroom import classroom
from builder.course import load
from tests.classroom.grading_day import LESSON, brief, code_of, marks, nbgrader

ROOT = Path(__file__).parents[2]
LINES = "c.Exchange.root = {root!r}\nc.CourseDirectory.course_id = 'prompt2data'\n"


@pytest.mark.parametrize("language", ["ko"])
def test_from_release_to_feedback(tmp_path: Path, generations: str, language: str):
    course, teacher, student, exchange = load(ROOT), *(tmp_path / name for name in ("class", "student", "exchange"))
    classroom(course, teacher, language)
    for folder in (student, exchange):
        folder.mkdir()
    exchange.chmod(0o777)
    lines = LINES.format(root=str(exchange))
    with (teacher / "nbgrader_config.py").open("a") as config:
        config.write(lines)
    config = tmp_path / "home" / ".jupyter" / "nbgrader_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(f"c = get_config()\n{lines}")
    own = {"JUPYTER_CONFIG_DIR": str(config.parent), "JUPYTER_DATA_DIR": str(tmp_path / "data")}

    nbgrader(teacher, ROOT, "generate_assignment", LESSON, "--create")
    nbgrader(teacher, ROOT, "release_assignment", LESSON)
    nbgrader(student, ROOT, "fetch_assignment", LESSON, "--course", "prompt2data", **own)
    path = student / LESSON / f"{LESSON}.ipynb"
    notebook, right = nbformat.read(path, as_version=4), code_of(course.solution(LESSON, language))
    for cell in notebook.cells:
        if cell.id == "ex-pairs-code":
            cell.source = right[cell.id]
    brief(notebook)
    nbformat.write(notebook, path)
    assert "VALIDATION FAILED ON 2 CELL(S)" in nbgrader(student, ROOT, "validate", str(path), **own)
    nbgrader(student, ROOT, "submit", LESSON, "--course", "prompt2data", **own)

    nbgrader(teacher, ROOT, "collect", LESSON)
    nbgrader(teacher, ROOT, "autograde", LESSON, "--create")
    assert marks(teacher, LESSON, getpass.getuser()) == (1, 6)
    nbgrader(teacher, ROOT, "generate_feedback", LESSON)
    nbgrader(teacher, ROOT, "release_feedback", LESSON)
    nbgrader(student, ROOT, "fetch_feedback", LESSON, "--course", "prompt2data", **own)
    [page] = (student / LESSON / "feedback").rglob(f"{LESSON}.html")
    assert "(Score: 1.0 / 6.0)" in page.read_text("utf-8")
