"""Links inside the course lead somewhere: to a file that is there, and to a heading that this file has."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Container, Iterator
from pathlib import Path
from urllib.parse import unquote

from builder.catalogues.blocks import parser
from builder.course import Course
from builder.problems import Problem
from builder.reading import read
from builder.source import Lesson

_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//")
_HTML = re.compile(r"<a [^>]*href=[\"']([^\"']+)[\"']|<img [^>]*src=[\"']([^\"']+)[\"']")


def problems(path: Path, root: Path, told: Container[Path] = ()) -> Iterator[Problem]:
    """Links of a notebook or Markdown file whose target is not in the folder `root`, or has no such heading.

    `told`: files that are known to be missing.
    """
    for name, markdown in _markdown(path):
        for line, link in _links(markdown):
            fault = _fault(path, link, root)
            if fault and (path.parent / unquote(link.partition("#")[0])).resolve() not in told:
                yield Problem(path, 0, f"cell {name!r}: {fault}") if name else Problem(path, line, fault)


def faults(path: Path, root: Path) -> Iterator[str]:
    """What is wrong with the links of a file, without its place."""
    for _name, markdown in _markdown(path):
        for _line, link in _links(markdown):
            if fault := _fault(path, link, root):
                yield fault


def of_lesson(course: Course, lesson: Lesson) -> list[Problem]:
    """Links of a lesson that would be dead in its notebooks, and pictures that are not there."""
    languages = [language.code for language in course.built_languages]
    derived = {
        path_of(entry.name, language).resolve()
        for language in languages
        for entry in course.lessons
        for path_of in (course.exercise, course.solution)
    }
    derived |= {course.readme(language).resolve() for language in languages}
    found = []
    for cell in lesson.cells:
        for line, link in () if cell.code else _links(cell.source):
            file = link.partition("#")[0]
            if not file or _OUTSIDE.match(link):
                continue
            for language in languages:
                folder = course.exercise(lesson.name, language).parent
                target = (folder / unquote(file)).resolve()
                if target not in derived and not _is_in(target, course.root):
                    where = f"from {folder.relative_to(course.root).as_posix()}/"
                    found.append(Problem(lesson.path, cell.first + line - 1, f"the link {link} leads nowhere {where}"))
                    break
    return found


def _fault(path: Path, link: str, root: Path) -> str | None:
    if _OUTSIDE.match(link):
        return None
    file, _, anchor = link.partition("#")
    target = (path.parent / unquote(file)).resolve() if file else path.resolve()
    if not _is_in(target, root):
        return f"the link {link} leads nowhere"
    if anchor and target.suffix in (".md", ".ipynb") and unquote(anchor) not in anchors(target):
        return f"the link {link} leads to a heading that {target.name} does not have"
    return None


def _is_in(target: Path, root: Path) -> bool:
    return target.is_relative_to(root.resolve()) and target.exists()


def anchors(path: Path) -> set[str]:
    """The names by which the headings of a file can be linked to, on GitHub and in JupyterLab."""
    found: set[str] = set()
    for _name, text in _markdown(path):
        tokens = parser().parse(text)
        for number, token in enumerate(tokens):
            if token.type == "heading_open":
                words = "".join(
                    child.content
                    for child in tokens[number + 1].children or ()
                    if child.type in ("text", "code_inline")
                )
                found.add(words.strip().replace(" ", "-"))  # JupyterLab
                kept = (one for one in words.strip().lower() if one in " -_" or unicodedata.category(one)[0] in "LNM")
                slug, times = "".join(kept).replace(" ", "-"), 0
                while (name := f"{slug}-{times}" if times else slug) in found:
                    times += 1
                found.add(name)
    return found


def _markdown(path: Path) -> list[tuple[str, str]]:
    """(id of the cell, text) for each piece of Markdown in a file."""
    if path.suffix != ".ipynb":
        return [("", read(path, bom=True))]
    cells = json.loads(read(path, bom=True))["cells"]
    return [(cell.get("id", "?"), "".join(cell["source"])) for cell in cells if cell["cell_type"] == "markdown"]


def _links(markdown: str) -> Iterator[tuple[int, str]]:
    """(line from 1 of the block that holds it, target) for each link and picture."""
    for token in parser().parse(markdown):
        line = token.map[0] + 1 if token.map else 0
        for one in (token, *(token.children or ())):
            if one.type == "link_open":
                yield line, str(one.attrs["href"])
            elif one.type == "image":
                yield line, str(one.attrs["src"])
            elif one.type in ("html_inline", "html_block"):
                for match in _HTML.finditer(one.content):
                    yield line, match[1] or match[2]
