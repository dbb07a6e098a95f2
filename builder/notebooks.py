"""From a parsed lesson to its notebooks: the exercise, the solution, and nbgrader's source form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.course import Course, LessonEntry
from builder.problems import Problem, Refused
from builder.setup_cell import setup_cell
from builder.source import STUB, Cell, Lesson, regions
from builder.validate import Exercise

if TYPE_CHECKING:
    from nbformat import NotebookNode

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def exercise(course: Course, entry: LessonEntry, lesson: Lesson, exercises: list[Exercise]) -> NotebookNode:
    """The notebook learners start from: solutions emptied by nbgrader, nothing executed."""
    from nbgrader.preprocessors import ClearSolutions

    notebook = graded(course, entry, lesson, exercises)
    clear = ClearSolutions(code_stub={"python": STUB}, enforce_metadata=True)
    notebook, _ = clear.preprocess(notebook, {})
    problems = leaks(lesson, notebook)
    if problems:
        raise Refused(problems)
    return notebook


def solution(course: Course, entry: LessonEntry, lesson: Lesson) -> NotebookNode:
    """The worked notebook, not executed yet: no markers, no grading metadata, all cells."""
    cells = [
        _cell(course, cell, "\n".join(regions(cell.source).solved) if _task(cell) else cell.source)
        for cell in lesson.cells
    ]
    return _notebook(course, entry, cells, "solutions")


def graded(course: Course, entry: LessonEntry, lesson: Lesson, exercises: list[Exercise]) -> NotebookNode:
    """nbgrader's source form: markers and grading metadata in place, solution-only cells left out."""
    points = {item.check.id: item.points for item in exercises}
    cells = []
    for cell in lesson.cells:
        if "solution-only" in cell.tags:
            continue
        node = _cell(course, cell, cell.source)
        if _task(cell):
            node.metadata["nbgrader"] = _grading(cell.id, solution=True)
        elif cell.id in points:
            node.metadata["nbgrader"] = _grading(cell.id, points=points[cell.id])
        cells.append(node)
    return _notebook(course, entry, cells, "notebooks")


def links(course: Course, entry: LessonEntry, folder: str) -> str:
    """Markdown of the generated cell that leads to Colab and to the notebook's counterpart."""
    other, label = ("solutions", "Worked solution") if folder == "notebooks" else ("notebooks", "Exercises to fill in")
    return (
        f"{badge(course, entry.name, folder)} &nbsp; {label}: [here](../{other}/{entry.name}.ipynb)"
        f" or [in Colab]({colab(course, entry.name, other)})"
    )


def colab(course: Course, name: str, folder: str) -> str:
    """Address that opens a notebook of the course in Colab."""
    return f"https://colab.research.google.com/github/{course.repository}/blob/{course.branch}/{folder}/{name}.ipynb"


def badge(course: Course, name: str, folder: str) -> str:
    """The Colab badge as Markdown, linked to the notebook."""
    picture = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({picture})]({colab(course, name, folder)})"


def leaks(lesson: Lesson, notebook: NotebookNode) -> list[Problem]:
    """Lines of a solution that stand in an exercise notebook.

    Each exercise cell must be what its source gives with the regions emptied, and no other cell may hold a
    whole region of two lines or more.
    """
    problems = []
    shown = {cell["id"]: cell["source"] for cell in notebook["cells"]}
    for cell in lesson.cells:
        if not _task(cell):
            continue
        cut = regions(cell.source)
        inside = {line.strip() for region in cut.inside for line in region if line.strip()}
        outside = {line.strip() for line in cut.outside}
        here = shown.get(cell.id, "").split("\n")
        for line in here:
            if line.strip() in inside - outside:
                problems.append(Problem(lesson.path, cell.line, f"solution line left in {cell.id!r}: {line.strip()}"))
        if here != cut.outside and not problems:
            problems.append(
                Problem(lesson.path, cell.line, f"cell {cell.id!r} is not its source with solutions emptied")
            )
        for region in cut.inside:
            text = _squeezed("\n".join(region))
            if sum(1 for line in region if line.strip()) < 2:
                continue
            for other, source in shown.items():
                if text in _squeezed(source):
                    problems.append(Problem(lesson.path, cell.line, f"the solution of {cell.id!r} stands in {other!r}"))
    return problems


def _task(cell: Cell) -> bool:
    return cell.code and "exercise" in cell.tags


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _grading(grade_id: str, *, solution: bool = False, points: int | None = None) -> dict:
    form = {
        "grade": False,
        "grade_id": grade_id,
        "locked": False,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        form |= {"grade": True, "locked": True, "points": points}
    return form


def _cell(course: Course, cell: Cell, source: str) -> NotebookNode:
    from nbformat import v4

    if "setup" in cell.tags:
        source = setup_cell(course)
    make = v4.new_code_cell if cell.code else v4.new_markdown_cell
    return make(source, id=cell.id, metadata={"tags": list(cell.tags)} if cell.tags else {})


def _notebook(course: Course, entry: LessonEntry, cells: list[NotebookNode], folder: str) -> NotebookNode:
    from nbformat import from_dict, v4

    title, *rest = cells
    generated = v4.new_markdown_cell(links(course, entry, folder), id="links")
    notebook = v4.new_notebook(cells=[title, generated, *rest], metadata=from_dict(METADATA))
    notebook.nbformat_minor = 5
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """The notebook as it is stored: same notebook, same bytes."""
    import nbformat

    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"
