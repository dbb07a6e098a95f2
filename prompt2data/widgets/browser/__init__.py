"""The rows of a dataset: page, search, filter and sort them, read one in full, pick some and write them to a file."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from prompt2data.i18n import _, ngettext, translated
from prompt2data.untrusted import visible
from prompt2data.widgets.browser.cells import Shown, cell, column_names, filter_text
from prompt2data.widgets.browser.conversations import conversations
from prompt2data.widgets.browser.export import write_rows
from prompt2data.widgets.browser.reading import Reading
from prompt2data.widgets.browser.state import BrowserState
from prompt2data.widgets.browser.table import CONDITIONS, Row, Table, tables_in
from prompt2data.widgets.view import Pages, View, index_from_page

_PAGE_SIZES = (5, 10, 20, 50)
_LARGEST_PAGE = 50  # rows
_MOST_COLUMNS, _STATIC_COLUMNS = 20, 8  # in the table
_LONGEST_INPUT = 200  # characters
# Characters in a cell of the table, and in all of them together.
_CELL, _SHORTEST_CELL, _PAGE = 120, 30, 40_000
_STATIC_ROWS = 5


class DatasetBrowser(View):
    """Rows to page through, search, filter, sort and read; picked ones can be written to a file.

    Args:
        data: the rows: a `Distiset` or `DatasetDict`, a `datasets.Dataset`, a pandas table, a list of mappings.
        page_size: rows on a page at first, 1 to 50.

    Attributes:
        rows: all rows of the configuration and split that is shown.
        picked: the picked rows of all configurations and splits, in the order of the dataset.

    Raises:
        TypeError: if `data` holds no rows.
        ValueError: if `page_size` is out of range.
    """

    part_names = ("head", "controls", "columns", "found", "rows", "picks", "status")
    templates = "browser"

    def __init__(self, data: Any, page_size: int = 10) -> None:
        if isinstance(page_size, bool) or not isinstance(page_size, int) or not 1 <= page_size <= _LARGEST_PAGE:
            raise ValueError(_("page_size is a number of rows from 1 to {most}.").format(most=_LARGEST_PAGE))
        # Tables are read when they are first needed.
        self.tables = {name: functools.cache(lambda read=read: Table(read())) for name, read in tables_in(data).items()}
        self.source = next(iter(self.tables))
        self.state = BrowserState(self.tables[self.source](), Pages(page_size))
        self.version = 1  # of the controls: the page redraws them when it changes
        self.longest_input = _LONGEST_INPUT
        self._picked: dict[str, set[int]] = {name: set() for name in self.tables}
        self._cleared: dict[str, set[int]] = {}  # the picks that *Clear* removed
        self._file_name = "picked.jsonl"
        self._notice = ""
        super().__init__()

    # -- what it holds ------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        return self.state.table.rows

    @property
    def picked(self) -> list[Row]:
        return [dict(self.tables[name]().rows[row]) for name, rows in self._picked.items() for row in sorted(rows)]

    def title(self) -> str:
        return _("Dataset browser")

    def summary(self) -> str:
        return f"{self.title()}: {self.size()}"

    def size(self) -> str:
        """The numbers of rows and columns, in words."""
        rows, columns = len(self.rows), len(self.state.table.columns)
        return "{}, {}".format(
            ngettext("{n} row", "{n} rows", rows).format(n=f"{rows:,}"),
            ngettext("{n} column", "{n} columns", columns).format(n=columns),
        )

    def count(self) -> str:
        """The number of rows found, in words."""
        message = ngettext("{found} of {n} row found", "{found} of {n} rows found", len(self.rows))
        return message.format(found=f"{len(self.state.found):,}", n=f"{len(self.rows):,}")

    # -- drawing ------------------------------------------------------------------------------------------------------

    def _draw(self, *names: str, notice: str = "") -> None:
        self._notice = notice
        self.redraw(*names, "status")

    def has_part(self, name: str, static: bool) -> bool:
        return name in ("head", "rows") or (not static and (bool(self.rows) or name == "status"))

    def part_controls(self, static: bool) -> str:
        return self.render("controls", conditions=[(key, translated(key)) for key in CONDITIONS])

    def part_found(self, static: bool) -> str:
        return self.render("found", filters=[filter_text(self.state.table, one) for one in self.state.filters])

    def part_rows(self, static: bool) -> str:
        if not self.rows:
            return self.render("nothing", text=_("There are no rows."), way_out=False)
        if not self.state.found:
            return self.render("nothing", text=_("No row fits the search and the filters."), way_out=not static)
        if static:
            return self._draw_static()
        return self._draw_table() if self.state.reading is None else self._draw_reading(self.state.reading)

    def part_picks(self, static: bool) -> str:
        picked = sum(map(len, self._picked.values()))
        cleared = sum(map(len, self._cleared.values())) if not picked else 0
        return self.render("picks", picked=picked, cleared=cleared, name=visible(self._file_name, 200))

    def part_status(self, static: bool) -> str:
        message = self.failure or self._notice
        count = Markup('<span class="p2d-hidden">{}</span>').format(self.state.problem or self.count())
        return Markup("<p>{}</p>").format(message) if message else count

    def _draw_table(self) -> str:
        state, picked = self.state, self._picked[self.source]
        first, n, rows = state.pages.first, len(state.found), state.pages.shown(state.found)
        columns, left_out = state.columns[:_MOST_COLUMNS], state.columns[_MOST_COLUMNS:]
        longest = max(_SHORTEST_CELL, min(_CELL, _PAGE // max(1, len(rows) * len(columns))))
        return self.render(
            "table",
            columns=columns,
            lines=[(row, row in picked, self._cells(row, columns, longest)) for row in rows],
            page_sizes=sorted({*_PAGE_SIZES, state.pages.size}),
            at_end=first + len(rows) >= n,
            left_out=column_names(state.table, left_out),
            place=_("rows {first}–{last} of {n}").format(
                first=f"{first + 1:,}", last=f"{first + len(rows):,}", n=f"{n:,}"
            ),
        )

    def _cells(self, row: int, columns: list[int], longest: int) -> list[Shown]:
        return [cell(self.state.table, row, column, self.state.search, longest) for column in columns]

    def _draw_reading(self, row: int) -> str:
        state = self.state
        index, n = state.found.index(row), len(state.found)
        return self.render(
            "reading",
            picked=row in self._picked[self.source],
            where=_("Row {row} ({place} of {n})").format(row=f"{row + 1:,}", place=f"{index + 1:,}", n=f"{n:,}"),
            body=Reading(state.table, self.uid, state.search, state.more).in_full(row),
        )

    def _draw_static(self) -> str:
        state, rows, columns = self.state, self.state.found[:_STATIC_ROWS], self.state.columns[:_STATIC_COLUMNS]
        example = next((row for row in state.found[:100] if conversations(self.rows[row])), rows[0])
        reading = Reading(state.table, self.uid, state.search, static=True)
        return self.render(
            "static",
            count=_("The first {n} of {all} rows").format(n=len(rows), all=f"{len(state.found):,}"),
            columns=columns,
            lines=[(row, self._cells(row, columns, _CELL)) for row in rows],
            example=example,
            talks=[reading.talk(talk, "t", 2 * _CELL) for talk in conversations(self.rows[example])[:1]],
            full=reading.in_full(example),
        )

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_source(self, value: str) -> None:
        self.source = list(self.tables)[index_from_page(value, len(self.tables))]
        self.state = BrowserState(self.tables[self.source](), Pages(self.state.pages.size))
        self.version += 1
        self._draw(*self.part_names)

    def do_search(self, value: str) -> None:
        self.state.search = value.strip()[:_LONGEST_INPUT]
        self.state.find()
        self._draw("found", "rows", "picks")

    def do_filter_column(self, value: str) -> None:
        self.state.form = replace(self.state.form, column=self._column(value))

    def do_filter_condition(self, value: str) -> None:
        condition = CONDITIONS[index_from_page(value, len(CONDITIONS))]
        self.state.form = replace(self.state.form, condition=condition)

    def do_filter_value(self, value: str) -> None:
        self.state.form = replace(self.state.form, value=value[:_LONGEST_INPUT])

    def do_filter(self, value: str) -> None:
        if not self.state.table.columns:
            raise ValueError(_("The rows have no columns to filter by."))
        if self.rows:
            self.state.add_filter()
            self._draw("found", "rows", "picks")

    def do_remove(self, value: str) -> None:
        del self.state.filters[index_from_page(value, len(self.state.filters))]
        self.state.find()
        self._draw("found", "rows", "picks")

    def do_show_all(self, value: str) -> None:
        self.state.show_all()
        self.version += 1
        self._draw("controls", "found", "rows", "picks")

    def do_column(self, value: str) -> None:
        self.state.shown ^= {self._column(value)}
        self._draw("columns", "rows")

    def do_sort(self, value: str) -> None:
        self.state.sort_by(self._column(value))
        self._draw("found", "rows")

    def _column(self, value: str) -> int:
        return index_from_page(value, len(self.state.table.columns))

    def do_page(self, value: str) -> None:
        self.state.pages.turn(value, len(self.state.found))
        self._draw("rows")

    def do_page_size(self, value: str) -> None:
        size = index_from_page(value, _LARGEST_PAGE + 1)
        if size:
            first = self.state.pages.first  # stays on the page
            self.state.pages = Pages(size, first // size * size)
            self._draw("rows")

    def do_read(self, value: str) -> None:
        self.state.read(index_from_page(value, len(self.rows)))
        self._draw("rows")

    def do_neighbour(self, value: str) -> None:
        self.state.read_neighbour(1 if value == "next" else -1)
        self._draw("rows")

    def do_back(self, value: str) -> None:
        self.state.reading = None
        self._draw("rows")

    def do_more(self, value: str) -> None:
        if self.state.reading is not None and len(value) < 40:
            self.state.more[value] += 1
            self._draw("rows")

    def do_pick(self, value: str) -> None:
        self._picked[self.source] ^= {index_from_page(value, len(self.rows))}
        self._draw("rows", "picks")

    def do_pick_found(self, value: str) -> None:
        self._picked[self.source].update(self.state.found)
        self._draw("rows", "picks")

    def do_clear(self, value: str) -> None:
        if any(self._picked.values()):
            self._cleared = self._picked
            self._picked = {name: set() for name in self.tables}
            self._draw("rows", "picks")

    def do_restore(self, value: str) -> None:
        for name, rows in self._cleared.items():
            self._picked[name] |= rows
        self._draw("rows", "picks")

    def do_name(self, value: str) -> None:
        self._file_name = value[:_LONGEST_INPUT]

    def do_export(self, value: str) -> None:
        rows = self.picked
        if not rows:
            raise ValueError(_("Pick at least one row first."))
        names = [f"{row + 1:,}" for picked in self._picked.values() for row in sorted(picked)]
        path = write_rows(rows, self._file_name, names)
        message = ngettext("{n} row written to {file}", "{n} rows written to {file}", len(rows))
        self._draw("picks", notice=message.format(n=f"{len(rows):,}", file=visible(path.as_posix(), 300)))
