"""The cells of a dataset's table: short, marked where the search hit, folded where there is more to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from prompt2data.i18n import _, ngettext
from prompt2data.untrusted import visible
from prompt2data.widgets.browser.conversations import is_turns
from prompt2data.widgets.browser.marking import excerpt, find
from prompt2data.widgets.browser.table import Table, as_json, is_missing, text_of
from prompt2data.widgets.view import render

_MOST_NAMES = 60


@dataclass(frozen=True)
class Cell:
    """A cell of the table. `fold`: what opens when a reader presses `short`; `key`: its name among the cells."""

    kind: str  # "text", "number", "folded", "missing" or "empty"
    short: Markup | str = ""
    fold: Markup | str = ""
    key: str = ""


def cell(table: Table, row: int, column: int, search: str, longest: int) -> Cell:
    """The cell of a row in a column, with `longest` characters of its text around what is searched for."""
    value = table.rows[row].get(table.columns[column])
    key = f"{row}-{column}"
    if is_missing(value):
        return Cell("missing")
    if isinstance(value, str) and not value:
        return Cell("empty")
    if is_turns(value):
        return _folded_turns(value, key, search, longest)
    text = text_of(value)
    if not isinstance(value, str) and text[:1] in "[{":
        short = visible(text, 10_000)[:30] + ("…" if len(text) > 30 else "")
        return Cell("folded", short, excerpt(as_json(value, 2), "", 3 * longest), key)
    kind = "number" if table.kinds[column] == "number" else "text"
    return Cell(kind, excerpt(text, search if isinstance(value, str) else "", longest))


def _folded_turns(value: Sequence[Mapping[str, Any]], key: str, search: str, longest: int) -> Cell:
    texts = [text_of(turn["content"]) for turn in value]
    hit = next((text for text in texts if find(text, search) >= 0), texts[0])
    turns = [
        (role_name(turn["role"]), excerpt(text, search, longest))
        for turn, text in zip(value[:3], texts[:3], strict=True)
    ]
    count = ngettext("{n} turn", "{n} turns", len(value)).format(n=len(value))
    short = Markup("{}: {}").format(count, excerpt(hit, search, longest // 2))
    return Cell("folded", short, render("browser_turns", turns=turns, more=len(value) > 3), key)


def column_name(table: Table, column: int) -> str:
    """The name of a column as it is shown."""
    return visible(table.columns[column], 80)


def column_names(table: Table, columns: Sequence[int]) -> str:
    """The names of columns as a list, not longer than is of use."""
    shown = ", ".join(column_name(table, column) for column in columns[:_MOST_NAMES])
    return shown + (", …" if len(columns) > _MOST_NAMES else "")


def role_name(role: str) -> str:
    """Whose turn it is, in the notebook's language where it is one of the usual roles."""
    said = {"system": _("system"), "user": _("user"), "assistant": _("assistant"), "tool": _("tool")}
    return said.get(role, "") or visible(role, 40)
