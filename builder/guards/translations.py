"""All guards on the catalogues of a course: what is missing, out of date, left over, or wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polib

from builder.catalogues import sources, store
from builder.catalogues.store import Catalogue, Message
from builder.course import SOURCE_LANGUAGE, Course
from builder.guards import characters, structure
from builder.guards.glossary import Glossary
from builder.problems import Problem, gathered
from builder.source import Lesson

ADVICE = "run `make messages`, then translate it"
_SENTENCE = re.compile(r"[A-Za-z]{2,}(?:[ ,;:'’-]+[A-Za-z]{2,}){5,}")
NOT_LATIN = {"vi", "zh", "ja", "ko"}  # languages that are not written in plain Latin letters
_BULLET = re.compile(r"^\s*[*+-] ", re.MULTILINE)
_LINK_TEXT = re.compile(r"\[[^\[\]\n]*\ue001")
_QUOTED = re.compile(r"\*[^*\n]+\*|“[^”]*”|「[^」]*」|\"[^\"\n]*\"|‘[^’]*’|'[^'\n]*'")


def check(course: Course, lessons: dict[str, Lesson]) -> list[Problem]:
    """What is wrong with the catalogues of all built languages; `lessons`: the parsed lessons by name.

    Catalogues of other lessons are not looked at.
    """
    others = [language for language in course.languages if language.code != SOURCE_LANGUAGE]
    if not any(language.built for language in others):
        return []
    problems: list[Problem] = []
    glossary = None
    with gathered(problems, course.root / "translations"):
        glossary = Glossary(course.root / "translations", {language.code: language.built for language in others})
    expected = {}
    for name in sources.names(course):
        if not name.startswith("lessons/") or name.removeprefix("lessons/") in lessons:
            with gathered(problems, course.root):
                expected[name] = sources.messages(course, lessons, name)
    if glossary and len(expected) == len(sources.names(course)):
        said = [text for found in expected.values() for one in found for text in (one.text, one.plural) if text]
        table = course.root / "translations" / "glossary.csv"
        problems += [Problem(table, line, text) for line, text in glossary.never_said(said)]
    for language in filter(lambda language: language.built, others):
        problems += strays(course, language.code)
        for name, messages in expected.items():
            path = course.catalogue(language.code, name)
            if not path.exists():
                problems.append(Problem(path, 0, f"this catalogue is missing: {ADVICE}"))
                continue
            with gathered(problems, path):
                problems += of_catalogue(store.load(path, language.code), messages, glossary)
    return problems


def unknown_languages(course: Course) -> list[Problem]:
    """Languages whose plural forms nobody knows: their codes are misspelt."""
    found = []
    for language in course.languages:
        try:
            store.plurals(language.code)
        except ValueError as error:
            found.append(Problem(course.root / "course.toml", 0, str(error)))
    return found


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
                translated += entry is not None and not entry.fuzzy and store.is_translated(entry)
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


def faults(catalogue: Catalogue, messages: list[Message], glossary: Glossary | None) -> Iterator[str]:
    """What is wrong with a catalogue, each with its cell."""
    return (problem.text for problem in of_catalogue(catalogue, messages, glossary))


def of_catalogue(catalogue: Catalogue, messages: list[Message], glossary: Glossary | None) -> Iterator[Problem]:
    """What is wrong with a catalogue, each with its line and cell. Without a glossary, terms are not looked at."""
    path, language = catalogue.path, catalogue.language
    number, _ = store.plurals(language)
    expected = {message.key: message for message in messages}
    entries = [entry for message in expected.values() if (entry := catalogue.entry(message))]
    if len(expected) > 1 and not any(entry.fuzzy or store.is_translated(entry) for entry in entries):
        yield Problem(path, 0, f"none of its {len(expected)} messages is translated: {ADVICE}")
        return
    for entry in catalogue.entries:
        if (entry.msgctxt, entry.msgid) not in expected:
            text = f"no longer in the source: {store.short(entry.msgid)}; run `make messages`"
            yield Problem(path, entry.linenum or 0, location(entry.msgctxt) + text)
    first: dict[str, tuple[str, str | None]] = {}
    for message in expected.values():
        entry = catalogue.entry(message)
        if entry is None:
            text = f"not translated: {store.short(message.text)}; {ADVICE}"
            yield Problem(path, 0, location(message.context) + text)
            continue
        for text in _of_entry(entry, message, number, language, glossary):
            yield Problem(path, entry.linenum or 0, location(message.context) + text)
        if message.kind == "shown text" and entry.msgstr and not entry.fuzzy:
            other, where = first.setdefault(message.text, (entry.msgstr, message.context))
            if other != entry.msgstr:
                text = f"translated in another way than in the cell {where!r}: {store.short(message.text)}"
                yield Problem(path, entry.linenum or 0, location(message.context) + text)


def _of_entry(
    entry: polib.POEntry, message: Message, number: int, language: str, glossary: Glossary | None
) -> Iterator[str]:
    """What is wrong with the translation of one message, in a language with this `number` of plural forms."""
    if message.plural and len(entry.msgstr_plural) != number:
        forms = f"{len(entry.msgstr_plural)} plural forms, {number} in this language"
        yield f"{forms}: {store.short(message.text)}; {ADVICE}"
    elif not store.is_translated(entry):
        yield f"not translated: {store.short(message.text)}; {ADVICE}"
    elif entry.fuzzy and entry.previous_msgid in (None, message.text):
        yield f"marked as needing work (fuzzy): {store.short(message.text)}; look at it, then take the mark away"
    elif entry.fuzzy:
        yield f"the English has changed since it was translated: {store.short(message.text)}"
    else:
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                for fault in message_faults(message, text, language, glossary):
                    yield in_text(fault, text)


def in_text(fault: str, text: str) -> str:
    """A fault, with the beginning of the translation that has it."""
    return f"{fault}, in {store.short(text)}"


def message_faults(message: Message, text: str, language: str, glossary: Glossary | None) -> Iterator[str]:
    """What is wrong with one translation."""
    # The one form for any number stands for the English plural, which has the number where the singular may not.
    found = list(structure.faults(message.kind, message.plural or message.text, text))
    if found and message.plural and store.plurals(language)[0] > 1:  # of several, one may stand for the singular
        found = min(found, list(structure.faults(message.kind, message.text, text)), key=len)
    yield from found
    yield from characters.faults(language, message.text, text)
    if glossary:
        yield from glossary.retired_in(language, message.text, text)
        if message.kind != "drawing":  # it names columns without code font
            yield from glossary.terms_missing(language, message.text, text)
    if found_english := untranslated(text, language, message.text):
        yield f"English left: {store.short(found_english)}"


def untranslated(text: str, language: str = "vi", source: str = "") -> str | None:
    """A piece of English prose in a translation: six words in a row, outside of code, quotes and titles in italics.

    Vietnamese is written in Latin letters too, but hardly a phrase of six words goes without a letter of its own. In
    another language that is not in `NOT_LATIN`, it must stand in the `source` as well.
    """
    prose = _BULLET.sub("", characters.prose_of(text))
    prose = _LINK_TEXT.sub(" ", _QUOTED.sub(" ", prose))
    for found in _SENTENCE.finditer(prose):
        if language in NOT_LATIN:
            return found[0]
        words = re.findall(r"[A-Za-z]+", found[0])
        english = " ".join(re.findall(r"[A-Za-z]+", source))
        for number in range(len(words) - 5):
            if (six := " ".join(words[number : number + 6])) in english:
                return six
    return None


def location(context: str | None) -> str:
    """How a fault begins that is about a message with this context."""
    return f"cell {context!r}: " if context else ""
