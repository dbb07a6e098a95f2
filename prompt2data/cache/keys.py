"""The key of an entry: a digest of everything that decides its value."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def entry_key(**parts: Any) -> str:
    """64 hex digits that are shared only if every part is equal, in value and in type (1, 1.0, "1" and True differ).

    Parts are JSON values; a tuple is a list. Raises `TypeError` or `ValueError` for anything else (NaN, a dictionary
    key that is no string).
    """
    _refuse_other_keys(parts)
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Not ASCII: two lone surrogates would be written like the one character they stand for.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def _refuse_other_keys(value: dict | list | tuple) -> None:
    """Raise `TypeError` where JSON would write a key such as 1 like the key "1"."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"the dictionary key {key!r} is not a string")
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list | tuple):
            _refuse_other_keys(item)
