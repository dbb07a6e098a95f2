"""nbgrader on the course: the stubs of notebooks/, full marks for the solutions, none for the unfilled."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from builder.classroom import classroom
from builder.course import Course, load
from tests.classroom.grading_day import Edit, brief, code_of, hand_in, marks, nbgrader, released

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).parents[1] / "builder" / "fixtures" / "course"


def graded(course: Course, folder: Path, lesson: str, *edit: Edit) -> dict[str, tuple[float, float]]:
    """Release `lesson`, hand in its solution and its unfilled exercise, grade both: (marks, possible)."""
    nbgrader(folder, course.root, "generate_assignment", lesson, "--create")
    unfilled, stubs = code_of(released(folder, lesson)), code_of(course.exercise(lesson))
    differ = {cell for cell in unfilled | stubs if unfilled.get(cell) != stubs.get(cell)}
    assert all(cell.endswith("-check") for cell in differ), "nbgrader's stubs and those of notebooks/ differ"
    for cell in differ:  # but not in what they check
        assert unfilled[cell].replace(", graded=True", "").endswith(ast.unparse(ast.parse(stubs[cell])))
    hand_in(folder, "solved", lesson, code_of(course.solution(lesson)), *edit)
    hand_in(folder, "unfilled", lesson, unfilled, *edit)
    nbgrader(folder, course.root, "autograde", lesson, "--create")
    return {who: marks(folder, lesson, who) for who in ("solved", "unfilled")}


def faults_of_unfilled(folder: Path, lesson: str) -> list[str]:
    """What the unfilled hand-in shows but that each check, and nothing else, says that nothing was attempted."""
    faults = []
    for cell in nbformat.read(folder / "autograded" / "unfilled" / lesson / f"{lesson}.ipynb", as_version=4).cells:
        outputs = cell.get("outputs", [])
        errors = [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
        if cell.metadata.get("nbgrader", {}).get("grade"):
            if not any("not attempted" in error.lower() for error in errors):
                faults.append(f"{cell.id}: an unfilled exercise must be refused as not attempted, but: {errors}")
        elif errors:
            faults.append(f"{cell.id}: raised {errors}")
    return faults


def points(path: Path) -> int:
    """Marks there are in an exercise notebook: by the levels in its headings."""
    text = path.read_text(encoding="utf-8")
    levels = re.findall(r'"### (🐢|🐕|🦁) Exercise', text)
    return sum({"🐢": 1, "🐕": 2, "🦁": 3}[level] for level in levels)


@pytest.fixture(autouse=True)
def cache_of_the_run(generations: str, monkeypatch):
    """A hand-in generates in its given cells what the solution did, which the run has by then."""
    monkeypatch.setenv("PROMPT2DATA_CACHE", generations)


@pytest.fixture(scope="module")
def course_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("classroom") / "course"
    classroom(load(ROOT), folder)
    return folder


@pytest.mark.parametrize("lesson", [entry.name for entry in load(ROOT).lessons])
def test_marks(lesson: str, course_folder: Path):
    """Without the cells that merely show something: they run in the notebooks' own tests."""
    course = load(ROOT)
    possible = points(course.exercise(lesson))
    assert graded(course, course_folder, lesson, brief) == {
        "solved": (possible, possible),
        "unfilled": (0, possible),
    }
    assert not faults_of_unfilled(course_folder, lesson)


def test_a_wrong_answer_earns_nothing(tmp_path: Path):
    """The marks follow the answers, one exercise at a time (on the small course, which has no model)."""
    from builder.build import build

    root = tmp_path / "small"
    shutil.copytree(SMALL, root, ignore=shutil.ignore_patterns("__pycache__"))
    course = load(root)
    build(course, list(course.lessons), True, lambda _: None)
    solution = course.solution("01_counting")
    solution.write_text(solution.read_text().replace("return max(every", "return min(every"))
    classroom(course, tmp_path / "class")
    assert graded(course, tmp_path / "class", "01_counting") == {"solved": (4, 6), "unfilled": (0, 6)}
