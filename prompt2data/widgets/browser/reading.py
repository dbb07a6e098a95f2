"""A row of a dataset in full: its conversations turn by turn, then its other columns. Long texts grow on request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from prompt2data.ground.rows import is_missing
from prompt2data.i18n import ngettext
from prompt2data.untrusted import visible
from prompt2data.widgets.browser.cells import Shown, column_name, column_names, find, marked, role_name
from prompt2data.widgets.browser.conversations import Conversation, Message, conversations
from prompt2data.widgets.browser.table import Table, as_json, as_text
from prompt2data.widgets.view import render

_MOST_COLUMNS = 60  # of a row
# Characters of a text at first, with each press of *Show more*, and of all texts together at first.
_TEXT, _SHORTEST_TEXT, _MORE, _TOGETHER = 4_000, 300, 16_000, 50_000
_LONGEST_TEXT = 100_000
_TURNS = 30  # of a conversation at first, and more with each press
_STATIC_TEXT, _STATIC_TOGETHER = 2_000, 20_000


@dataclass(frozen=True)
class Reading:
    """How rows of `table` are read."""

    table: Table
    uid: str  # of the widget, for the ids of elements
    search: str = ""  # marked in texts
    more: Counter[str] = field(default_factory=Counter)  # presses of *Show more*, by the key of a text or conversation
    static: bool = False  # for the stored form, in which nothing can be pressed

    def in_full(self, row: int) -> Markup:
        """The conversations of a row, then its other columns."""
        table, values = self.table, self.table.rows[row]
        talks = conversations(values)
        used = {name for talk in talks for name in talk.columns}
        columns = [column for column in table.order if table.columns[column] not in used]
        columns, left_out = columns[:_MOST_COLUMNS], columns[_MOST_COLUMNS:]
        sizes = (len(talk.before) + sum(map(len, talk.sides.values())) for talk in talks)
        texts = len(columns) + sum(min(size, _TURNS) for size in sizes)
        longest, together = (_STATIC_TEXT, _STATIC_TOGETHER) if self.static else (_TEXT, _TOGETHER)
        longest = max(_SHORTEST_TEXT, min(longest, together // max(1, texts)))
        return render(
            "browser_full",
            uid="" if self.static else self.uid,
            talks=[self.talk(talk, f"t{number}", longest) for number, talk in enumerate(talks)],
            texts=[
                self._text(column_name(table, column), values.get(table.columns[column]), f"c{column}", longest)
                for column in columns
            ],
            left_out=column_names(table, left_out),
        )

    def talk(self, talk: Conversation, key: str, longest: int) -> dict[str, Any]:
        """A conversation for its template, each message with at most `longest` characters at first."""
        most = _TURNS * (1 + self.more[key])
        size = max(len(talk.before) + len(side) for side in talk.sides.values())

        def turns(messages: Sequence[Message], key: str) -> list[tuple[str, Shown, str]]:
            return [
                (
                    message.role,
                    self._text(role_name(message.role), message.content, f"{key}-{number}", longest),
                    visible(as_json(message.more, 2), _SHORTEST_TEXT) if message.more else "",
                )
                for number, message in enumerate(messages[:most])
            ]

        return {
            "name": (" → " if talk.beside else " + ").join(visible(name, 80) for name in talk.columns),
            "before": turns(talk.before, f"{key}-b"),
            "sides": [(name, turns(side, f"{key}-s{n}")) for n, (name, side) in enumerate(talk.sides.items())],
            "beside": talk.beside,
            "count": ngettext("{n} turn", "{n} turns", size).format(n=size),
            "key": key if size > most and not self.static else "",
        }

    def _text(self, name: str, value: Any, key: str, longest: int) -> Shown:
        if is_missing(value):
            return Shown("missing", name=name)
        text = as_text(value)
        if not isinstance(value, str) and text[:1] in "[{":
            kind, text = "folded", as_json(value, 2)
        else:
            kind = "text" if text else "empty"
        limit, search = longest + self.more[key] * _MORE, self.search if kind == "text" else ""
        if not self.static and (hit := find(text, search)) >= 0:
            limit = max(limit, hit + _SHORTEST_TEXT)  # the hit is in sight
        limit = min(limit, _LONGEST_TEXT)
        grows = not self.static and limit < min(len(text), _LONGEST_TEXT)
        summary = ngettext("{n} character", "{n} characters", len(text)).format(n=f"{len(text):,}")
        return Shown(kind, marked(text, search, limit), f"fold-{key}", summary, name, key if grows else "")
