"""What the tests of this folder share: nbgrader's commands in a course folder, hand-ins, and marks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

import nbformat

from builder.classroom import classroom
from builder.course import load

LESSON = "01_basic_prompting"
UNSETS = "import os\nos.environ['PROMPT2DATA_STRICT'] = '0'"

Edit = Callable[[nbformat.NotebookNode], None]

OTHER_FORM = {
    "ex-pairs-code": """
prompts = tuple(f"Which of my {n} ovens is the hottest?" for n in "two three four five six seven eight nine".split())

class Pairs:
    def __call__(self, rows):
        for row in rows:
            if row["generation"] is not None and (text := row["generation"].strip()):
                yield dict(prompt=row["instruction"].strip(), completion=text)

to_pairs = Pairs()
""",
    "ex-distinct-code": """
import sys
import warnings

def distinct_share(texts, n):
    print("a warning that costs nothing", file=sys.stderr)
    runs = [tuple(w[i : i + n]) for w in (t.lower().split() for t in texts) for i in range(len(w) - n + 1)]
    return len(set(runs)) / max(1, len(runs))
""",
}


def nbgrader(folder: Path, root: Path, *words: str, status: int = 0, **more: str) -> str:
    """Run one nbgrader command in the folder `folder`; what it printed. `more`: environment variables."""
    kernels = folder.parent / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(spec))
    env = {
        **os.environ,
        # nbgrader starts `alembic` by name; it lies beside this interpreter.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "JUPYTER_PATH": str(folder.parent / "jupyter"),  # kernels are this interpreter, whatever is installed
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
        "PROMPT2DATA_OUTPUT": str(folder.parent),
        **more,
    }
    env.pop("PROMPT2DATA_STRICT", None)  # nobody has to set it
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def code_of(path: Path) -> dict[str, str]:
    """Id → source of the code cells of a notebook."""
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"}


def released(folder: Path, lesson: str) -> Path:
    """The students' version of a lesson."""
    return folder / "release" / lesson / f"{lesson}.ipynb"


def hand_in(
    folder: Path,
    student: str,
    lesson: str,
    answers: dict[str, str],
    edit: Edit = lambda notebook: None,
) -> None:
    """Hand in the released notebook of `lesson`, with its exercise cells as `answers` has them, and then edited."""
    notebook = nbformat.read(released(folder, lesson), as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    edit(notebook)
    target = folder / "submitted" / student / lesson / f"{lesson}.ipynb"
    target.parent.mkdir(parents=True)
    nbformat.write(notebook, target)


def marks(folder: Path, lesson: str, student: str) -> tuple[float, float]:
    """(marks, possible) of a hand-in."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        submission = book.find_submission(lesson, student)
        return submission.score, submission.max_score


def brief(notebook: nbformat.NotebookNode) -> None:
    """Leave out what a hand-in need not have: everything but set-up, given, exercise and check cells."""
    notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


def unfilled_below(code: str):
    """An edit of a hand-in that leaves the exercises as they were and puts `code` above them."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        brief(notebook)
        place = next(i for i, cell in enumerate(notebook.cells) if cell.metadata.nbgrader.solution)
        notebook.cells.insert(place, nbformat.v4.new_code_cell(code))

    return edit


def deleted(notebook: nbformat.NotebookNode) -> None:
    """Nothing is left but the answers."""
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]


def light(folder: Path) -> None:
    """Let the set-up cell of `LESSON` only set the language: the rest takes seconds in each kernel, to import what no
    exercise of this lesson needs, and runs in the hand-ins of test_classroom.py and test_exchange.py."""
    source = folder / "source" / LESSON / f"{LESSON}.ipynb"
    text = source.read_text("utf-8")
    for old, new in (("import MODEL, setup", "import MODEL, i18n"), ("setup(language=", "i18n.set_language(")):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    source.write_text(text, "utf-8")


def graded_day(
    home: Path,
    root: Path,
    language: str,
    more: dict[str, tuple[dict[str, str], Edit]],
    only: Collection[str] = (),
) -> tuple[Path, str]:
    """A course folder in which six students and `more` (student → answers, edit) handed in; what nbgrader said.

    `only`: these students, instead of all.
    """
    course, folder = load(root), home / "course"
    classroom(course, folder, language)
    light(folder)
    nbgrader(folder, root, "generate_assignment", LESSON, "--create")
    right, unfilled = code_of(course.solution(LESSON, language)), code_of(released(folder, LESSON))
    wrong = {"ex-distinct-code": "def distinct_share(t, n): return 1"}
    students: dict[str, tuple[dict[str, str], Edit]] = {
        "right": (right, brief),
        "half": ({"ex-pairs-code": right["ex-pairs-code"], **wrong}, brief),
        "deleted": ({"ex-distinct-code": right["ex-distinct-code"]}, deleted),
        "dead": ({**right, "ex-distinct-code": "import os\nos._exit(0)"}, brief),
        "other": (OTHER_FORM, brief),
        "environment": ({}, unfilled_below(UNSETS)),
        **more,
    }
    for student, (answers, edit) in students.items():
        if only and student not in only:
            continue
        hand_in(folder, student, LESSON, unfilled | answers, edit)
    return folder, nbgrader(folder, root, "autograde", LESSON, "--create", "--Execute.timeout=60")
