"""Rows and their values in whatever form a table gives them: lists as arrays of numpy, what is missing as NaN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Number
from typing import Any

from prompt2data.i18n import _

Row = dict[Any, Any]
_MISSING = ("NAType", "NaTType")  # pandas' own, which need not be installed


def records(rows: Any, columns: Iterable[str] = ()) -> list[Row]:
    """The rows of a list of dictionaries, a `datasets.Dataset`, or a table of pandas or polars.

    Raises:
        TypeError: if it is none of these.
        ValueError: if a row lacks one of `columns`.
    """
    if hasattr(rows, "iter_rows"):  # polars
        rows = rows.iter_rows(named=True)
    elif hasattr(rows, "to_pylist"):  # pyarrow
        rows = rows.to_pylist()
    elif hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # pandas
        rows = rows.to_dict("records")
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable) or getattr(rows, "shape", None) == ():
        message = _("This should be a list of rows, or a table of datasets, pandas or polars, not of the type {type}.")
        raise TypeError(message.format(type=type(rows).__name__))
    rows = list(rows)
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise TypeError(_("Row {place} is not a dictionary.").format(place=index))
        for column in columns:
            if column not in row:
                raise ValueError(_("Row {place} lacks the column {column}.").format(place=index, column=column))
    return rows


def as_list(value: Any) -> list[Any] | None:
    """The items of a list, a tuple or an array; none where the value is missing. A single value is a list of one.

    `None` for what has no order or names instead of one: a set, a dictionary.
    """
    for method in ("tolist", "to_list"):
        if callable(convert := getattr(value, method, None)):  # numpy, pandas, torch; polars, pyarrow
            value = convert()
            break
    if is_missing(value):
        return []
    if isinstance(value, Mapping | set | frozenset):
        return None
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]


def is_missing(value: Any) -> bool:
    """Whether there is no value: `None`, or a NaN of any library."""
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, Number):
        return bool(value != value)
    return value is None or type(value).__name__ in _MISSING
