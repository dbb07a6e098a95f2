"""A catalogue brought up to date with its source: what is new, changed, moved and gone.

`polib` finds no changed messages, and Babel's search crosses cells; here a changed text finds the translation of the
nearest text of its own cell.
"""

from __future__ import annotations

from difflib import SequenceMatcher

import polib

from builder.catalogues.store import Catalogue, Message, plurals

_NEAR = 0.5  # least similarity (0 to 1) for an old translation to be of use


def merged(catalogue: Catalogue, messages: list[Message]) -> Catalogue:
    """The catalogue with exactly these messages, in their order.

    A message that only moved to another cell keeps its translation. A changed one gets the old translation marked
    fuzzy, with the old text for the translator. Messages that are gone are removed.
    """
    number, _ = plurals(catalogue.language)
    current = {message.key for message in messages}
    gone = [entry for entry in catalogue.entries if (entry.msgctxt, entry.msgid) not in current and entry.msgstr]
    moved = {entry.msgid: entry for entry in catalogue.entries if entry.msgstr and not entry.fuzzy}
    entries, done = [], set()
    for message in messages:
        if message.key in done:
            continue
        done.add(message.key)
        entry = catalogue.entry(message)
        if entry is None or not (entry.msgstr or entry.msgstr_plural):
            entry = _moved(message, moved) or _changed(message, gone) or entry or _new(message)
        if message.plural:
            forms = entry.msgstr_plural
            entry.msgid_plural, entry.msgstr_plural = message.plural, {n: forms.get(n, "") for n in range(number)}
        entry.comment = message.kind
        entries.append(entry)
    return Catalogue(catalogue.path, catalogue.language, entries)


def _new(message: Message) -> polib.POEntry:
    return polib.POEntry(msgctxt=message.context, msgid=message.text)


def _moved(message: Message, moved: dict[str, polib.POEntry]) -> polib.POEntry | None:
    if message.plural or message.text not in moved:
        return None
    entry = _new(message)
    entry.msgstr, entry.tcomment = moved[message.text].msgstr, moved[message.text].tcomment
    return entry


def _changed(message: Message, gone: list[polib.POEntry]) -> polib.POEntry | None:
    """The message with the translation of the nearest text of its cell that is gone; each serves once."""
    if message.plural:
        return None
    near = [
        (SequenceMatcher(None, old.msgid, message.text, autojunk=False).ratio(), -index)
        for index, old in enumerate(gone)
        if old.msgctxt == message.context
    ]
    ratio, index = max(near, default=(0.0, 0))
    if ratio < _NEAR:
        return None
    old = gone.pop(-index)
    entry = _new(message)
    entry.msgstr, entry.tcomment = old.msgstr, old.tcomment
    # Changed twice before it was translated: the translation still is that of the first text.
    translated = old.previous_msgid if old.fuzzy and old.previous_msgid else old.msgid
    if translated != message.text:  # unless it was changed back
        entry.flags, entry.previous_msgid = ["fuzzy"], translated
    return entry
