"""A row of a dataset in full: its conversations turn by turn, then its other columns. Long texts grow on request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from prompt2data.i18n import ngettext
from prompt2data.untrusted import visible
from prompt2data.widgets.browser.cells import column_name, column_names, role_name
from prompt2data.widgets.browser.conversations import Conversation, Turn, conversations
from prompt2data.widgets.browser.marking import find, marked
from prompt2data.widgets.browser.table import Table, as_json, is_missing, text_of
from prompt2data.widgets.view import render

_MOST_COLUMNS = 60  # of a row
# Characters of a text at first, more with each press of *Show more*, and in all texts together at first.
_TEXT, _SHORTEST_TEXT, _MORE, _TOGETHER = 4_000, 300, 16_000, 50_000
_LONGEST_TEXT = 100_000
_TURNS = 30  # of a conversation at first, and more with each press
_STATIC_TEXT, _STATIC_TOGETHER = 2_000, 20_000


@dataclass(frozen=True)
class Text:
    """A text in the reading view: `size` characters, of which a press of *Show more* sends for more if it `grows`."""

    name: str
    kind: str  # "text", "folded", "missing" or "empty"
    key: str
    shown: Markup | str = ""
    size: int = 0
    grows: bool = False


@dataclass(frozen=True)
class Reading:
    """How rows of `table` are read: marked where `search` hits, and with `more` presses of *Show more* for each key.

    `static`: as it is stored, where nothing can be pressed. `uid`: the widget's, for the names of elements.
    """

    table: Table
    uid: str
    search: str = ""
    more: Counter[str] = field(default_factory=Counter)
    static: bool = False

    def in_full(self, row: int) -> Markup:
        """The conversations of a row, then its other columns."""
        table, values = self.table, self.table.rows[row]
        talks = conversations(values)
        used = {name for one in talks for name in one.columns}
        columns = [column for column in table.order if table.columns[column] not in used]
        texts = len(columns[:_MOST_COLUMNS]) + sum(min(len(one.turns), _TURNS) for one in talks)
        longest, together = (_STATIC_TEXT, _STATIC_TOGETHER) if self.static else (_TEXT, _TOGETHER)
        longest = max(_SHORTEST_TEXT, min(longest, together // max(1, texts)))
        return render(
            "browser_full", uid=self.uid, static=self.static,
            talks=[self.talk(one, f"t{place}", longest) for place, one in enumerate(talks)],
            texts=[
                self._text(column_name(table, column), values.get(table.columns[column]), f"c{column}", longest)
                for column in columns[:_MOST_COLUMNS]
            ],
            left_out=column_names(table, columns[_MOST_COLUMNS:]),
        )  # fmt: skip

    def talk(self, talk: Conversation, key: str, longest: int) -> dict[str, Any]:
        """A conversation as its template takes it, each turn with at most `longest` characters at first."""
        most = _TURNS * (1 + self.more[key])
        size = max(len(talk.before) + len(side.turns) for side in talk.sides)

        def drawn(turns: Sequence[Turn], key: str) -> list[tuple[str, Text, str]]:
            return [
                (
                    turn.role if turn.role in ("user", "assistant") else "",
                    self._text(role_name(turn.role), turn.content, f"{key}-{place}", longest),
                    visible(as_json(turn.more, 2), _SHORTEST_TEXT) if turn.more else "",
                )
                for place, turn in enumerate(turns[:most])
            ]

        joined = " → ".join if talk.beside else " + ".join
        return {
            "name": joined(visible(name, 80) for name in talk.columns),
            "before": drawn(talk.before, f"{key}-b"),
            "sides": [(side.name, drawn(side.turns, f"{key}-s{number}")) for number, side in enumerate(talk.sides)],
            "beside": talk.beside,
            "count": ngettext("{n} turn", "{n} turns", size).format(n=size),
            "key": key if size > most and not self.static else "",
        }

    def _text(self, name: str, value: Any, key: str, longest: int) -> Text:
        if is_missing(value):
            return Text(name, "missing", key)
        text = text_of(value)
        if not isinstance(value, str) and text[:1] in "[{":
            kind, text = "folded", as_json(value, 2)
        else:
            kind = "text" if text else "empty"
        limit = longest + self.more[key] * _MORE
        if not self.static and kind == "text" and (place := find(text, self.search)) >= 0:
            limit = max(limit, place + _SHORTEST_TEXT)  # what was searched for is in sight
        limit = min(limit, _LONGEST_TEXT)
        grows = not self.static and limit < min(len(text), _LONGEST_TEXT)
        shown = marked(text, self.search if kind == "text" else "", limit)
        return Text(name, kind, key, shown, len(text), grows)
