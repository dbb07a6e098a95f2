"""Lesson 07's rules on one row with `instruction` and `response`: empty, cut off, leak, refusal, length.

Each looks at the form, never at the truth, and knows English. They gather what lessons 01 to 04 learned; a row may be
dirty: a column missing, None, or something other than text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from prompt2data.quality import vocabulary

COLUMNS = ("instruction", "response")

SHORTEST_INSTRUCTION, SHORTEST_RESPONSE = 3, 4  # words
LONGEST = 120  # words, of either

# Tokens of the chat templates, a role's name that opens the text, headings of instruction formats, the first
# words of system prompts and of prompts that ask for rows.
_TEMPLATE = re.compile(
    vocabulary.TEMPLATE_TOKENS
    + r"""
    | ^\W*(system|user|human|assistant|ai|bot|model|instructions?|response|input|output|prompt)\W*:
    | ^\W*(user|assistant|human|system)\s*\n
    | \#{2,}\s*(instructions?|response|input|output|prompt|system|user|human|assistant)\b
    | \bbelow\ is\ an?\ (instruction|conversation|question|task)\b
    | (^|[.:>\n]\s*)\W*you\ are\ an?\ (\w+\s+){0,4}(assistant|language\ model|chatbot|ai)\b
    | ^\W*come\ up\ with\ (an?|\w+)\ (\w+\s+){0,3}(questions?|tasks?|instructions?|prompts?|quer(y|ies))\b
    | \b(rewritten|rewrite\ of|rewriting|more\ complex\ version\ of|harder\ version\ of)\ ((the|this|your)\ )?
      (prompt|question|instruction)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LEAKS = (*vocabulary.EVOLVING_LEAKS, *vocabulary.SELF_INSTRUCT_LEAKS)

_SHORT = 60  # words: a longer answer that also mentions a limit still has something to say


def text(row: Mapping[str, Any], column: str) -> str:
    """The text in a column without outer spaces; "" where the column is missing or holds no text."""
    value = row.get(column)
    return value.strip() if isinstance(value, str) else ""


def columns(rows: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """The instructions and the responses of rows, each as `text` returns it."""
    pairs = [(text(row, "instruction"), text(row, "response")) for row in rows]
    return [instruction for instruction, _response in pairs], [response for _instruction, response in pairs]


def joined(instructions: Iterable[str], responses: Iterable[str]) -> list[str]:
    """Each instruction with its response on the next line, as rows are compared whole."""
    return [f"{instruction}\n{response}" for instruction, response in zip(instructions, responses, strict=True)]


def empty(row: Mapping[str, Any]) -> str | None:
    """Return "empty" if the instruction or the response is missing, is not a text, or is blank."""
    return None if all(text(row, column) for column in COLUMNS) else "empty"


def cut_off(row: Mapping[str, Any]) -> str | None:
    """Return "cut off" if the token budget ended the row: `finish_reason` is or holds "length"."""
    reasons = row.get("finish_reason")
    return "cut off" if "length" in (reasons if isinstance(reasons, list | tuple) else [reasons]) else None


def leak(row: Mapping[str, Any]) -> str | None:
    """Return "leak" if words of a prompt or tokens of a template stand in the instruction or the response."""
    found = [text(row, column) for column in COLUMNS]
    leaks = any(_TEMPLATE.search(one) or any(words in one.lower() for words in _LEAKS) for one in found)
    return "leak" if leaks else None


def refusal(row: Mapping[str, Any]) -> str | None:
    """Return "refusal" if the response opens with an apology, or is short and about the assistant's own limits."""
    low = vocabulary.lowered(text(row, "response"))
    refuses = vocabulary.opens_with_refusal(low) or (len(low.split()) < _SHORT and vocabulary.DECLINES.search(low))
    return "refusal" if refuses else None


def length(row: Mapping[str, Any]) -> str | None:
    """Return "too short" or "too long", by `SHORTEST_INSTRUCTION`, `SHORTEST_RESPONSE` and `LONGEST`."""
    sizes = [len(text(row, column).split()) for column in COLUMNS]
    if sizes[0] < SHORTEST_INSTRUCTION or sizes[1] < SHORTEST_RESPONSE:
        return "too short"
    return "too long" if max(sizes) > LONGEST else None
