"""`run`: a solution from first to last cell, without a browser. Needs only what learners have installed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import nbformat

from builder import record
from builder.course import SOURCE_LANGUAGE, Course, LessonEntry
from builder.execute import execute
from builder.problems import refuse


def run(
    course: Course, entry: LessonEntry, say: Callable[[str], None] = print, language: str = SOURCE_LANGUAGE
) -> list[Path]:
    """Execute the lesson's stored solution in runs/NAME/; the files it wrote there, newest last.

    Raises ExecutionFailed, FileNotFoundError where the lesson has no solution notebook, Refused where that is damaged.
    """
    source = course.solution(entry.name, language)
    if not source.is_file():
        raise FileNotFoundError(f"{source} is missing; `make build` makes it")
    if reason := record.unreadable(source):
        raise refuse(source, 0, f"cannot be read as a notebook of the course ({reason}): run `make build`")
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    folder = course.runs(entry.name)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.time() - 1  # file systems round
    say(f"running {entry.name} in {folder}")
    execute(notebook, course.root, course.package, folder, say)
    written = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime >= began]
    return sorted(written, key=lambda path: path.stat().st_mtime)
