"""The code of a notebook is the same in every language: comments, docstrings, shown texts and the named language aside.

A shown text may be another only where the catalogue translates it so, and with the same values in its braces: a
translation adds no code.

`faults` compares two notebooks; `of_lesson` and `of_words` find the translations that would make the difference, before
there is a notebook, and above all before one is executed.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from typing import Any

from builder import words
from builder.catalogues import code_text, shown, sources
from builder.catalogues.code_text import CodeText
from builder.catalogues.store import Message
from builder.catalogues.translate import Translator
from builder.course import SOURCE_LANGUAGE, Course
from builder.guards.structure import in_code
from builder.guards.translations import in_text, location
from builder.problems import Problem
from builder.setup_cell import setup_cell
from builder.source import Lesson

_NO_CODE = "this translation would change the code that it stands in"


def of_lesson(course: Course, lesson: Lesson, language: str) -> list[Problem]:
    """Translations of comments and docstrings of a lesson that would break its code, or add to it."""
    if language == SOURCE_LANGUAGE:
        return []
    text, name, problems = Translator(course, language), f"lessons/{lesson.name}", []
    for cell in lesson.cells:
        for part in code_text.texts(cell.source) if cell.code else ():
            translation = text.text(name, cell.id, part.text)
            if translation != part.text:
                faults = list(in_code(part.kind, translation)) or list(_added(cell.source, part, translation))
                problems += _at(text, name, Message(cell.id, part.text, part.kind), translation, faults)
    return problems


def of_words(course: Course, language: str) -> list[Problem]:
    """Translations of what the build writes into code that would break this code, or add to it."""
    if language == SOURCE_LANGUAGE:
        return []
    text, problems = Translator(course, language), []
    for word in words.ALL:
        translation = text.word(word)
        faults = list(in_code(words.WRITTEN, translation))
        if not faults and not _same(f"# {translation}\n...  # {translation}", "...", language):
            faults = [_NO_CODE]
        problems += _at(text, sources.COURSE, Message(words.CONTEXT, word, words.WRITTEN), translation, faults)
    if not problems and not _same(setup_cell(course, language), setup_cell(course), language):
        path = course.catalogue(language, sources.COURSE)
        problems.append(Problem(path, 0, "these translations would change the code of the set-up cell"))
    return problems


def _added(source: str, part: CodeText, translation: str) -> Iterator[str]:
    if not _same(code_text.replaced(source, [(part, translation)]), source, "en", {part.text: translation}.get):
        yield _NO_CODE


def _same(localized: str, english: str, language: str, translate: Callable[[str], str | None] = lambda _: None) -> bool:
    try:
        return _equal(_bare(english, "en"), _bare(localized, language), translate)
    except (SyntaxError, ValueError):
        return False


def _equal(one: Any, other: Any, translate: Callable[[str], str | None]) -> bool:
    """Whether two trees, or parts of them, are the same, but for texts of `one` that `other` holds translated."""
    if isinstance(one, ast.AST) and shown.is_text(one) and shown.is_text(other):
        ours, theirs = shown.text_of(one), shown.text_of(other)
        if ours == theirs:
            return type(one) is type(other)
        translation = translate(ours)
        if translation is None or isinstance(one, ast.JoinedStr) != isinstance(other, ast.JoinedStr):
            return False
        if isinstance(one, ast.Constant):
            return theirs == translation
        return _values(one) == _values(other) and theirs == shown.normal(translation)
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.AST):
        return all(_equal(getattr(one, name, None), getattr(other, name, None), translate) for name in one._fields)
    if isinstance(one, list):
        return len(one) == len(other) and all(_equal(*pair, translate) for pair in zip(one, other, strict=True))
    return bool(one == other)


def _values(text: ast.JoinedStr) -> list[str]:
    """The values in the braces of an f-string, sorted."""
    return sorted(ast.dump(value) for value in text.values if isinstance(value, ast.FormattedValue))


def _at(text: Translator, name: str, message: Message, translation: str, faults: list[str]) -> list[Problem]:
    """`faults` of a translation, each at its entry."""
    entry = text.catalogue(name).entry(message)
    line = entry.linenum or 0 if entry else 0
    where, path = location(message.context), text.course.catalogue(text.language, name)
    return [Problem(path, line, where + in_text(fault, translation)) for fault in faults]


def faults(
    english: dict[str, Any],
    localized: dict[str, Any],
    language: str,
    translate: Callable[[str, str], str | None] = lambda _cell, _text: None,
) -> Iterator[str]:
    """How the code of a localized notebook (plain JSON) differs from that of the English one, cell by cell.

    `translate` gives the translation of a shown text of a cell, None where it has none.
    """
    ours = {cell["id"]: cell for cell in english["cells"]}
    theirs = {cell["id"]: cell for cell in localized["cells"]}
    if list(ours) != list(theirs):
        lost = [name for name in ours if name not in theirs]
        more = [name for name in theirs if name not in ours]
        yield (
            "other cells than in English"
            + (f", lost: {', '.join(lost)}" if lost else "")
            + (f", added: {', '.join(more)}" if more else "")
        )
    for name, cell in ours.items():
        other = theirs.get(name)
        if other is None or cell["cell_type"] != "code":
            continue
        if other["cell_type"] != "code":
            yield f"cell {name!r} is no longer code"
            continue
        try:
            translations = functools.partial(translate, name)
            same = _equal(_bare(_source(cell), "en"), _bare(_source(other), language), translations)
        except (SyntaxError, ValueError):
            yield f"cell {name!r}: its code does not parse"
            continue
        if not same:
            yield f"cell {name!r}: its code is not that of the English notebook"


def _source(cell: dict[str, Any]) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def _bare(source: str, language: str) -> ast.Module:
    """The code as a tree, without docstrings and with the language of `setup(language=…)` taken out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setup":
            for keyword in node.keywords:
                if keyword.arg == "language" and isinstance(keyword.value, ast.Constant):
                    keyword.value = ast.Constant("" if keyword.value.value == language else keyword.value.value)
    return tree
