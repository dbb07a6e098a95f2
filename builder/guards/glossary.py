"""Terms are translated as the glossary says, and words that earlier translations got wrong do not come back.

`translations/glossary.csv`: `en`, a column for each language with its allowed forms (separated by `|`, the preferred
one first), and `check`: "always" where every use of the English term is to be found again in the translation. Words
that are also everyday English (step, run, check) are not checked.

`translations/retired.csv`: `language`, `retired` (a regular expression), `instead`, and `when` and `unless`, which
narrow it to messages whose English has, or has not, a match.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.guards.characters import prose_of
from builder.problems import refuse

LANGUAGES = ("vi", "zh", "ja", "ko")
# Names of things: titles of papers in italics, texts of links, values in quotes.
_NAMES = re.compile(r"(?<!\*)\*(?![\s*])[^*\n]*[A-Z][^*\n]*\*(?!\*)|\[[^\[\]\n]*\ue001|\"\w+\"")


@dataclass(frozen=True)
class Term:
    """A term whose translations are fixed: language → allowed forms."""

    english: str
    forms: dict[str, tuple[str, ...]]
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Retired:
    """A wording that must not come back in `language`."""

    language: str
    pattern: re.Pattern[str]
    instead: str
    when: re.Pattern[str] | None
    unless: re.Pattern[str] | None


class Glossary:
    """Both tables of a course. A course without them fixes nothing."""

    def __init__(self, folder: Path) -> None:
        self.terms = _terms(folder / "glossary.csv")
        self.retired = _retired(folder / "retired.csv")

    def terms_missing(self, language: str, source: str, translation: str) -> Iterator[str]:
        """Terms of the source that the translation renders in another way."""
        english = _NAMES.sub(" ", prose_of(source))
        prose = prose_of(translation).casefold()
        for term in self.terms:  # longer terms first: "system prompt" is not a case of "prompt"
            english, found = term.pattern.subn(" ", english)
            if found and not any(form.casefold() in prose for form in term.forms[language]):
                yield f"“{term.english}” is {' or '.join(term.forms[language])}"

    def retired_in(self, language: str, source: str, translation: str) -> Iterator[str]:
        """Retired wordings in the translation."""
        for word in self.retired:
            if word.language != language or not (found_word := word.pattern.search(prose_of(translation))):
                continue
            if (word.when is None or word.when.search(source)) and not (word.unless and word.unless.search(source)):
                yield f"not {found_word[0]}, but {word.instead}"


def _terms(path: Path) -> list[Term]:
    found = []
    for row in _rows(path, {"en", "check", *LANGUAGES}):
        forms = {language: tuple(filter(None, row[language].split("|"))) for language in LANGUAGES}
        if not all(forms.values()):
            raise refuse(path, 0, f"the term {row['en']!r} lacks a translation")
        if row["check"] == "always":
            word = re.sub(
                r"[\s-]+", r"[\\s-]+", re.escape(row["en"].split(" (")[0]).replace(r"\ ", " ").replace(r"\-", "-")
            )
            pattern = re.compile(rf"(?<![\w-]){word}(?:e?s)?(?![\w-])", re.IGNORECASE)
            found.append(Term(row["en"], forms, pattern))
    return sorted(found, key=lambda term: -len(term.english))


def _retired(path: Path) -> list[Retired]:
    found = []
    for row in _rows(path, {"language", "retired", "instead", "when", "unless"}):
        when, unless = (re.compile(row[key], re.IGNORECASE) if row[key] else None for key in ("when", "unless"))
        found.append(Retired(row["language"], re.compile(row["retired"], re.IGNORECASE), row["instead"], when, unless))
    return found


def _rows(path: Path, columns: set[str]) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, start=2):
        if set(row) != columns or None in row.values():
            raise refuse(path, number, f"this line does not have the columns {', '.join(sorted(columns))}")
    return rows
