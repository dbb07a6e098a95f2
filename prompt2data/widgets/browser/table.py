"""Rows in memory, as a table to search, filter and sort. How they are shown is another module's business."""

from __future__ import annotations

import functools
import json
import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from prompt2data.ground.rows import Row, is_missing, records
from prompt2data.i18n import N_, _
from prompt2data.untrusted import safe_repr, safe_str
from prompt2data.widgets.browser.conversations import is_messages

# What a filter may ask of a cell; the last two compare numbers.
CONDITIONS = (N_("contains"), N_("equals"), N_("is missing"), N_("is not missing"), "≥", "≤")
WITHOUT_VALUE = ("is missing", "is not missing")

_SORT_PREFIX = 200  # characters by which long texts are compared first
_SAMPLE = 50  # nested values that decide whether a column holds conversations


def tables_in(data: Any) -> dict[str, Callable[[], list[Row]]]:
    """The tables in whatever a learner has: name -> function that reads its rows. A single table is named "".

    Args:
        data: a `Distiset` or `DatasetDict` (its tables are named like "default / train"), a `datasets.Dataset`, a
            table of pandas or polars, or a list of mappings.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(data, Mapping):
        readers = {}
        for name, value in data.items():
            for inner, read in tables_in(value).items():
                readers[f"{name} / {inner}" if inner else str(name)] = read
        return readers or {"": list}
    if hasattr(data, "itertuples"):  # pandas
        return {"": lambda: _plain_rows(data.astype(object).where(data.notna(), None))}  # it marks missing as NaN
    if hasattr(data, "column_names") and hasattr(data, "to_list"):  # datasets
        return {"": data.to_list}
    if isinstance(data, str | bytes) or not (isinstance(data, Sequence) or hasattr(data, "iter_rows")):
        raise TypeError(_("The rows should be a Distiset, a Dataset, a table of pandas or a list of dictionaries."))
    rows = records(data)
    return {"": lambda: _plain_rows(rows)}


def _plain_rows(rows: Any) -> list[Row]:
    # From a Parquet file, lists come as arrays.
    return [
        {name: value.tolist() if hasattr(value, "tolist") else value for name, value in row.items()}
        for row in records(rows)
    ]


@dataclass(frozen=True)
class ColumnFilter:
    """A condition on the cells of a column."""

    column: int  # index
    condition: str  # one of `CONDITIONS`
    value: str = ""  # that a cell is compared with, as typed

    def test(self) -> Callable[[Any], bool]:
        """A predicate for the values of cells.

        Raises:
            ValueError: if the condition needs another `value`.
        """
        typed = self.value.strip().lower()
        if self.condition in WITHOUT_VALUE:
            return lambda value: is_missing(value) == (self.condition == "is missing")
        limit = _parsed(typed)
        if self.condition in ("≥", "≤"):
            if limit is None:
                raise ValueError(_("≥ and ≤ compare numbers: type a number, such as 3 or 0.5."))
            sign = 1 if self.condition == "≥" else -1
            return lambda value: (size := as_number(value)) is not None and sign * size >= sign * limit
        if self.condition == "contains":
            if not typed:
                raise ValueError(_("Type the text that the cell should contain."))
            return lambda value: not is_missing(value) and typed in as_text(value).lower()
        return lambda value: (
            not is_missing(value)
            and (as_text(value).strip().lower() == typed or (limit is not None and as_number(value) == limit))
        )


class Table:
    """Rows with their columns, in the order in which they first occur."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows  # may lack columns
        self.columns = list(dict.fromkeys(name for row in rows for name in row))
        # What each column holds: "text", "number", "messages" (lists of them), "nested", "other", or "nothing".
        self.kinds = [_kind(row.get(name) for row in rows) for name in self.columns]
        ranks = [self._rank(column) for column in range(len(self.columns))]
        self.order = sorted(range(len(self.columns)), key=ranks.__getitem__)  # indices, the most interesting first
        # Indices of the columns that tell rows apart: texts, numbers and conversations that differ.
        self.telling = [column for column in self.order if not ranks[column]]

    def _rank(self, column: int) -> int:
        kind = self.kinds[column]
        if kind in ("nested", "nothing"):
            return 2 if kind == "nested" else 3
        first, *others = self.rows
        name = self.columns[column]
        same = kind != "messages" and others and all(_same(row.get(name), first.get(name)) for row in others)
        return 1 if same else 0  # a value that all rows share says little about one

    def find(
        self, search: str = "", filters: Sequence[ColumnFilter] = (), sort: int | None = None, descending: bool = False
    ) -> list[int]:
        """Indices of the rows that have `search` in one of their texts and pass all filters, in order.

        Case is ignored. `sort` is the index of a column: numbers come before texts, texts before anything else, and
        rows without a value last, whatever the direction.

        Raises:
            ValueError: if a filter's value does not fit its condition.
        """
        found: Iterable[int] = range(len(self.rows))
        if needle := search.lower():
            found = [row for row in found if needle in self._texts[row]]
        for filter_ in filters:
            name, test = self.columns[filter_.column], filter_.test()
            found = [row for row in found if test(self.rows[row].get(name))]
        if sort is None:
            return list(found)
        values = {row: self.rows[row].get(self.columns[sort]) for row in found}
        present = [row for row, value in values.items() if not is_missing(value)]
        missing = [row for row, value in values.items() if is_missing(value)]
        return sorted(present, key=lambda row: _sort_key(values[row]), reverse=descending) + missing

    @functools.cached_property
    def _texts(self) -> list[str]:
        """All texts of each row in lower case, kept because this takes longer than the search."""
        return ["\0".join(_texts(row)).lower() for row in self.rows]


