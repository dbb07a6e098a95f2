"""All guards on the catalogues of a course: what is missing, out of date, left over, or wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.catalogues import sources, store
from builder.catalogues.store import Catalogue, Message
from builder.course import SOURCE_LANGUAGE, Course
from builder.guards import characters, shown, structure
from builder.guards.glossary import Glossary
from builder.problems import Problem
from builder.source import Lesson

ADVICE = "run `make messages`, then translate it"
_SENTENCE = re.compile(r"[A-Za-z]{2,}(?:[ ,;:'’-]+[A-Za-z]{2,}){5,}")
_BULLET = re.compile(r"^\s*[*+-] ", re.MULTILINE)
_LINK_TEXT = re.compile(r"\[[^\[\]\n]*\ue001")
_QUOTED = re.compile(r"\*[^*\n]+\*|“[^”]*”|「[^」]*」|\"[^\"\n]*\"|‘[^’]*’|'[^'\n]*'")


def check(course: Course, lessons: dict[str, Lesson]) -> list[Problem]:
    """What is wrong with the catalogues of all built languages; `lessons`: the parsed lessons by name."""
    if [language.code for language in course.built_languages] == [SOURCE_LANGUAGE]:
        return []
    expected = sources.all_messages(course, lessons)
    glossary = Glossary(course.root / "translations")
    problems = [problem for lesson in lessons.values() for problem in untranslatable(lesson)]
    for language in course.built_languages:
        if language.code == SOURCE_LANGUAGE:
            continue
        problems += strays(course, language.code)
        for name, messages in expected.items():
            path = course.catalogue(language.code, name)
            if not path.is_file():
                problems.append(Problem(path, 0, f"this catalogue is missing: {ADVICE}"))
                continue
            catalogue = store.load(path, language.code)
            problems += [Problem(path, 0, text) for text in faults(catalogue, messages, glossary)]
    return problems


def untranslatable(lesson: Lesson) -> list[Problem]:
    """Texts that a lesson's code shows and that would stay English in every language."""
    return [
        Problem(lesson.path, cell.first + line - 1, f"cell {cell.id!r} shows {text!r}: put it through tr()")
        for cell in lesson.cells
        if cell.code
        for line, text in shown.faults(cell)
    ]


def report(course: Course, lessons: dict[str, Lesson]) -> list[str]:
    """A line for each language: messages, translated, fuzzy."""
    expected = sources.all_messages(course, lessons)
    lines = []
    for language in course.built_languages:
        if language.code == SOURCE_LANGUAGE:
            continue
        total = translated = fuzzy = 0
        for name, messages in expected.items():
            catalogue = store.load(course.catalogue(language.code, name), language.code)
            for message in {message.key: message for message in messages}.values():
                total += 1
                entry = catalogue.entry(message)
                fuzzy += entry is not None and entry.fuzzy
                translated += entry is not None and not entry.fuzzy and _has_text(entry)
        share = 100 * translated / total if total else 100
        # Rounded down: 100 % is said only where nothing is missing.
        lines.append(f"{language.code}: {total} messages, {int(share)} % translated, {fuzzy} fuzzy")
    return lines


def strays(course: Course, language: str) -> list[Problem]:
    """Catalogues that no lesson has."""
    expected = {course.catalogue(language, name) for name in sources.names(course)}
    found = set((course.root / "translations" / language).rglob("*.po"))
    return [
        Problem(path, 0, "stray file: nothing of the course has this catalogue") for path in sorted(found - expected)
    ]


def faults(catalogue: Catalogue, messages: list[Message], glossary: Glossary) -> Iterator[str]:
    """What is wrong with a catalogue, each with its cell."""
    language = catalogue.language
    expected = {message.key for message in messages}
    for entry in catalogue.entries:
        if (entry.msgctxt, entry.msgid) not in expected:
            yield f"{_location(entry.msgctxt)}no longer in the source: {_short(entry.msgid)}; run `make messages`"
    first: dict[str, tuple[str, str | None]] = {}
    seen = set()
    for message in messages:
        if message.key in seen:
            continue
        seen.add(message.key)
        entry = catalogue.entry(message)
        location = _location(message.context)
        if entry is None or not _has_text(entry):
            yield f"{location}not translated: {_short(message.text)}; {ADVICE}"
            continue
        if entry.fuzzy:
            yield f"{location}the English has changed since it was translated: {_short(message.text)}"
            continue
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                for fault in message_faults(message, text, language, glossary):
                    yield f"{location}{fault}, in {_short(text)}"
        if message.kind == "shown text":
            other, where = first.setdefault(message.text, (entry.msgstr, message.context))
            if other != entry.msgstr:
                yield f"{location}translated in another way than in the cell {where!r}: {_short(message.text)}"


def message_faults(message: Message, text: str, language: str, glossary: Glossary) -> Iterator[str]:
    """What is wrong with one translation."""
    # Their one form for any number stands for the English plural, which has the number where the singular may not.
    yield from structure.faults(message.kind, message.plural or message.text, text)
    yield from characters.faults(language, message.text, text)
    yield from glossary.retired_in(language, message.text, text)
    if message.kind != "drawing":  # it names columns without code font
        yield from glossary.terms_missing(language, message.text, text)
    if found := untranslated(text):
        yield f"English left: {_short(found)}"


def untranslated(text: str) -> str | None:
    """A piece of English prose in a translation: six words in a row, outside of code, quotes and titles in italics.

    Vietnamese is written in Latin letters too, but hardly a phrase of six words goes without a letter of its own.
    """
    prose = _BULLET.sub("", characters.prose_of(text))
    found = _SENTENCE.search(_LINK_TEXT.sub(" ", _QUOTED.sub(" ", prose)))
    return found[0] if found else None


def _has_text(entry) -> bool:
    return bool(entry.msgstr.strip()) or bool(entry.msgstr_plural) and all(entry.msgstr_plural.values())


def _location(context: str | None) -> str:
    return f"cell {context!r}: " if context else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= 60 else line[:59] + '…'}”"
