"""All messages of the course, by catalogue: one for each lesson, one for the README, the diagrams and what the build
writes, and one for the helper package.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from babel.messages.extract import extract_from_dir
from jinja2 import Environment, TemplateSyntaxError

from builder import words
from builder.catalogues import blocks, code_text
from builder.catalogues.store import Message
from builder.course import Course
from builder.diagrams.source import all_of
from builder.problems import Problem, Refused, gathered
from builder.reading import read
from builder.source import Cell, Lesson

COURSE = "course"
PACKAGE = "prompt2data"
README_CONTEXT = "README"
MEASURED = "benchmarks"  # the generated block of the README whose words are messages, and its numbers are not
_NUMBER = re.compile(r"\d{4}-\d\d-\d\d|(?<![\w.+{-])\d+(?:\.\d+)*(?![\w}-])")
_MARKER = re.compile(r"<!-- (begin|end):([\w-]+) -->")


def names(course: Course) -> list[str]:
    """The catalogues that each language has, as paths under its folder, without the suffix."""
    return [*(f"lessons/{entry.name}" for entry in course.lessons), COURSE, PACKAGE]


def all_messages(course: Course, lessons: dict[str, Lesson]) -> dict[str, list[Message]]:
    """The messages of every catalogue; `lessons`: the parsed lessons by name. Raises Refused."""
    found = {f"lessons/{name}": lesson_messages(lesson) for name, lesson in lessons.items()}
    return {**found, **{name: messages(course, lessons, name) for name in (COURSE, PACKAGE)}}


def messages(course: Course, lessons: dict[str, Lesson], name: str) -> list[Message]:
    """The messages of the catalogue `name`. Raises Refused."""
    if name == COURSE:
        return course_messages(course)
    if name == PACKAGE:
        return package_messages(course.root / course.package)
    return lesson_messages(lessons[name.removeprefix("lessons/")])


def lesson_messages(lesson: Lesson) -> list[Message]:
    """The messages of a lesson in the order of its cells."""
    return [message for cell in lesson.cells for message in cell_messages(lesson, cell)]


def cell_messages(lesson: Lesson, cell: Cell) -> list[Message]:
    """The messages of one cell: its blocks, or the comments, docstrings and shown texts of its code."""
    if not cell.code:
        return [
            Message(cell.id, block.text, block.kind, cell.first + block.first) for block in blocks.blocks(cell.source)
        ]
    return [Message(cell.id, text.text, text.kind, cell.first + text.first) for text in code_text.texts(cell.source)]


def course_messages(course: Course) -> list[Message]:
    """The README, the words the build writes into notebooks and tables, and those in diagrams. Raises Refused."""
    readme = read(course.readme())
    if problems := marker_faults(course.readme(), readme):
        raise Refused(problems)
    found = [Message(words.CONTEXT, word, words.WRITTEN) for word in words.ALL]
    for block in readme_blocks(readme):
        found.append(Message(README_CONTEXT, block.text, block.kind, block.first + 1))
    for block in measured_blocks(readme):
        found.append(Message(README_CONTEXT, masked(block.text)[0], block.kind, block.first + 1))
    for diagram in all_of(course):
        found += diagram.messages()
    return found


def marker_faults(path: Path, text: str, wanted: Iterable[str] = ()) -> list[Problem]:
    """Markers of generated blocks that are missing, doubled or in the wrong order; `wanted`: blocks that must be there.

    Where a block does not end, all that follows would be taken for generated.
    """
    found = _MARKER.findall(text)
    begun = {name for kind, name in found if kind == "begin"} | set(wanted)
    faults: list[Problem] = []
    for name in [*sorted(begun), *sorted({name for _, name in found} - begun)]:
        if faults and name not in begun:
            continue  # the end of a block that is named already, misspelt
        if [kind for kind, other in found if other == name] != ["begin", "end"]:
            begin, end = f"<!-- begin:{name} -->", f"<!-- end:{name} -->"
            faults.append(Problem(path, 0, f"needs the lines {begin} and {end} once each, in this order"))
    return faults


def readme_blocks(text: str) -> list[blocks.Block]:
    """The blocks of a README that are messages: not those that the build fills in."""
    inside, kept = False, []
    lines = text.split("\n")
    generated = set()
    for number, line in enumerate(lines):
        inside = inside or line.startswith("<!-- begin:")
        if inside:
            generated.add(number)
        inside = inside and not line.startswith("<!-- end:")
    for block in blocks.blocks(text):
        if block.first not in generated:
            kept.append(block)
    return kept


def measured_blocks(text: str) -> list[blocks.Block]:
    """The blocks of a README that hold measurements."""
    begin, end = (text.find(f"<!-- {kind}:{MEASURED} -->") for kind in ("begin", "end"))
    first, last = (text[: max(place, 0)].count("\n") for place in (begin, end))
    return [block for block in blocks.blocks(text) if begin >= 0 and first < block.first < last]


def masked(text: str) -> tuple[str, list[str]]:
    """`text` with its numbers as `{0}`, `{1}` …, so that a new measurement makes no translation stale; the numbers."""
    numbers: list[str] = []

    def mask(match: re.Match[str]) -> str:
        numbers.append(match[0])
        return f"{{{len(numbers) - 1}}}"

    return _NUMBER.sub(mask, text), numbers


def package_messages(folder: Path) -> list[Message]:
    """What the helper package says: what its code gives to `_()`, `N_()` and `ngettext()`, found by Babel."""
    unreadable(folder)
    found: dict[str, Message] = {}
    for name, line, text, _comments, _context in extract_from_dir(
        folder,
        method_map=[("**.py", "python"), ("**.html", "jinja2")],
        keywords={"_": None, "N_": None, "ngettext": (1, 2)},
        strip_comment_tags=True,
    ):
        singular, plural = text if isinstance(text, tuple) else (text, "")
        found.setdefault(singular, Message(None, singular, Path(name).as_posix(), line, plural))
    return sorted(found.values(), key=lambda message: (message.kind, message.line))


def unreadable(folder: Path) -> None:
    """Raise Refused with the modules and templates of a package that do not parse: their messages would be lost."""
    problems: list[Problem] = []
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.html")]):
        with gathered(problems, path):
            try:
                if path.suffix == ".py":
                    ast.parse(read(path, bom=True))
                else:
                    Environment().parse(read(path, bom=True))
            except (SyntaxError, TemplateSyntaxError) as error:
                what = getattr(error, "msg", None) or getattr(error, "message", None)
                problems.append(Problem(path, error.lineno or 0, f"does not parse: {what}"))
    if problems:
        raise Refused(problems)
