"""What a value holds, whatever form it has: rows are rows, in a list, a table, a generator or a `Dataset`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from math import isclose, isnan
from typing import Any

_MOST_ITEMS = 100_000  # what has more has no end


class Endless(Exception):
    """A value has no end, or none that is near."""


def content(value: Any) -> Any:
    """What a value holds, in Python's own classes.

    A `Dataset`, a pandas table and rows of any kind become a list of dictionaries; arrays, series, tuples, iterators
    and views a list. What is missing in pandas is `None`. A set has no order and stays a set. What it does not know it
    leaves.

    Raises:
        Endless: where it has no end.
    """
    if value is None or isinstance(value, bool | bytes | set | frozenset | type):
        return value
    for basic in (str, int, float):  # a subclass may have methods of its own
        if isinstance(value, basic):
            return getattr(basic, f"__{basic.__name__}__")(value)
    if isinstance(value, Fraction | Decimal):
        return float(value)
    kind = type(value)  # an object may answer with anything when it is asked what it has
    if hasattr(kind, "notna") and hasattr(kind, "iloc"):  # pandas: a table or a series
        value = value.astype(object).where(value.notna(), None)
        return content(value.to_dict("records") if hasattr(kind, "columns") else value.tolist())
    if hasattr(kind, "tolist"):  # numpy, a tensor
        return content(value.tolist())
    if isinstance(value, Mapping):
        return {_key(key): content(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not callable(value):
        items = list(islice(value, _MOST_ITEMS + 1))
        if len(items) > _MOST_ITEMS:
            raise Endless
        return [content(item) for item in items]
    return value


def _key(key: Any) -> Any:
    return key if isinstance(key, Iterable) and not isinstance(key, str) else content(key)


def same(one: Any, other: Any) -> bool:
    """Whether two values have the same content; numbers need only be close, truth values are no numbers."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or _close(one, other)
    if hasattr(type(one), "tolist") and hasattr(type(other), "tolist"):
        return same(one.tolist(), other.tolist())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if type(one) is type(other) and type(one).__eq__ is object.__eq__:
        return True  # copies of what knows nothing of being equal
    if hasattr(type(one), "columns") and hasattr(type(other), "columns"):
        return same(content(one), content(other))
    try:
        return bool(one == other)
    except Exception:  # a learner's class may have any `__eq__`
        return False


def _close(one: float, other: float) -> bool:
    try:
        # As near as single precision gets.
        return isclose(one, other, rel_tol=1e-6, abs_tol=1e-9) or (isnan(one) and isnan(other))
    except OverflowError:  # whole numbers may be larger than any float
        return False
