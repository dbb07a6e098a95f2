"""From a parsed lesson to its notebooks: the exercise, the solution, and nbgrader's source form.

None of them is filled in yet with what the executed solution found (`builder.results`).

A lesson is passed in as its language has it (`Translator.lesson`); `language` decides on what is generated around it.
nbformat and nbgrader take half a second and more to import, and an unchanged course needs neither, so the functions
that use them import them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from builder import results, words
from builder.catalogues.translate import Translator
from builder.course import Course, LessonEntry
from builder.diagrams.place import put
from builder.problems import Problem, Refused
from builder.record import METADATA
from builder.setup_cell import setup_cell
from builder.source import STUB, Cell, Lesson, regions
from builder.validate import Exercise

if TYPE_CHECKING:
    from nbformat import NotebookNode


def exercise(
    course: Course, entry: LessonEntry, lesson: Lesson, exercises: list[Exercise], language: str = "en"
) -> NotebookNode:
    """The notebook learners start from: solutions emptied by nbgrader, nothing executed."""
    from nbgrader.preprocessors import ClearSolutions

    notebook = graded(course, entry, lesson, exercises, language)
    clear = ClearSolutions(code_stub={"python": stub(course, language)}, enforce_metadata=True)
    notebook, _ = clear.preprocess(notebook, {})
    problems = leaks(lesson, notebook, stub(course, language))
    if problems:
        raise Refused(problems)
    return notebook


def solution(course: Course, entry: LessonEntry, lesson: Lesson, language: str = "en") -> NotebookNode:
    """The worked notebook, not executed yet: no markers, no grading metadata, all cells."""
    cells = [
        _cell(course, cell, "\n".join(regions(cell.source).solved) if _task(cell) else cell.source, language)
        for cell in lesson.cells
    ]
    return _notebook(course, entry, cells, "solutions", language)


def graded(
    course: Course, entry: LessonEntry, lesson: Lesson, exercises: list[Exercise], language: str = "en"
) -> NotebookNode:
    """nbgrader's source form: markers and grading metadata in place, solution-only cells left out."""
    points = {item.check.id: item.points for item in exercises}
    cells = []
    for cell in lesson.cells:
        if "solution-only" in cell.tags:
            continue
        node = _cell(course, cell, cell.source, language)
        if _task(cell):
            node.metadata["nbgrader"] = grading(cell.id, solution=True)
        elif cell.id in points:
            node.metadata["nbgrader"] = grading(cell.id, points=points[cell.id])
        cells.append(node)
    return _notebook(course, entry, cells, "notebooks", language)


def stub(course: Course, language: str = "en") -> str:
    """The line that takes a solution's place, as in `...  # your code here`."""
    return f"...  # {Translator(course, language).word(words.STUB)}"


def links(course: Course, entry: LessonEntry, folder: str, language: str = "en") -> str:
    """Markdown of the generated cell that leads to Colab, to the notebook's counterpart and to the other languages."""
    text = Translator(course, language)
    other, label = ("solutions", words.SOLUTION) if folder == "notebooks" else ("notebooks", words.EXERCISES)
    lines = [
        f"{badge(course, entry.name, folder, language)} &nbsp; [{text.word(label)}](../{other}/{entry.name}.ipynb)"
        f" · [{text.word(words.IN_COLAB)}]({colab(course, entry.name, other, language)})"
    ]
    if len(course.built_languages) > 1:
        here = course.of_language(language) / folder
        files = {
            one.code: os.path.relpath(course.of_language(one.code) / folder / f"{entry.name}.ipynb", here)
            for one in course.built_languages
        }
        lines.append(_switcher(course, language, {code: Path(file).as_posix() for code, file in files.items()}))
        # Colab knows no links from file to file.
        addresses = {one.code: colab(course, entry.name, folder, one.code) for one in course.built_languages}
        lines.append(f"Colab: {_switcher(course, language, addresses)}")
    return "\n\n".join(lines)


def _switcher(course: Course, language: str, places: dict[str, str]) -> str:
    """The languages by their own names, each but this one linked to its place."""
    return " · ".join(
        one.name if one.code == language else f"[{one.name}]({places[one.code]})" for one in course.built_languages
    )


def colab(course: Course, name: str, folder: str, language: str = "en") -> str:
    """Address that opens a notebook of the course in Colab."""
    path = (course.of_language(language) / folder / f"{name}.ipynb").relative_to(course.root).as_posix()
    return f"https://colab.research.google.com/github/{course.repository}/blob/{course.branch}/{path}"


def badge(course: Course, name: str, folder: str, language: str = "en") -> str:
    """The Colab badge as Markdown, linked to the notebook."""
    picture = "https://colab.research.google.com/assets/colab-badge.svg"
    label = Translator(course, language).word(words.OPEN_IN_COLAB)
    return f"[![{label}]({picture})]({colab(course, name, folder, language)})"


def leaks(lesson: Lesson, notebook: NotebookNode, stub: str = STUB) -> list[Problem]:
    """Lines of a solution that stand in an exercise notebook; `stub`: what takes a solution's place in its language.

    Each exercise cell must be what its source gives with the regions emptied, and no other cell may hold a
    whole region of two lines or more.
    """
    problems = []
    shown = {cell["id"]: cell["source"] for cell in notebook["cells"]}
    for cell in lesson.cells:
        if not _task(cell):
            continue
        cut = regions(cell.source, stub)
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


def grading(grade_id: str, *, solution: bool = False, locked: bool = False, points: int | None = None) -> dict:
    """nbgrader's metadata of a cell."""
    form = {
        "grade": False,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        form |= {"grade": True, "locked": True, "points": points}
    return form


def _cell(course: Course, cell: Cell, source: str, language: str) -> NotebookNode:
    from nbformat import v4

    if "setup" in cell.tags:
        source = setup_cell(course, language)
    elif not cell.code:
        source = put(course, source, language)
    make = v4.new_code_cell if cell.code else v4.new_markdown_cell
    metadata = {"tags": list(cell.tags)} if cell.tags else {}
    return make(source, id=cell.id, metadata=metadata | ({results.HOLDS: cell.holds} if cell.holds else {}))


def _notebook(
    course: Course, entry: LessonEntry, cells: list[NotebookNode], folder: str, language: str
) -> NotebookNode:
    from nbformat import from_dict, v4

    title, *rest = cells
    generated = v4.new_markdown_cell(links(course, entry, folder, language), id="links")
    notebook = v4.new_notebook(cells=[title, generated, *rest], metadata=from_dict(METADATA))
    notebook.nbformat_minor = 5
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """The notebook as it is stored: same notebook, same bytes."""
    import nbformat

    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"
