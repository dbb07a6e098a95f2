"""Lesson 01's reasons to drop a pair of a question and its answer, and the search for a question in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prompt2data.domain import on_topic
from prompt2data.quality.fields import field, items, text_of

# No quoted question is longer; without a bound, a text of nothing but quotation marks would take minutes.
_QUOTED = re.compile(r"[\"“']([A-Z][^\"“”\n]{8,400}?\?)[\"”']")
_MARK = re.compile(r"([.!?:\n\"“”])")
_CAPITAL = re.compile(r"[A-Z]")


def question_in(text: str | None) -> str | None:
    """The first question in a text, with a quoted one preferred; None where there is none.

    A small model asked for a question often wraps it: `A beginner might ask, "Why is my crumb so dense?"`.
    """
    text = text_of(text)
    if quoted := _QUOTED.search(text):
        return quoted[1].strip()
    parts = _MARK.split(text)  # a sentence, the mark after it, the next sentence, …
    for sentence, mark in zip(parts[::2], parts[1::2], strict=False):
        capital = _CAPITAL.search(sentence) if mark == "?" else None
        if capital and len(sentence) - capital.end() >= 8:
            return sentence[capital.start() :] + "?"
    return None


def why_drop(row: Mapping[str, Any]) -> str | None:
    """Why a pair is not worth keeping, or None.

    Reads `prompt` and `completion`, and `finish_reason` where it is there.

    Returns:
        "empty", "no question" (the prompt asks nothing), "off topic", "echo" (the completion only repeats the
        prompt), "cut off" (the token budget ended it), or None.
    """
    prompt, completion = text_of(field(row, "prompt")), text_of(field(row, "completion"))
    if not prompt or not completion:
        return "empty"
    if not prompt.endswith("?"):
        return "no question"
    if not on_topic(f"{prompt} {completion}"):
        return "off topic"
    if completion.casefold() == prompt.casefold():
        return "echo"
    return (
        "cut off"
        if "length" in [reason for reason in items(field(row, "finish_reason")) if isinstance(reason, str)]
        else None
    )
