"""Lesson 07's rules on one row with `instruction` and `response`: empty, cut off, leak, refusal, length.

Each looks at the form, never at the truth, and knows English. They gather what lessons 01 to 04 learned; a row may be
dirty: a column missing, None, or something else than text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prompt2data.quality import evolutions, instructions

COLUMNS = ("instruction", "response")

SHORTEST_INSTRUCTION, SHORTEST_RESPONSE = 3, 4  # words
LONGEST = 120  # words, of either

# Tokens of the common chat templates, a role's name that opens the text, and the headings of prompts.
_TEMPLATE = re.compile(
    r"<\|\w+\|>|</?s>|<(start|end)_of_turn>|\[/?INST\]|^\s*(system|user|assistant)\s*:"
    r"|#{2,}\s*(instruction|response|input|output|prompt)\b",
    re.IGNORECASE,
)
_LEAKS = (*evolutions.LEAKS, *instructions.LEAKS)

# An answer about the assistant's own limits. First person only: "You cannot help a burnt crust" is advice.
_LIMITS = re.compile(
    r"\bas an? (ai|artificial|assistant|language model|digital)\b|\bi(?: am|'m) an? (ai|artificial|language model)\b"
    r"|\bi (?:cannot|can't|can not|won't be able to|am not able to|'m not able to|am unable to)"
    r" (?:help|assist|provide|answer|write|make|give|do|comply|fulfill|complete|create|discuss|access|know)\b"
    r"|\bi(?: am|'m) (?:unable|not able) to\b|\bi must decline\b"
    r"|\bi (?:do not|don't) have (?:access|information|personal|real-time|the ability)\b"
    r"|\bagainst my (?:guidelines|programming)\b"
)
_SHORT = 60  # words: a longer answer that also mentions a limit still has something to say


def text(row: Mapping[str, Any], column: str) -> str:
    """The text in a column without outer spaces; "" where the column is missing or holds no text."""
    value = row.get(column)
    return value.strip() if isinstance(value, str) else ""


def empty(row: Mapping[str, Any]) -> str | None:
    """Says "empty" if the instruction or the response is missing, is no text, or is blank."""
    return None if all(text(row, column) for column in COLUMNS) else "empty"


def cut_off(row: Mapping[str, Any]) -> str | None:
    """Says "cut off" if the row says that its token budget ended it: `finish_reason` is "length"."""
    reasons = row.get("finish_reason")
    return "cut off" if "length" in (reasons if isinstance(reasons, list | tuple) else [reasons]) else None


def leak(row: Mapping[str, Any]) -> str | None:
    """Says "leak" if words of a prompt or tokens of a template stand in the instruction or the response."""
    for column in COLUMNS:
        found = text(row, column)
        low = found.lower()
        if _TEMPLATE.search(found) or any(words in low for words in _LEAKS):
            return "leak"
    return None


def refusal(row: Mapping[str, Any]) -> str | None:
    """Says "refusal" if the response apologises at its beginning, or is short and about the assistant's own limits."""
    low = text(row, "response").lower().replace("’", "'")
    if low.lstrip("\"' ").startswith(evolutions.REFUSALS):
        return "refusal"
    return "refusal" if len(low.split()) < _SHORT and _LIMITS.search(low) else None


def length(row: Mapping[str, Any]) -> str | None:
    """Says "too short" or "too long", in words; see `SHORTEST_INSTRUCTION`, `SHORTEST_RESPONSE` and `LONGEST`."""
    sizes = [len(text(row, column).split()) for column in COLUMNS]
    if sizes[0] < SHORTEST_INSTRUCTION or sizes[1] < SHORTEST_RESPONSE:
        return "too short"
    return "too long" if max(sizes) > LONGEST else None
