"""Rows as they come: read from JSON, from pandas, from other people's data sets. What in them is text, and what is not.

A row may lack a column, or hold None, NaN, a number, bytes or an array in it, and a message may be a list of parts. All
rules of the chain read rows through this module, so none of that stops them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Spaces, and characters that take no room: a text of these alone says nothing.
_BLANK = "".join(map(chr, filter(lambda code: chr(code).isspace(), range(0x3001)))) + "\x00\u00ad\u200b\u2060\ufeff"

# Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Han.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+(?:['’][^\W{UNSPACED}]+)*|[^\w\s]")
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")


def field(row: Any, name: str) -> Any:
    """What a row holds under a name; None where there is nothing, or where the row is no mapping."""
    return row.get(name) if isinstance(row, Mapping) else None


def items(value: Any) -> list[Any]:
    """The items of a list, a tuple or an array of numpy; any other value is the only item."""
    value = value.tolist() if hasattr(value, "tolist") and hasattr(value, "shape") else value
    return list(value) if isinstance(value, list | tuple) else [value]


def text_of(value: Any) -> str:
    """The text of a value, without outer spaces: a text itself, or the texts of a message's parts, one to a line.

    What is neither has the text "".
    """
    if isinstance(value, str):
        return value.strip(_BLANK)
    if isinstance(value, Mapping):  # a part: {"type": "text", "text": "…"}
        return text_of(value["text"]) if isinstance(value.get("text"), str) else ""
    parts = items(value)
    # A list of bare strings is several texts, not one
    return "\n".join(filter(None, map(text_of, parts))) if all(isinstance(part, Mapping) for part in parts) else ""


def tokens(text: str) -> list[str]:
    """Words and marks in order; in scripts without spaces each character is a token."""
    return _TOKEN.findall(text)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without marks; in scripts without spaces each character is a word."""
    return _WORD.findall(text.casefold())
