"""All messages of the course, by catalogue: one for each lesson, one for the README, the diagrams and what the build
writes, and one for the helper package.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir

from builder import words
from builder.catalogues import blocks, code_text
from builder.catalogues.store import Message
from builder.course import Course
from builder.diagrams.source import all_of
from builder.problems import Problem, Refused
from builder.source import Cell, Lesson

COURSE = "course"
PACKAGE = "prompt2data"
README_CONTEXT = "README"
SHOWN = "shown text"  # the kind of a message that a lesson shows through tr()


def names(course: Course) -> list[str]:
    """The catalogues that each language has, as paths under its folder, without the suffix."""
    return [*(f"lessons/{entry.name}" for entry in course.lessons), COURSE, PACKAGE]


def all_messages(course: Course, lessons: dict[str, Lesson]) -> dict[str, list[Message]]:
    """The messages of every catalogue; `lessons`: the parsed lessons by name. Raises Refused."""
    found = {f"lessons/{name}": lesson_messages(lesson) for name, lesson in lessons.items()}
    return {**found, COURSE: course_messages(course), PACKAGE: package_messages(course.root / course.package)}


def lesson_messages(lesson: Lesson) -> list[Message]:
    """The messages of a lesson in the order of its cells."""
    return [message for cell in lesson.cells for message in cell_messages(lesson, cell)]


def cell_messages(lesson: Lesson, cell: Cell) -> list[Message]:
    """The messages of one cell: its blocks, or the comments, docstrings and shown texts of its code."""
    if not cell.code:
        return [
            Message(cell.id, block.text, block.kind, cell.first + block.first) for block in blocks.blocks(cell.source)
        ]
    try:
        return [
            Message(cell.id, text.text, text.kind, cell.first + text.first) for text in code_text.texts(cell.source)
        ]
    except code_text.NotLiteral as fault:
        raise Refused([Problem(lesson.path, cell.first + fault.line - 1, str(fault))]) from None


def course_messages(course: Course) -> list[Message]:
    """The README, the words the build writes into notebooks and tables, and those in diagrams. Raises Refused."""
    readme = (course.root / "README.md").read_text(encoding="utf-8")
    found = [Message(words.CONTEXT, word, "written by the build") for word in words.ALL]
    for block in readme_blocks(readme):
        found.append(Message(README_CONTEXT, block.text, block.kind, block.first + 1))
    for diagram in all_of(course):
        found += diagram.messages()
    return found


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


def package_messages(folder: Path) -> list[Message]:
    """What the helper package says: what its code gives to `_()`, `N_()` and `ngettext()`, found by Babel."""
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
