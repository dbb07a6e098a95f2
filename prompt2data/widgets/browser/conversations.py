"""Which columns of a row are a conversation, and who says what in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a user asks and an assistant answers, by the names that distilabel and TRL give the two columns.
_PAIRS = (("prompt", "completion"), ("instruction", "generation"))
_PREFERENCE = ("chosen", "rejected")


@dataclass(frozen=True)
class Turn:
    """What one speaker says. `more`: whatever else the message holds, such as the calls of tools."""

    role: str
    content: Any
    more: Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """Turns that follow each other. `name` is empty, or a column that stands beside another one."""

    name: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Conversation:
    """A conversation in a row.

    Attributes:
        columns: the columns that it was made from.
        before: turns that all sides begin with.
        sides: one, or two that answer the same.
        beside: whether there is a place for the turns beside each other: a question and its answer.
    """

    columns: tuple[str, ...]
    before: tuple[Turn, ...]
    sides: tuple[Side, ...]
    beside: bool = False

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, of all sides."""
        return self.before + tuple(turn for side in self.sides for turn in side.turns)


def is_turns(value: Any) -> bool:
    """Whether `value` is a list of messages, each with a role and a content."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(turn, Mapping) and isinstance(turn.get("role"), str) and "content" in turn for turn in value)
    )


def conversations(row: Mapping[Any, Any]) -> list[Conversation]:
    """The conversations in a row: pairs of a question and an answer, preferences, and columns of messages."""
    found = []
    for question, answer in _PAIRS:
        asked, answered = _turns(row.get(question), "user"), _turns(row.get(answer), "assistant")
        if asked and answered:
            beside = len(asked) == len(answered) == 1
            found.append(Conversation((question, answer), (), (Side("", asked + answered),), beside))
    sides = tuple(Side(name, _turns(row.get(name), "assistant")) for name in _PREFERENCE)
    if all(side.turns for side in sides):
        # Some datasets repeat the question in both columns, some have it in a column of its own.
        asked = any(turn.role == "user" for side in sides for turn in side.turns)
        question = next((name for name in ("prompt", "instruction") if not asked and row.get(name)), None)
        before = _turns(row[question], "user") if question else ()
        found.append(Conversation((*([question] if question else []), *_PREFERENCE), before, sides))
    used = {name for one in found for name in one.columns}
    for name, value in row.items():
        if name not in used and is_turns(value):
            found.append(Conversation((name,), (), (Side("", _turns(value, "")),)))
    return found


def _turns(value: Any, role: str) -> tuple[Turn, ...]:
    """The messages in `value`, or one turn of this role if it is a text."""
    if isinstance(value, str):
        return (Turn(role, value, {}),)
    if not is_turns(value):
        return ()
    return tuple(
        Turn(
            turn["role"],
            turn["content"],
            {name: inner for name, inner in turn.items() if name not in ("role", "content") and inner is not None},
        )
        for turn in value
    )
