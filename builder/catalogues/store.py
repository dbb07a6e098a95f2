"""Catalogues on disk: GNU gettext PO, without dates or line numbers, so that the same messages give the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polib

from builder.problems import refuse

HEADER = {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit"}
PLURALS = {"en": "nplurals=2; plural=(n != 1);"}
_NO_PLURAL = "nplurals=1; plural=0;"  # vi, zh, ja, ko


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
    """The catalogue at `path`, empty where there is none. Raises Refused where it cannot be read."""
    if not path.is_file():
        return Catalogue(path, language)
    try:
        entries = [entry for entry in polib.pofile(str(path), encoding="utf-8") if not entry.obsolete]
    except (OSError, ValueError) as error:
        raise refuse(path, 0, f"cannot be read as a catalogue: {error}") from None
    return Catalogue(path, language, entries)


def text_of(catalogue: Catalogue, title: str) -> str:
    """The catalogue as a PO file."""
    file = polib.POFile(wrapwidth=0)
    file.metadata = {
        "Project-Id-Version": title,
        "Language": catalogue.language,
        **HEADER,
        "Plural-Forms": PLURALS.get(catalogue.language, _NO_PLURAL),
    }
    file.extend(catalogue.entries)
    return str(file).rstrip("\n") + "\n"


def compiled(catalogue: Catalogue, title: str) -> bytes:
    """The catalogue as gettext's binary form, without contexts, untranslated and fuzzy entries."""
    file = polib.POFile()
    file.metadata = {"Project-Id-Version": title, "Language": catalogue.language, **HEADER}
    file.metadata["Plural-Forms"] = PLURALS.get(catalogue.language, _NO_PLURAL)
    seen = set()
    for entry in catalogue.entries:
        if entry.fuzzy or not (entry.msgstr or entry.msgstr_plural) or entry.msgid in seen:
            continue
        seen.add(entry.msgid)
        plural = {"msgid_plural": entry.msgid_plural, "msgstr_plural": dict(entry.msgstr_plural)}
        file.append(polib.POEntry(msgid=entry.msgid, msgstr=entry.msgstr, **(plural if entry.msgid_plural else {})))
    return file.to_binary()