def as_number(value: Any) -> float | None:
    """`value` as a float if it is a number or a truth value."""
    if isinstance(value, numbers.Real | Decimal):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return None
    return None


def as_text(value: Any) -> str:
    """A value as text: a text unchanged, a nested value as JSON."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset) or hasattr(value, "tolist"):
        return as_json(value)
    return safe_str(value)


def as_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON for readers; as its `repr` if it has none."""
    try:
        return json.dumps(plain(value), ensure_ascii=False, indent=indent)
    except (ValueError, TypeError, RecursionError):
        return safe_repr(value)


def plain(value: Any) -> Any:
    """`value` in JSON's types: NaN and infinities become `None`, dates and other objects text."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return plain(as_number(value))  # pandas reads no such number
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {safe_str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # numpy, torch
        return plain(value.tolist())
    return value.isoformat() if hasattr(value, "isoformat") else as_text(value)


def _kind(values: Iterable[Any]) -> str:
    scalars, nested = set(), []
    for value in values:
        if is_missing(value):
            continue
        if isinstance(value, str):
            return "text"
        if isinstance(value, Mapping | list | tuple | set | frozenset) or hasattr(value, "shape"):
            nested.append(value)
        else:
            scalars.add(as_number(value) is not None)
    if nested:
        return "messages" if not scalars and all(map(is_messages, nested[:_SAMPLE])) else "nested"
    return {frozenset(): "nothing", frozenset({True}): "number"}.get(frozenset(scalars), "other")


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (one is other or as_text(one) == as_text(other))


def _texts(row: Row) -> Iterable[str]:
    for value in row.values():
        if isinstance(value, str):
            yield value
        elif is_messages(value):
            yield from (message["content"] for message in value if isinstance(message["content"], str))


def _sort_key(value: Any) -> tuple[int, Any, Any]:
    size = as_number(value)
    if size is not None:
        return 0, size, ""
    text = as_text(value)
    return 1 if isinstance(value, str) else 2, text[:_SORT_PREFIX].lower(), text


def _parsed(typed: str) -> float | None:
    try:
        parsed = float(typed)
    except ValueError:
        return None
    return None if math.isnan(parsed) else parsed
