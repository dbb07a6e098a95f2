"""Terms are translated as the glossary says, and words that earlier translations got wrong do not come back.

`translations/glossary.csv`: `en`, a column for each language with its allowed forms (separated by `|`, the preferred
one first), and `check`: "always" where every use of the English term is to be found again in the translation. Words
that are also everyday English (step, run, check) are not checked.

`translations/retired.csv`: `language`, `retired` (a regular expression), `instead`, and `when` and `unless`, which
narrow it to messages whose English has, or has not, a match.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.guards.characters import prose_of
from builder.problems import Problem, Refused, gathered
from builder.reading import read

_ALWAYS = "always"
# Names of things: titles of papers in italics, texts of links, values in quotes.
_NAMES = re.compile(r"(?<!\*)\*(?![\s*])[^*\n]*[A-Z][^*\n]*\*(?!\*)|\[[^\[\]\n]*\ue001|\"\w+\"")


@dataclass(frozen=True)
class Term:
    """A term whose translations are fixed: language → allowed forms."""

    english: str
    line: int  # of the table
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
    """Both tables of a course. A course without them fixes nothing.

    `languages`: code -> whether it is built, for each language of the course but English; by default, whatever the
    tables have. Raises Refused with everything that is wrong in either table.
    """

    def __init__(self, folder: Path, languages: Mapping[str, bool] | None = None) -> None:
        problems: list[Problem] = []
        self.terms = _terms(folder / "glossary.csv", languages, problems)
        self.retired = _retired(folder / "retired.csv", languages, problems)
        if problems:
            raise Refused(problems)

    def terms_missing(self, language: str, source: str, translation: str) -> Iterator[str]:
        """Terms of the source that the translation renders in another way."""
        english = _NAMES.sub(" ", prose_of(source))
        prose = prose_of(translation).casefold()
        for term in self.terms:  # longer terms first: "system prompt" is not a case of "prompt"
            english, found = term.pattern.subn(" ", english)
            forms = term.forms.get(language, ())
            if found and forms and not any(form.casefold() in prose for form in forms):
                yield f"“{term.english}” is {' or '.join(forms)}"

    def never_said(self, english: Iterable[str]) -> Iterator[tuple[int, str]]:
        """(line, what is wrong) for terms to be checked that no text of the course has: their check cannot fire."""
        texts = [prose_of(text) for text in english]
        for term in self.terms:
            if not any(map(term.pattern.search, texts)):
                yield term.line, f"no text of the course says {term.english!r}: say it there, or take its check away"

    def retired_in(self, language: str, source: str, translation: str) -> Iterator[str]:
        """Retired wordings in the translation."""
        for word in self.retired:
            if word.language != language or not (found_word := word.pattern.search(prose_of(translation))):
                continue
            if (word.when is None or word.when.search(source)) and not (word.unless and word.unless.search(source)):
                yield f"not {found_word[0]}, but {word.instead}"


def _terms(path: Path, languages: Mapping[str, bool] | None, problems: list[Problem]) -> list[Term]:
    """The terms that are checked; what is wrong with the table is added to `problems`."""
    found: list[Term] = []
    lines: dict[str, int] = {}  # of each term
    empty: dict[str, list[tuple[int, str]]] = {}  # language -> terms without a translation
    header, rows = _rows(path, problems)
    columns = [column for column in header if column not in ("en", "check")]
    wanted = columns if languages is None else [code for code, built in languages.items() if built]
    known = {"en", "check", *(columns if languages is None else languages)}
    if not _columns(path, header, {"en", "check", *wanted}, known, problems):
        return []
    for line, row in rows:
        term = row["en"]
        if not term.strip():
            problems.append(Problem(path, line, "this line has no English term"))
        elif (before := lines.setdefault(term.casefold(), line)) != line:
            problems.append(Problem(path, line, f"the term {term!r} stands in line {before} already"))
        if row["check"] not in ("", _ALWAYS):
            problems.append(Problem(path, line, f"check is empty or {_ALWAYS!r}, not {row['check']!r}"))
        forms = {code: tuple(form.strip() for form in row[code].split("|") if form.strip()) for code in columns}
        for code in wanted:
            if not forms[code]:
                empty.setdefault(code, []).append((line, term))
        if row["check"] == _ALWAYS:
            word = re.sub(r"[\s-]+", r"[\\s-]+", re.escape(term.split(" (")[0]).replace(r"\ ", " ").replace(r"\-", "-"))
            pattern = re.compile(rf"(?<![\w-]){word}(?:e?s)?(?![\w-])", re.IGNORECASE)
            found.append(Term(term, line, forms, pattern))
    for code, terms in empty.items():
        if len(terms) == len(rows) > 1:
            problems.append(Problem(path, 1, f"the column {code} is empty: each term needs its translation"))
        else:
            problems += [Problem(path, line, f"the term {term!r} lacks a translation: {code}") for line, term in terms]
    return sorted(found, key=lambda term: -len(term.english))


def _retired(path: Path, languages: Mapping[str, bool] | None, problems: list[Problem]) -> list[Retired]:
    """The retired wordings; what is wrong with the table is added to `problems`."""
    found = []
    header, rows = _rows(path, problems)
    names = {"language", "retired", "instead", "when", "unless"}
    if not _columns(path, header, names, names, problems):
        return []
    for line, row in rows:
        patterns: dict[str, re.Pattern[str] | None] = {}
        before = len(problems)
        for key in ("retired", "when", "unless"):
            try:
                patterns[key] = re.compile(row[key], re.IGNORECASE) if row[key] else None
            except re.error as error:
                problems.append(Problem(path, line, f"{key} {row[key]!r} is no regular expression: {error}"))
        if languages is not None and row["language"] not in languages:
            known = ", ".join(languages)
            problems.append(Problem(path, line, f"no language {row['language']!r}; course.toml has: {known}"))
        if not row["instead"]:
            problems.append(Problem(path, line, "instead is empty: what is to be written?"))
        retired = patterns.get("retired")
        if len(problems) == before and (retired is None or retired.search("")):
            problems.append(Problem(path, line, f"retired {row['retired']!r} is found in every text"))
        if len(problems) == before and retired:
            found.append(Retired(row["language"], retired, row["instead"], patterns["when"], patterns["unless"]))
    return found


def _columns(path: Path, header: list[str], wanted: set[str], known: set[str], problems: list[Problem]) -> bool:
    """Whether a table has the columns that are `wanted`, and no others than those `known`; what is wrong is added."""
    if not header:
        return False
    if len(header) == 1 and re.search("[;\t]", header[0]):
        problems.append(Problem(path, 1, "the columns are separated by something else than commas"))
        return False
    before = len(problems)
    for name in sorted({name for name in header if header.count(name) > 1}):
        problems.append(Problem(path, 1, f"the column {name!r} is there twice"))
    missing, more = sorted(wanted - set(header)), sorted(set(header) - known)
    said = [f"the column {', '.join(missing)} is missing"] if missing else []
    said += [f"nothing is known of the column {', '.join(map(repr, more))}"] if more else []
    if said:
        problems.append(Problem(path, 1, "; ".join(said)))
    return len(problems) == before


def _rows(path: Path, problems: list[Problem]) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The names of the columns of a table, and each row with its line; rows that do not fit are added to `problems`."""
    if not path.is_file():
        return [], []
    header: list[str] = []
    rows = []
    with gathered(problems, path):
        table = csv.reader(io.StringIO(read(path)), strict=True)
        begin = 1
        try:
            for cells in table:
                if not header:
                    header = cells
                elif cells and len(cells) != len(header):
                    columns = ", ".join(header)
                    problems.append(Problem(path, begin, f"this line does not have the columns {columns}"))
                elif cells:
                    rows.append((begin, dict(zip(header, cells, strict=True))))
                begin = table.line_num + 1
        except csv.Error as error:
            problems.append(Problem(path, begin, f"the quotes of this line are wrong: {error}"))
        if not header:
            problems.append(Problem(path, 0, "this table is empty"))
    return header, rows
