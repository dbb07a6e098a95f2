"""The rows of a dataset: page, search, filter and sort them, read one in full, pick some and write them to a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from prompt2data.i18n import _, ngettext
from prompt2data.untrusted import visible
from prompt2data.widgets.marking import excerpt, find, marked
from prompt2data.widgets.rowfiles import write_rows
from prompt2data.widgets.rowtable import (
    CONDITIONS,
    WITHOUT_VALUE,
    Filter,
    Row,
    Table,
    as_json,
    is_missing,
    tables_in,
    text_of,
)
from prompt2data.widgets.turns import Conversation, Turn, conversations, is_turns
from prompt2data.widgets.view import View, render

_PAGE_SIZES = (5, 10, 20, 50)
_LARGEST_PAGE = 50  # rows
_COLUMNS_SHOWN = 4  # until the reader chooses
_MOST_COLUMNS = 60  # of a row, shown in full
_WIDEST = 20  # columns in the table
_LONGEST_SEARCH = 200  # characters
# Characters in a cell of the table, and in all of them together.
_CELL, _SHORTEST_CELL, _PAGE = 120, 30, 40_000
# Characters of a text in the reading view at first, more with each press, and in all texts together at first.
_TEXT, _SHORTEST_TEXT, _MORE, _READING = 4_000, 300, 16_000, 50_000
_LONGEST_TEXT = 100_000
_TURNS = 30  # of a conversation at first, and more with each press
_STATIC_ROWS, _STATIC_CELL, _STATIC_TEXT, _STATIC_READING = 5, 120, 2_000, 20_000


@dataclass(frozen=True)
class Cell:
    """A cell of the table. `fold`: what opens when a reader presses `short`; `key`: its name among the cells."""

    kind: str  # "text", "number", "folded", "missing" or "empty"
    short: Markup | str = ""
    fold: Markup | str = ""
    key: str = ""


@dataclass(frozen=True)
class Text:
    """A text in the reading view: `size` characters, of which a press of *Show more* sends for more if it `grows`."""

    name: str
    kind: str  # as of a cell
    key: str
    shown: Markup | str = ""
    size: int = 0
    grows: bool = False


class DatasetBrowser(View):
    """Rows to page through, search, filter, sort and read; picked ones can be written to a file.

    Args:
        data: the rows: a `Distiset` or `DatasetDict`, a `datasets.Dataset`, a pandas table, a list of mappings.
        page_size: rows on a page at first, 1 to 50.

    Attributes:
        rows: all rows of the configuration and split that is shown.

    Raises:
        TypeError: if `data` holds no rows.
        ValueError: if `page_size` is out of range.
    """

    part_names = ("head", "controls", "columns", "found", "rows", "picks", "status")

    def __init__(self, data: Any, page_size: int = 10) -> None:
        if isinstance(page_size, bool) or not isinstance(page_size, int) or not 1 <= page_size <= _LARGEST_PAGE:
            raise ValueError(_("page_size is a number of rows from 1 to {most}.").format(most=_LARGEST_PAGE))
        self._sources = tables_in(data)
        self._tables: dict[str, Table] = {}
        self._picked: dict[str, set[int]] = {name: set() for name in self._sources}
        self._cleared: dict[str, set[int]] = {}  # what *Clear* took away
        self._page_size = page_size
        self._file_name = "picked.jsonl"
        self._notice = ""
        self._version = 0  # of the controls: another one makes the page draw them anew
        self._open(next(iter(self._sources)))
        super().__init__()

    # -- what it holds ------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        return self._table.rows

    @property
    def picked(self) -> list[Row]:
        """The picked rows, in the order of the dataset; those of all configurations and splits."""
        return [dict(self._read(name).rows[place]) for name, places in self._picked.items() for place in sorted(places)]

    def title(self) -> str:
        return _("Dataset browser")

    def summary(self) -> str:
        return f"{self.title()}: {self._size()}"

    def _size(self) -> str:
        rows, columns = len(self.rows), len(self._table.columns)
        return "{}, {}".format(
            ngettext("{n} row", "{n} rows", rows).format(n=f"{rows:,}"),
            ngettext("{n} column", "{n} columns", columns).format(n=columns),
        )

    def _read(self, source: str) -> Table:
        if source not in self._tables:
            self._tables[source] = Table(self._sources[source]())
        return self._tables[source]

    def _open(self, source: str) -> None:
        self._source = source
        self._table = table = self._read(source)
        self._shown = set((table.telling or table.order)[:_COLUMNS_SHOWN])
        self._form = Filter(table.order[0] if table.order else 0, CONDITIONS[0])
        self._show_all()

    def _show_all(self) -> None:
        self._search, self._filters = "", []
        self._sort: int | None = None
        self._descending = False
        self._version += 1
        self._find()

    def _find(self) -> None:
        self._found = self._table.find(self._search, self._filters, self._sort, self._descending)
        self._page = 0
        self._reading: int | None = None  # the row that is read
        self._last_read: int | None = None
        self._more: Counter[str] = Counter()  # presses of *Show more*: key -> how many
        self._problem = ""  # with a filter

    def _draw(self, *names: str, notice: str = "") -> None:
        self._notice = notice
        self.redraw(*names, "status")

    def _name(self, column: int) -> str:
        return visible(self._table.columns[column], 80)

    def _names(self, columns: Sequence[int]) -> str:
        return ", ".join(map(self._name, columns[:_MOST_COLUMNS])) + (", …" if len(columns) > _MOST_COLUMNS else "")

    def _on_page(self) -> list[int]:
        start = self._page * self._page_size
        return self._found[start : start + self._page_size]

    # -- drawing ------------------------------------------------------------------------------------------------------

    def part_head(self, static: bool) -> str:
        return render(
            "browser_head", uid=self.uid, static=static, title=self.title(), size=self._size(),
            sources=list(self._sources), source=self._source,
        )  # fmt: skip

    def part_controls(self, static: bool) -> str:
        if static or not self.rows:
            return ""
        return render(
            "browser_controls", uid=self.uid, version=self._version, search=self._search, longest=_LONGEST_SEARCH,
            columns=[(column, self._name(column)) for column in self._table.order],
            conditions=[(number, one, _condition(one)) for number, one in enumerate(CONDITIONS)], form=self._form,
        )  # fmt: skip

    def part_columns(self, static: bool) -> str:
        if static or not self.rows:
            return ""
        columns = [(column, self._name(column), column in self._shown) for column in self._table.order]
        return render("browser_columns", uid=self.uid, columns=columns, shown=len(self._shown))

    def part_found(self, static: bool) -> str:
        if static or not self.rows:
            return ""
        filters = [self._describe(one) for one in self._filters]
        return render(
            "browser_found", uid=self.uid, filters=filters, count=self._count(), problem=self._problem,
            narrowed=bool(filters or self._search),
        )  # fmt: skip

    def _count(self) -> str:
        return ngettext("{found} of {n} row found", "{found} of {n} rows found", len(self.rows)).format(
            found=f"{len(self._found):,}", n=f"{len(self.rows):,}"
        )

    def _describe(self, one: Filter) -> str:
        value = "" if one.condition in WITHOUT_VALUE else f" “{visible(one.value, 60)}”"
        return f"{self._name(one.column)} {_condition(one.condition)}{value}"

    def part_rows(self, static: bool) -> str:
        if not self.rows:
            return render("browser_nothing", uid=self.uid, text=_("There are no rows."), way_out=False)
        if not self._found:
            text = _("No row fits the search and the filters.")
            return render("browser_nothing", uid=self.uid, text=text, way_out=not static)
        if static:
            return self._draw_static()
        return self._draw_table() if self._reading is None else self._draw_reading(self._reading)

    def part_picks(self, static: bool) -> str:
        if static or not self.rows:
            return ""
        picked = sum(map(len, self._picked.values()))
        return render(
            "browser_picks", uid=self.uid, picked=picked, found=len(self._found), name=visible(self._file_name, 200),
            cleared=sum(map(len, self._cleared.values())) if not picked else 0,
        )  # fmt: skip

    def part_status(self, static: bool) -> str:
        if static:
            return ""
        said = self.failure or self._notice
        count = Markup('<span class="p2d-hidden">{}</span>').format(self._problem or self._count())
        return Markup("<p>{}</p>").format(said) if said else count

    def _draw_table(self) -> str:
        rows = self._on_page()
        chosen = [column for column in self._table.order if column in self._shown]
        columns = chosen[:_WIDEST]
        longest = max(_SHORTEST_CELL, min(_CELL, _PAGE // max(1, len(rows) * len(columns))))
        first, all_found = self._page * self._page_size + 1, len(self._found)
        headers = [
            (column, self._name(column), self._direction(column), self._table.kinds[column] == "number")
            for column in columns
        ]
        return render(
            "browser_table", uid=self.uid, headers=headers, last_read=self._last_read, page_size=self._page_size,
            lines=[
                (row, row in self._picked[self._source], [self._cell(row, column, longest) for column in columns])
                for row in rows
            ],
            page_sizes=sorted({*_PAGE_SIZES, self._page_size}), at_start=self._page == 0,
            at_end=first + len(rows) > all_found, left_out=self._names(chosen[_WIDEST:]),
            place=_("rows {first}–{last} of {n}").format(
                first=f"{first:,}", last=f"{first + len(rows) - 1:,}", n=f"{all_found:,}"
            ),
        )  # fmt: skip

    def _direction(self, column: int) -> str:
        return "none" if column != self._sort else "descending" if self._descending else "ascending"

    def _cell(self, row: int, column: int, longest: int) -> Cell:
        value = self.rows[row].get(self._table.columns[column])
        key = f"{row}-{column}"
        if is_missing(value):
            return Cell("missing")
        if value == "" if isinstance(value, str) else False:
            return Cell("empty")
        if is_turns(value):
            return self._folded_turns(value, key, longest)
        text = text_of(value)
        if not isinstance(value, str) and text[:1] in "[{":
            short = visible(text, 10_000)[:30] + ("…" if len(text) > 30 else "")
            return Cell("folded", short, excerpt(as_json(value, 2), "", 3 * longest), key)
        kind = "number" if self._table.kinds[column] == "number" else "text"
        return Cell(kind, excerpt(text, self._search if isinstance(value, str) else "", longest))

    def _folded_turns(self, value: Sequence[Mapping[str, Any]], key: str, longest: int) -> Cell:
        texts = [text_of(turn["content"]) for turn in value]
        hit = next((text for text in texts if find(text, self._search) >= 0), texts[0])
        turns = [
            (_role(turn["role"]), excerpt(text, self._search, longest))
            for turn, text in zip(value[:3], texts[:3], strict=True)
        ]
        count = ngettext("{n} turn", "{n} turns", len(value)).format(n=len(value))
        short = Markup("{}: {}").format(count, excerpt(hit, self._search, longest // 2))
        return Cell("folded", short, render("browser_turns", turns=turns, more=len(value) > 3), key)

    # -- reading a row ------------------------------------------------------------------------------------------------

    def _draw_reading(self, row: int) -> str:
        place = self._found.index(row)
        return render(
            "browser_reading", uid=self.uid, row=row, picked=row in self._picked[self._source],
            where=_("Row {row} ({place} of {n})").format(
                row=f"{row + 1:,}", place=f"{place + 1:,}", n=f"{len(self._found):,}"
            ),
            at_start=place == 0, at_end=place == len(self._found) - 1,
            body=self._in_full(row, _TEXT, _READING),
        )  # fmt: skip

    def _in_full(self, row: int, longest: int, together: int, static: bool = False) -> Markup:
        """The conversations of a row, then its other columns."""
        values = self.rows[row]
        talks = conversations(values)
        used = {name for one in talks for name in one.columns}
        columns = [column for column in self._table.order if self._table.columns[column] not in used]
        texts = len(columns[:_MOST_COLUMNS]) + sum(min(len(one.turns), _TURNS) for one in talks)
        longest = max(_SHORTEST_TEXT, min(longest, together // max(1, texts)))
        return render(
            "browser_full", uid=self.uid, static=static,
            talks=[self._talk(one, f"t{place}", longest, static) for place, one in enumerate(talks)],
            texts=[
                self._text(self._name(column), values.get(self._table.columns[column]), f"c{column}", longest, static)
                for column in columns[:_MOST_COLUMNS]
            ],
            left_out=self._names(columns[_MOST_COLUMNS:]),
        )  # fmt: skip

    def _text(self, name: str, value: Any, key: str, longest: int, static: bool) -> Text:
        if is_missing(value):
            return Text(name, "missing", key)
        text = text_of(value)
        if not isinstance(value, str) and text[:1] in "[{":
            kind, text = "folded", as_json(value, 2)
        else:
            kind = "text" if text else "empty"
        limit = longest + self._more[key] * _MORE
        if not static and kind == "text" and (place := find(text, self._search)) >= 0:
            limit = max(limit, place + _SHORTEST_TEXT)  # what was searched for is in sight
        limit = min(limit, _LONGEST_TEXT)
        grows = not static and limit < min(len(text), _LONGEST_TEXT)
        shown = marked(text, self._search if kind == "text" else "", limit)
        return Text(name, kind, key, shown, len(text), grows)

    def _talk(self, talk: Conversation, key: str, longest: int, static: bool) -> dict[str, Any]:
        most = _TURNS * (1 + self._more[key])
        size = max(len(talk.before) + len(side.turns) for side in talk.sides)

        def drawn(turns: Sequence[Turn], key: str) -> list[tuple[str, Text, str]]:
            return [
                (
                    turn.role if turn.role in ("user", "assistant") else "",
                    self._text(_role(turn.role), turn.content, f"{key}-{place}", longest, static),
                    visible(as_json(turn.more, 2), _SHORTEST_TEXT) if turn.more else "",
                )
                for place, turn in enumerate(turns[:most])
            ]

        names = " → ".join if talk.beside else " + ".join
        return {
            "name": names(visible(name, 80) for name in talk.columns),
            "before": drawn(talk.before, f"{key}-b"),
            "sides": [(side.name, drawn(side.turns, f"{key}-s{number}")) for number, side in enumerate(talk.sides)],
            "beside": talk.beside,
            "count": ngettext("{n} turn", "{n} turns", size).format(n=size),
            "key": key if size > most and not static else "",
        }

    def _draw_static(self) -> str:
        columns = [column for column in self._table.order if column in self._shown][:8]
        rows = self._found[:_STATIC_ROWS]
        example = next((row for row in self._found[:100] if conversations(self.rows[row])), rows[0])
        talks = conversations(self.rows[example])[:1]
        return render(
            "browser_static", count=_("The first {n} of {all} rows").format(n=len(rows), all=f"{len(self._found):,}"),
            headers=[(self._name(column), self._table.kinds[column] == "number") for column in columns],
            lines=[(row, [self._cell(row, column, _STATIC_CELL) for column in columns]) for row in rows],
            example=example, talks=[self._talk(one, "t", _STATIC_CELL * 2, True) for one in talks],
            full=self._in_full(example, _STATIC_TEXT, _STATIC_READING, static=True),
        )  # fmt: skip

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_source(self, value: str) -> None:
        names = list(self._sources)
        if (place := _index(value, len(names))) is not None:
            self._open(names[place])
            self._draw(*self.part_names)

    def do_search(self, value: str) -> None:
        self._search = value.strip()[:_LONGEST_SEARCH]
        self._find()
        self._draw("found", "rows", "picks")

    def do_filter_column(self, value: str) -> None:
        if (column := _index(value, len(self._table.columns))) is not None:
            self._form = Filter(column, self._form.condition, self._form.value)

    def do_filter_condition(self, value: str) -> None:
        if (place := _index(value, len(CONDITIONS))) is not None:
            self._form = Filter(self._form.column, CONDITIONS[place], self._form.value)

    def do_filter_value(self, value: str) -> None:
        self._form = Filter(self._form.column, self._form.condition, value[:_LONGEST_SEARCH])

    def do_filter(self, value: str) -> None:
        if not self.rows:
            return
        try:
            self._form.test()
        except ValueError as error:
            self._problem = str(error)
            self._draw("found")
            return
        if self._form not in self._filters:
            self._filters.append(self._form)
        self._find()
        self._draw("found", "rows", "picks")

    def do_remove(self, value: str) -> None:
        if (place := _index(value, len(self._filters))) is not None:
            del self._filters[place]
            self._find()
            self._draw("found", "rows", "picks")

    def do_show_all(self, value: str) -> None:
        self._show_all()
        self._draw("controls", "found", "rows", "picks")

    def do_column(self, value: str) -> None:
        if (column := _index(value, len(self._table.columns))) is not None:
            self._shown ^= {column}
            self._draw("columns", "rows")

    def do_sort(self, value: str) -> None:
        """Up, down, and back to the order of the dataset."""
        if (column := _index(value, len(self._table.columns))) is None:
            return
        if self._sort != column:
            self._sort, self._descending = column, False
        elif self._descending:
            self._sort, self._descending = None, False
        else:
            self._descending = True
        self._find()
        self._draw("found", "rows")

    def do_page(self, value: str) -> None:
        last = max(0, len(self._found) - 1) // self._page_size
        self._page = min(max(0, self._page + (1 if value == "next" else -1)), last)
        self._draw("rows")

    def do_page_size(self, value: str) -> None:
        size = _index(value, _LARGEST_PAGE + 1)
        if size:
            first = self._page * self._page_size  # stays on the page
            self._page_size, self._page = size, first // size
            self._draw("rows")

    def do_read(self, value: str) -> None:
        row = _index(value, len(self.rows))
        if row is not None and row in self._found:
            self._turn_to(row)

    def do_neighbour(self, value: str) -> None:
        if self._reading is None:
            return
        place = self._found.index(self._reading) + (1 if value == "next" else -1)
        if 0 <= place < len(self._found):
            self._turn_to(self._found[place])

    def _turn_to(self, row: int) -> None:
        self._reading = self._last_read = row
        self._page = self._found.index(row) // self._page_size
        self._more = Counter()
        self._draw("rows")

    def do_back(self, value: str) -> None:
        self._reading = None
        self._draw("rows")

    def do_more(self, value: str) -> None:
        if self._reading is not None and len(value) < 40:
            self._more[value] += 1
            self._draw("rows")

    def do_pick(self, value: str) -> None:
        row = _index(value, len(self.rows))
        if row is not None:
            self._picked[self._source] ^= {row}
            self._draw("rows", "picks")

    def do_pick_found(self, value: str) -> None:
        self._picked[self._source].update(self._found)
        self._draw("rows", "picks")

    def do_clear(self, value: str) -> None:
        if any(self._picked.values()):
            self._cleared = self._picked
            self._picked = {name: set() for name in self._sources}
            self._draw("rows", "picks")

    def do_restore(self, value: str) -> None:
        for name, places in self._cleared.items():
            self._picked[name] |= places
        self._draw("rows", "picks")

    def do_name(self, value: str) -> None:
        self._file_name = value[:_LONGEST_SEARCH]

    def do_export(self, value: str) -> None:
        rows = self.picked
        if not rows:
            raise ValueError(_("Pick at least one row first."))
        path = write_rows(rows, self._file_name)
        said = ngettext("{n} row written to {file}", "{n} rows written to {file}", len(rows))
        self._draw("picks", notice=said.format(n=f"{len(rows):,}", file=visible(path.as_posix(), 300)))


def _index(value: str, size: int) -> int | None:
    """The whole number from 0 to below `size` that a page sent, or None."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 and int(value) < size else None


def _condition(name: str) -> str:
    said = {
        "contains": _("contains"), "equals": _("equals"), "is missing": _("is missing"),
        "is not missing": _("is not missing"),
    }  # fmt: skip
    return said.get(name, name)


def _role(name: str) -> str:
    said = {"system": _("system"), "user": _("user"), "assistant": _("assistant"), "tool": _("tool")}
    return said.get(name, "") or visible(name, 40)
