"""`check` names every derived file that is not what its sources give, on copies of the small course."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from builder.build import build
from builder.check import check
from builder.course import load

FIXTURE = Path(__file__).parents[1] / "builder" / "fixtures" / "course"
NAME = "01_counting.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("check") / "course"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("__pycache__"))
    course = load(root)
    build(course, list(course.lessons), True, lambda _: None)
    return root


@pytest.fixture
def root(executed: Path, tmp_path: Path) -> Path:
    shutil.copytree(executed, tmp_path / "course")
    return tmp_path / "course"


def named(root: Path) -> dict[str, str]:
    """What `check` names: file → what it says, the last of several."""
    return {str(problem.path.relative_to(root)): problem.text for problem in check(load(root))}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def change(path: Path, how) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    how(notebook)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def test_quiet_on_what_is_right(root):
    assert named(root) == {}
    (root / "notebooks" / ".ipynb_checkpoints").mkdir()
    assert named(root) == {}, "JupyterLab's checkpoints are no stray notebooks"


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
@pytest.mark.parametrize(
    "old, new",
    [("Count them.", "Count them!"), ("# copy the words", "# copy words"), ("split()", "split(' ')")],
)
def test_edited_by_hand(root, folder, old, new):
    edit(root / folder / NAME, old, new)
    assert "differs from what its source gives (cell " in named(root)[f"{folder}/{NAME}"]


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_cell_added_or_metadata_changed(root, folder):
    path = root / folder / NAME
    before = path.read_text()
    change(path, lambda notebook: notebook["cells"].pop())
    assert list(named(root)) == [f"{folder}/{NAME}"]
    path.write_text(before)
    change(path, lambda notebook: notebook["metadata"].update(colab={}))
    assert list(named(root)) == [f"{folder}/{NAME}"]


def test_output_in_an_exercise(root):
    def add(notebook):
        notebook["cells"][2]["execution_count"] = 1

    change(root / "notebooks" / NAME, add)
    assert list(named(root)) == [f"notebooks/{NAME}"]


def test_lesson_edited_without_a_build(root):
    edit(root / "lessons" / "01_counting.py", "Count them.", "Count them all.")
    assert set(named(root)) == {f"notebooks/{NAME}", f"solutions/{NAME}"}


@pytest.mark.parametrize("stray", ["notebooks/09_more.ipynb", "solutions/Untitled.ipynb", "notebooks/data.txt"])
def test_stray(root, stray):
    (root / stray).write_text("{}")
    assert "stray" in named(root)[stray]


def test_stray_source(root):
    (root / "lessons" / "02_more.py").write_text("x = 1\n")
    assert "lessons/02_more.py" in named(root)


@pytest.mark.parametrize("half", ["notebooks", "solutions"])
def test_half_missing(root, half):
    (root / half / NAME).unlink()
    assert "missing" in named(root)[f"{half}/{NAME}"]


def test_missing_source(root):
    (root / "lessons" / "01_counting.py").unlink()
    assert "lessons/01_counting.py" in named(root)


def test_no_notebook_at_all(root):
    (root / "solutions" / NAME).write_text("half a noteb")
    said = "cannot be read as a notebook of the course (it is no JSON: Expecting value in line 1): run `make build`"
    assert named(root) == {f"solutions/{NAME}": said}


def test_outputs_older_than_code(root):
    def forget(notebook):
        notebook["metadata"]["prompt2data"]["code_hash"] = "0" * 64

    change(root / "solutions" / NAME, forget)
    assert "older than its code" in named(root)[f"solutions/{NAME}"]


def test_outputs_older_than_code_after_a_build(root):
    edit(root / "lessons" / "01_counting.py", "four words", "few words")
    course = load(root)
    build(course, list(course.lessons), False, lambda _: None)
    assert "never executed" in named(root)[f"solutions/{NAME}"]


def test_cell_not_executed(root):
    def forget(notebook):
        next(cell for cell in notebook["cells"] if cell["id"] == "answer")["execution_count"] = None

    change(root / "solutions" / NAME, forget)
    assert "not executed" in named(root)[f"solutions/{NAME}"]


def test_other_outputs_are_fine(root):
    def other(notebook):
        cell = next(cell for cell in notebook["cells"] if cell["id"] == "answer")
        cell["outputs"][0]["text"] = ["5\n"]
        notebook["metadata"]["prompt2data"]["model"] = "another"

    change(root / "solutions" / NAME, other)
    assert named(root) == {}, "what a model writes is not compared here"


def test_readme(root):
    edit(root / "README.md", "| 10 + 30 |", "| 10 + 31 |")
    assert "tables differ" in named(root)["README.md"]
    edit(root / "README.md", "<!-- end:lessons -->", "")
    assert "needs the lines" in named(root)["README.md"]
    (root / "README.md").unlink()
    assert "missing" in named(root)["README.md"]
