"""Diagrams in lessons: the paragraph `![](diagram:NAME)` becomes the picture itself, with its alternative text.

The picture is inside the notebook, since Colab shows no files beside it, and it is a PNG: Colab and VS Code refuse SVG
in a data address. As HTML it keeps its width.
"""

from __future__ import annotations

import re

from markdown_it.token import Token

from builder.catalogues import blocks
from builder.catalogues.sources import COURSE
from builder.catalogues.translate import Translator
from builder.course import Course
from builder.diagrams import source
from builder.problems import Problem, refuse
from builder.source import Cell, Lesson
from prompt2data.display import pictures

_SCHEME = "diagram:"
_WIDTH = re.compile(r' width="(\d+)"')


def faults(course: Course, lesson: Lesson) -> list[Problem]:
    """Diagrams of a lesson that do not exist, and those that are not a paragraph of their own."""
    found = []
    for cell in lesson.cells:
        if cell.code:
            continue
        placed = {first: name for name, first, _ in blocks.diagrams(cell.source)}
        for number in _mentions(cell):
            name = placed.get(number)
            if name is None:
                text = f"a diagram is a paragraph of its own: ![]({_SCHEME}name); its images/name.mmd describes it"
                found.append(Problem(lesson.path, cell.first + number, text))
            elif not course.diagram(name).is_file():
                known = ", ".join(path.stem for path in source.paths(course)) or "none"
                text = f"there is no diagram {name!r} (images/{name}.mmd); there are: {known}"
                found.append(Problem(lesson.path, cell.first + number, text))
    return found


def diagrams_of(lesson: Lesson) -> set[str]:
    """The names of the diagrams that a lesson shows."""
    return {name for cell in lesson.cells if not cell.code for name, *_ in blocks.diagrams(cell.source)}


def put(course: Course, markdown: str, language: str) -> str:
    """The text with every diagram in the place of its paragraph. Raises Refused where a picture was not built."""
    lines = markdown.split("\n")
    for name, first, last in blocks.diagrams(markdown):
        lines[first:last] = [_picture(course, name, language)]
    return "\n".join(lines)


def _picture(course: Course, name: str, language: str) -> str:
    diagram = source.parse(course.diagram(name))
    alt = Translator(course, language).text(COURSE, diagram.context, diagram.alt)
    drawing, picture = (course.picture(name, language, suffix) for suffix in ("svg", "png"))
    for path in (drawing, picture):
        if not path.is_file():
            raise refuse(path, 0, "this picture is missing: run `make build`")
    width = _WIDTH.search(drawing.read_bytes().decode(errors="replace"))
    return pictures.html(picture.read_bytes(), alt, width=width[1] if width else "")


def _mentions(cell: Cell) -> list[int]:
    """The lines of a cell, from 0, with an address that means a diagram; code is none of these."""
    lines = cell.lines()
    found = []
    for token in blocks.parser().parse(cell.source):
        if token.map and any(_SCHEME in _address(one) for one in (token, *(token.children or ()))):
            found += [number for number in range(*token.map) if _SCHEME in lines[number]]
    return found


def _address(token: Token) -> str:
    if token.type in ("html_block", "html_inline"):
        return token.content
    return str(token.attrs.get("src", token.attrs.get("href", "")))
