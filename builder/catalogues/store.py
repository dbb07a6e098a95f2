"""Catalogues on disk: GNU gettext PO, without dates or line numbers, so that the same messages give the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import polib
from babel import UnknownLocaleError
from babel.messages.plurals import get_plural

from builder.problems import Problem, Refused, refuse
from builder.reading import read

_TEXT = re.compile(r"(?:msg\w+(?:\[\d+\])?\s*)?\".*\"")
HEADER = {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit"}


def plurals(language: str) -> tuple[int, str]:
    """(number of plural forms, gettext's header line for them) of a language. Raises ValueError where it is unknown."""
    try:
        found = get_plural(language)
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"{language!r} is no code of a language that is known") from None
    return found.num_plurals, found.plural_forms


@dataclass(frozen=True)
class Message:
    """A text to be translated, named by `context` (a cell's id, mostly) and `text` together; `kind` helps translators.

    `line`: in the source, from 1; 0 where it has none. `plural`: the second form of a message with a number.
    """

    context: str | None
    text: str
    kind: str
    line: int = 0
    plural: str = ""

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.text


@dataclass
class Catalogue:
    """One PO file: `entries` in the order of the source."""

    path: Path
    language: str
    entries: list[polib.POEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_key = {(entry.msgctxt, entry.msgid): entry for entry in self.entries}

    def entry(self, message: Message) -> polib.POEntry | None:
        """The entry of a message, translated or not."""
        return self._by_key.get(message.key)

    def translation(self, message: Message) -> str | None:
        """The translation of a message; None where it is missing or fuzzy, which is never shown."""
        entry = self.entry(message)
        return entry.msgstr if entry is not None and entry.msgstr and not entry.fuzzy else None


def load(path: Path, language: str) -> Catalogue:
    """The catalogue at `path`, empty where there is none.

    Raises Refused where it cannot be read, is that of another language, or translates a message twice.
    """
    if not path.exists():
        return Catalogue(path, language)
    text = read(path, bom=True)
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if line.startswith(("msg", '"')) and not _TEXT.fullmatch(line):  # polib would take any letters for quotes
            raise refuse(path, number, "cannot be read as a catalogue: the text of this line is not in quotes")
    try:
        file = polib.pofile(f"{text}\n")  # the text itself: a path has no line ends
    except (OSError, ValueError, IndexError) as error:
        found = re.search(r"\(line (\d+)\)", str(error))
        raise refuse(path, int(found[1]) if found else 0, f"cannot be read as a catalogue: {_reason(error)}") from None
    entries = [entry for entry in file if not entry.obsolete]
    problems = []
    stated = file.metadata.get("Language", "")
    if stated and re.split("[_-]", stated)[0].lower() != re.split("[_-]", language)[0]:
        problems.append(Problem(path, 1, f"this catalogue says that its language is {stated!r}, not {language!r}"))
    first: dict[tuple[str | None, str], polib.POEntry] = {}
    for entry in entries:
        before = first.setdefault((entry.msgctxt, entry.msgid), entry)
        if not entry.msgid:
            raise refuse(path, entry.linenum, "a second header: another catalogue was put into this one")
        if before is not entry:
            where = f"cell {entry.msgctxt!r}: " if entry.msgctxt else ""
            same = "with the same" if texts(before) == texts(entry) else "with another"
            what = f"this message stands in line {before.linenum or 1} already, {same} translation: keep one of the two"
            problems.append(Problem(path, entry.linenum, f"{where}{what}, {short(entry.msgid)}"))
    if problems:
        raise Refused(problems)
    return Catalogue(path, language, entries)


def is_translated(entry: polib.POEntry) -> bool:
    """Whether a message has all its forms in the language, fuzzy or not."""
    return bool(entry.msgstr.strip()) or bool(entry.msgstr_plural) and all(entry.msgstr_plural.values())


def short(text: str) -> str:
    """The beginning of a text, in quotes, on one line."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= 60 else line[:59] + '…'}”"


def texts(entry: polib.POEntry) -> list[str]:
    """The translation of a message in all its forms, as far as there is one."""
    return list(filter(None, [entry.msgstr, *(text for _, text in sorted(entry.msgstr_plural.items()))]))


def _reason(error: Exception) -> str:
    """What polib says, without the text that it was given."""
    return str(error).rpartition("\n")[2].strip() or type(error).__name__


def text_of(catalogue: Catalogue, title: str) -> str:
    """The catalogue as a PO file."""
    file = polib.POFile(wrapwidth=0)
    file.metadata = {
        "Project-Id-Version": title,
        "Language": catalogue.language,
        **HEADER,
        "Plural-Forms": plurals(catalogue.language)[1],
    }
    file.extend(catalogue.entries)
    return str(file).rstrip("\n") + "\n"


def compiled(catalogue: Catalogue, title: str) -> bytes:
    """The catalogue as gettext's binary form, without contexts, untranslated and fuzzy entries."""
    file = polib.POFile()
    file.metadata = {"Project-Id-Version": title, "Language": catalogue.language, **HEADER}
    file.metadata["Plural-Forms"] = plurals(catalogue.language)[1]
    seen = set()
    for entry in catalogue.entries:
        if entry.fuzzy or not (entry.msgstr or entry.msgstr_plural) or entry.msgid in seen:
            continue
        seen.add(entry.msgid)
        plural = {"msgid_plural": entry.msgid_plural, "msgstr_plural": dict(entry.msgstr_plural)}
        file.append(polib.POEntry(msgid=entry.msgid, msgstr=entry.msgstr, **(plural if entry.msgid_plural else {})))
    return file.to_binary()
