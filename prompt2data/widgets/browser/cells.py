"""What a table shows: short cells, marked where the search hit, folded where there is more to see; and its labels.

A text is cut into pieces first and escaped piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from prompt2data.ground.rows import is_missing
from prompt2data.i18n import N_, _, listed, ngettext, translated
from prompt2data.untrusted import visible
from prompt2data.widgets.browser.conversations import is_messages
from prompt2data.widgets.browser.table import WITHOUT_VALUE, ColumnFilter, Table, as_json, as_text
from prompt2data.widgets.view import render

_ROLES = (N_("system"), N_("user"), N_("assistant"), N_("tool"))
_MOST_NAMES = 60
_MOST_MARKS = 200  # in one text


@dataclass(frozen=True)
class Shown:
    """A value, fit to be shown."""

    kind: str  # "text", "number", "folded", "missing" or "empty"
    text: Markup | str = ""  # all of it, or the part that is shown
    key: str = ""  # identifies what can be unfolded
    summary: Markup | str = ""  # what unfolds the text
    name: str = ""  # heading
    more: str = ""  # the key of a button *Show more*


def cell(table: Table, row: int, column: int, search: str, longest: int) -> Shown:
    """The cell of a row in a column, with `longest` characters of its text around the first hit of the search."""
    value = table.rows[row].get(table.columns[column])
    key = f"cell-{row}-{column}"
    if is_missing(value):
        return Shown("missing")
    if isinstance(value, str) and not value:
        return Shown("empty")
    if is_messages(value):
        return _folded_messages(value, key, search, longest)
    text = as_text(value)
    if not isinstance(value, str) and text[:1] in "[{":
        short = visible(text, 10_000)[:30] + ("…" if len(text) > 30 else "")
        return Shown("folded", excerpt(as_json(value, 2), "", 3 * longest), key, short)
    kind = "number" if table.kinds[column] == "number" else "text"
    return Shown(kind, excerpt(text, search if isinstance(value, str) else "", longest))


def _folded_messages(messages: Sequence[Mapping[str, Any]], key: str, search: str, longest: int) -> Shown:
    texts = [as_text(message["content"]) for message in messages]
    hit = next((text for text in texts if find(text, search) >= 0), texts[0])
    turns = [(role_name(messages[n]["role"]), excerpt(text, search, longest)) for n, text in enumerate(texts[:3])]
    count = ngettext("{n} turn", "{n} turns", len(messages)).format(n=len(messages))
    short = Markup("{}: {}").format(count, excerpt(hit, search, longest // 2))
    return Shown("folded", render("browser_turns", turns=turns, more=len(messages) > 3), key, short)


def marked(text: str, needle: str, longest: int) -> Markup:
    """The first `longest` characters of `text`, fit to be shown, with every `needle` in `<mark>`; case is ignored.

    A text that was cut ends with its length.
    """
    tail = " … " + _("({n} characters in all)").format(n=f"{len(text):,}") if len(text) > longest else ""
    return _marks(text[:longest], needle) + escape(tail)


def excerpt(text: str, needle: str, longest: int) -> Markup:
    """At most about `longest` characters of `text` around the first `needle`, or from the beginning."""
    hit = find(text, needle)
    start = 0 if hit < 0 or hit + len(needle) <= longest else hit - longest // 3
    end = start + longest
    before, after = "… " if start else "", " …" if end < len(text) else ""
    return Markup(before) + _marks(text[start:end].strip(), needle) + after


def find(text: str, needle: str) -> int:
    """The index of the first `needle`, ignoring case, or -1."""
    match = re.search(re.escape(needle), text, re.IGNORECASE) if needle else None
    return match.start() if match else -1


def _marks(text: str, needle: str) -> Markup:
    pattern = f"({re.escape(needle)})"
    pieces = re.split(pattern, text, maxsplit=_MOST_MARKS, flags=re.IGNORECASE) if needle else [text]
    shown = [escape(visible(piece, len(piece))) for piece in pieces]
    shown[1::2] = [Markup("<mark>{}</mark>").format(hit) for hit in shown[1::2]]
    return Markup("").join(shown)


def column_name(table: Table, column: int) -> str:
    """The name of a column, fit to be shown."""
    return visible(table.columns[column], 80)


def column_names(table: Table, columns: Sequence[int]) -> str:
    """The names of columns as a list, cut after `_MOST_NAMES`."""
    shown = listed(column_name(table, column) for column in columns[:_MOST_NAMES])
    return shown + (", …" if len(columns) > _MOST_NAMES else "")


def role_name(role: str) -> str:
    """Whose turn it is; the usual roles in the notebook's language."""
    return translated(role) if role in _ROLES else visible(role, 40)


def filter_text(table: Table, filter_: ColumnFilter) -> str:
    """A filter in words, fit to be shown."""
    value = "" if filter_.condition in WITHOUT_VALUE else f" “{visible(filter_.value, 60)}”"
    return f"{column_name(table, filter_.column)} {translated(filter_.condition)}{value}"
