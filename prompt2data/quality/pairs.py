"""Lesson 01's reasons to drop a pair of a question and its answer, and the search for a question in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prompt2data.domain import on_topic

_QUOTED = re.compile(r"[\"“']([A-Z][^\"“”\n]{8,}?\?)[\"”']")
_SENTENCE = re.compile(r"([A-Z][^.!?:\n\"“”]{8,}\?)")


def question_in(text: str | None) -> str | None:
    """The first question in a text, with a quoted one preferred; None where there is none.

    A small model asked for a question often wraps it: `A beginner might ask, "Why is my crumb so dense?"`.
    """
    found = _QUOTED.search(text or "") or _SENTENCE.search(text or "")
    return found[1].strip() if found else None


def why_drop(row: Mapping[str, Any]) -> str | None:
    """Why a pair is not worth keeping, or None.

    Reads `prompt` and `completion`, and `finish_reason` where it is there.

    Returns:
        "empty", "no question" (the prompt asks nothing), "off topic", "echo" (the completion only repeats the
        prompt), "cut off" (the token budget ended it), or None.
    """
    prompt = (row.get("prompt") or "").strip()
    completion = (row.get("completion") or "").strip()
    if not prompt or not completion:
        return "empty"
    if not prompt.endswith("?"):
        return "no question"
    if not on_topic(f"{prompt} {completion}"):
        return "off topic"
    if completion.casefold() == prompt.casefold():
        return "echo"
    if row.get("finish_reason") == "length":
        return "cut off"
    return None
