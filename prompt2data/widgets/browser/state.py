"""What a reader sees of one table: which rows, in which order, on which page, or one row in full."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from prompt2data.widgets.browser.table import CONDITIONS, ColumnFilter, Table
from prompt2data.widgets.view import Pages

_COLUMNS_SHOWN = 4  # until the reader chooses


@dataclass
class BrowserState:
    """Everything the controls of the browser change, but for the picks. Rows and columns are given by index."""

    table: Table
    pages: Pages  # of `found`
    shown: set[int] = field(init=False)  # columns that the reader wants to see
    form: ColumnFilter = field(init=False)  # being filled in
    problem: str = ""  # with the form, in one sentence
    search: str = ""  # in all texts
    filters: list[ColumnFilter] = field(default_factory=list)
    sort: int | None = None  # column; None for the order of the dataset
    descending: bool = False
    found: list[int] = field(default_factory=list)  # rows that fit, in order
    reading: int | None = None  # row that is read in full
    last_read: int | None = None  # row to which the focus returns
    more: Counter[str] = field(default_factory=Counter)  # presses of *Show more* in that row, by the key of a text

    def __post_init__(self) -> None:
        order = self.table.order
        self.shown = set((self.table.telling or order)[:_COLUMNS_SHOWN])
        self.form = ColumnFilter(order[0] if order else 0, CONDITIONS[0])
        self.find()

    @property
    def columns(self) -> list[int]:
        """The columns that are shown, in the order of the table."""
        return [column for column in self.table.order if column in self.shown]

    def find(self) -> None:
        """Find and sort the rows anew; the first page of them is shown."""
        self.found = self.table.find(self.search, self.filters, self.sort, self.descending)
        self.pages.first = 0
        self.reading = self.last_read = None
        self.more.clear()
        self.problem = ""

    def show_all(self) -> None:
        """Forget search, filters and sorting."""
        self.search, self.filters, self.sort, self.descending = "", [], None, False
        self.find()

    def add_filter(self) -> None:
        """Apply the filter of the form, or note what is wrong with it."""
        try:
            self.form.test()
        except ValueError as error:
            self.problem = str(error)
            return
        if self.form not in self.filters:
            self.filters.append(self.form)
        self.find()

    def sort_by(self, column: int) -> None:
        """Sort by a column: up, then down, then back to the order of the dataset."""
        if self.sort != column:
            self.sort, self.descending = column, False
        elif self.descending:
            self.sort, self.descending = None, False
        else:
            self.descending = True
        self.find()

    def read(self, row: int) -> None:
        """Read a row in full, if it was found."""
        if row in self.found:
            self.reading = self.last_read = row
            self.pages.turn_to(self.found.index(row))
            self.more.clear()

    def read_neighbour(self, step: int) -> None:
        """Read the row that many rows after the one being read, if there is one."""
        if self.reading is not None and 0 <= (index := self.found.index(self.reading) + step) < len(self.found):
            self.read(self.found[index])
