"""Values that a Parquet file can hold, made of whatever rows bring.

A Parquet column has one type. Where the values of a column have several, they become text, each as JSON writes it: no
row is lost for the one that differs. Half of a surrogate pair, which no file can hold, becomes U+FFFD.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

Row = dict[str, Any]
_TIMES = re.compile("date|time|duration")
_SURROGATES = re.compile("[\ud800-\udfff]")


def rows_of(rows: Sequence[Row]) -> list[Row]:
    """The rows with columns that can be written; the same objects where nothing had to change.

    Every row must have all columns.
    """
    import pyarrow  # slow to import

    try:
        table = pyarrow.Table.from_pylist(rows)
        schema = table.schema
    except Exception:  # of many kinds, and any of them would end the run
        columns = list(dict.fromkeys(name for row in rows for name in row))
        values = {name: _column([row.get(name) for row in rows]) for name in columns}
    else:
        if all(
            _writable(field.type) and _kept(table[field.name], [row.get(field.name) for row in rows])
            for field in schema
        ):
            return list(rows)
        values = {name: _column([row.get(name) for row in rows]) for name in schema.names}
    return [dict(zip(map(_text, values), cells, strict=True)) for cells in zip(*values.values(), strict=True)]


def plain(value: Any) -> Any:
    """The value as JSON can write it, in integers of 64 bits."""

    def whole(digits: str) -> int | str:
        return number if abs(number := int(digits)) < 2**63 else digits

    return json.loads(json.dumps(_plain(value), default=_json), parse_int=whole)


def _writable(kind: Any) -> bool:
    """Whether a Parquet file can hold this type: it knows no record without fields."""
    from pyarrow import types  # slow to import

    if types.is_struct(kind):
        return kind.num_fields > 0 and all(_writable(field.type) for field in kind)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _writable(kind.value_type)
    return not (types.is_union(kind) or types.is_interval(kind))


def _kept(array: Any, values: list[Any]) -> bool:
    """Whether an array can be read again: pyarrow takes bytes for text, and among dates a number for a day."""
    try:
        array.validate(full=True)
        return not _TIMES.search(str(array.type)) or array.to_pylist() == values
    except Exception:
        return False


def _column(values: list[Any]) -> list[Any]:
    """The values of a column as values of one type."""
    import pyarrow  # slow to import

    values = [_plain(value) for value in values]
    try:
        array = pyarrow.array(values)
        mixed = {str, bytes} <= {*map(type, values)}  # one of them alone is taken for the other inside of a list
        if _writable(array.type) and _kept(array, values) and not mixed:
            return values
    except Exception:
        pass
    given = [value for value in values if value is not None]
    if all(isinstance(value, dict) and value for value in given):
        names = list(dict.fromkeys(name for value in given for name in value))
        parts = {name: _column([value.get(name) if value else None for value in values]) for name in names}
        return [
            None if value is None else {name: parts[name][position] for name in names}
            for position, value in enumerate(values)
        ]
    if all(isinstance(value, list) for value in given):
        items = iter(_column([item for value in given for item in value]))
        return [None if value is None else [next(items) for _item in value] for value in values]
    return [None if _missing(value) else value if isinstance(value, str) else _json(value) for value in values]


def _plain(value: Any) -> Any:
    """The value in Python's own types, as far as it has a counterpart there."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | AbstractSet):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # of numpy or torch: a list, or one value
        return _plain(value.tolist())
    return value


def _text(value: Any) -> str:
    return _SURROGATES.sub("\ufffd", value if isinstance(value, str) else str(value))


def _missing(value: Any) -> bool:
    """`None`, and what pandas has in its place."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in ("<NA>", "NaT")


def _json(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool | int | float | list | dict):
        return json.dumps(value, ensure_ascii=False, default=_json)
    return _text(value)
