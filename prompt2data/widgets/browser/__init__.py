"""The rows of a dataset: page, search, filter and sort them, read one in full, pick some and write them to a file."""

from __future__ import annotations

from collections import Counter
from typing import Any

from markupsafe import Markup

from prompt2data.i18n import _, ngettext
from prompt2data.untrusted import visible
from prompt2data.widgets.browser.cells import cell, column_name, column_names
from prompt2data.widgets.browser.conversations import conversations
from prompt2data.widgets.browser.export import write_rows
from prompt2data.widgets.browser.reading import Reading
from prompt2data.widgets.browser.table import CONDITIONS, WITHOUT_VALUE, Filter, Row, Table, tables_in
from prompt2data.widgets.view import View, render

_PAGE_SIZES = (5, 10, 20, 50)
_LARGEST_PAGE = 50  # rows
_COLUMNS_SHOWN = 4  # until the reader chooses
_WIDEST = 20  # columns in the table
_LONGEST_SEARCH = 200  # characters
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
            columns=[(column, column_name(self._table, column)) for column in self._table.order],
            conditions=[(number, one, _condition(one)) for number, one in enumerate(CONDITIONS)], form=self._form,
        )  # fmt: skip

    def part_columns(self, static: bool) -> str:
        if static or not self.rows:
            return ""
        columns = [(column, column_name(self._table, column), column in self._shown) for column in self._table.order]
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
        return f"{column_name(self._table, one.column)} {_condition(one.condition)}{value}"

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
            (column, column_name(self._table, column), self._direction(column), self._table.kinds[column] == "number")
            for column in columns
        ]
        return render(
            "browser_table", uid=self.uid, headers=headers, last_read=self._last_read, page_size=self._page_size,
            lines=[
                (
                    row,
                    row in self._picked[self._source],
                    [cell(self._table, row, column, self._search, longest) for column in columns],
                )
                for row in rows
            ],
            page_sizes=sorted({*_PAGE_SIZES, self._page_size}), at_start=self._page == 0,
            at_end=first + len(rows) > all_found, left_out=column_names(self._table, chosen[_WIDEST:]),
            place=_("rows {first}–{last} of {n}").format(
                first=f"{first:,}", last=f"{first + len(rows) - 1:,}", n=f"{all_found:,}"
            ),
        )  # fmt: skip

    def _direction(self, column: int) -> str:
        return "none" if column != self._sort else "descending" if self._descending else "ascending"

    # -- reading a row ------------------------------------------------------------------------------------------------

    def _draw_reading(self, row: int) -> str:
        place = self._found.index(row)
        return render(
            "browser_reading", uid=self.uid, row=row, picked=row in self._picked[self._source],
            where=_("Row {row} ({place} of {n})").format(
                row=f"{row + 1:,}", place=f"{place + 1:,}", n=f"{len(self._found):,}"
            ),
            at_start=place == 0, at_end=place == len(self._found) - 1,
            body=Reading(self._table, self.uid, self._search, self._more).in_full(row),
        )  # fmt: skip

    def _draw_static(self) -> str:
        columns = [column for column in self._table.order if column in self._shown][:8]
        rows = self._found[:_STATIC_ROWS]
        example = next((row for row in self._found[:100] if conversations(self.rows[row])), rows[0])
        talks = conversations(self.rows[example])[:1]
        reading = Reading(self._table, self.uid, self._search, static=True)
        return render(
            "browser_static", count=_("The first {n} of {all} rows").format(n=len(rows), all=f"{len(self._found):,}"),
            headers=[(column_name(self._table, column), self._table.kinds[column] == "number") for column in columns],
            lines=[(row, [cell(self._table, row, column, self._search, _CELL) for column in columns]) for row in rows],
            example=example, talks=[reading.talk(one, "t", 2 * _CELL) for one in talks],
            full=reading.in_full(example),
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
