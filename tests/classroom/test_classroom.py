"""nbgrader on the course: the stubs of notebooks/, full marks for the solutions, none for the unfilled."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from builder.classroom import classroom
from builder.course import Course, load

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).parents[1] / "builder" / "fixtures" / "course"


@pytest.fixture(autouse=True)
def tools_on_the_path(monkeypatch):
    """nbgrader starts `alembic` by name; it lies beside this interpreter."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


def nbgrader(folder: Path, root: Path, *words: str) -> str:
    """Run one nbgrader command in the course folder `folder`; what it printed."""
    kernels = folder.parent / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(spec))
    env = {
        **os.environ,
        "JUPYTER_PATH": str(folder.parent / "jupyter"),  # kernels are this interpreter, whatever is installed
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
        "PROMPT2DATA_OUTPUT": str(folder.parent),
    }
    env.pop("PROMPT2DATA_STRICT", None)  # the course folder's own configuration has to set it
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def code_of(path: Path) -> dict[str, str]:
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"}


def hand_in(folder: Path, student: str, lesson: str, answers: dict[str, str]) -> None:
    """Hand in the released notebook of `lesson`, with its exercise cells as `answers` has them."""
    released = nbformat.read(folder / "release" / lesson / f"{lesson}.ipynb", as_version=4)
    for cell in released.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    target = folder / "submitted" / student / lesson / f"{lesson}.ipynb"
    target.parent.mkdir(parents=True)
    nbformat.write(released, target)


def graded(course: Course, folder: Path, lesson: str) -> dict[str, tuple[float, float]]:
    """Release `lesson`, hand in its solution and its unfilled exercise, grade both: (marks, possible)."""
    from nbgrader.api import Gradebook

    nbgrader(folder, course.root, "generate_assignment", lesson, "--create")
    released = code_of(folder / "release" / lesson / f"{lesson}.ipynb")
    assert released == code_of(course.exercise(lesson)), "nbgrader's stubs and those of notebooks/ differ"
    hand_in(folder, "solved", lesson, code_of(course.solution(lesson)))
    hand_in(folder, "unfilled", lesson, released)
    nbgrader(folder, course.root, "autograde", lesson, "--create")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        found = {who: book.find_submission(lesson, who) for who in ("solved", "unfilled")}
        return {who: (submission.score, submission.max_score) for who, submission in found.items()}


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
    course = load(ROOT)
    possible = points(course.exercise(lesson))
    assert graded(course, course_folder, lesson) == {
        "solved": (possible, possible),
        "unfilled": (0, possible),
    }


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
