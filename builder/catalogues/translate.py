"""A course in one of its languages: translations in the place of the English, wherever there are current ones."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

from builder import words
from builder.catalogues import blocks, code_text, sources, store
from builder.course import SOURCE_LANGUAGE as ENGLISH
from builder.course import Course
from builder.source import Cell, Lesson


class Translator:
    """What the build asks for texts in `language`. A message without a current translation stays English."""

    def __init__(self, course: Course, language: str = ENGLISH) -> None:
        self.course = course
        self.language = language

    def catalogue(self, name: str) -> store.Catalogue:
        """The catalogue of this name (see `sources.names`)."""
        return _loaded(self.course, self.language, name)

    def text(self, name: str, context: str, text: str) -> str:
        """The translation of a message of the catalogue `name`, or the message itself."""
        if self.language == ENGLISH:
            return text
        return self.catalogue(name).translation(store.Message(context, text, "")) or text

    def word(self, word: str) -> str:
        """A text of `builder.words`."""
        return self.text(sources.COURSE, words.CONTEXT, word)

    def lesson(self, lesson: Lesson) -> Lesson:
        """The lesson with its prose, comments, docstrings and shown texts in this language."""
        if self.language == ENGLISH:
            return lesson
        cells = tuple(dataclasses.replace(cell, source=self._source(lesson, cell)) for cell in lesson.cells)
        return dataclasses.replace(lesson, cells=cells)

    def shown(self, lesson: Lesson) -> Callable[[str, str], str | None]:
        """What gives, for the id of a cell and a text that its code shows, the translation; None for other texts."""
        name = f"lessons/{lesson.name}"
        known = {
            (message.context, message.text)
            for message in sources.lesson_messages(lesson)
            if message.kind == "shown text"
        }
        return lambda cell, text: self.text(name, cell, text) if (cell, text) in known else None

    def readme(self, text: str) -> str:
        """A README with its blocks in this language, measurements too; what the build fills in is left as it is."""
        found = [
            (block, self.text(sources.COURSE, sources.README_CONTEXT, block.text))
            for block in sources.readme_blocks(text)
        ]
        for block in sources.measured_blocks(text):
            masked, numbers = sources.masked(block.text)
            found.append((block, self.text(sources.COURSE, sources.README_CONTEXT, masked).format(*numbers)))
        return blocks.replaced(text, found)

    def title(self, lesson: Lesson) -> str:
        """The lesson's title, without its number."""
        heading = self.text(f"lessons/{lesson.name}", lesson.cells[0].id, lesson.cells[0].lines()[0])
        return heading.removeprefix(f"# {lesson.number}. ")

    def _source(self, lesson: Lesson, cell: Cell) -> str:
        name = f"lessons/{lesson.name}"
        cut, put = (code_text.texts, code_text.replaced) if cell.code else (blocks.blocks, blocks.replaced)
        found = [(part, self.text(name, cell.id, part.text)) for part in cut(cell.source)]
        return put(cell.source, [(part, text) for part, text in found if text != part.text])


@functools.lru_cache(maxsize=64)
def _read(path: str, stamp: tuple[int, int] | None, language: str) -> store.Catalogue:
    return store.load(Path(path), language)


def _loaded(course: Course, language: str, name: str) -> store.Catalogue:
    path = course.catalogue(language, name)
    stat = path.stat() if path.exists() else None
    return _read(str(path), (stat.st_mtime_ns, stat.st_size) if stat else None, language)
