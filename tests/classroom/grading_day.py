"""What the tests of this folder share: nbgrader's commands in a course folder, hand-ins, and marks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat


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
    edit: Callable[[nbformat.NotebookNode], None] = lambda notebook: None,
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
