"""Which columns of a row are a conversation, and who says what in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

# The columns of a question and its answer, as TRL and distilabel name them.
_PAIRS = (("prompt", "completion"), ("instruction", "generation"))
_PREFERENCE = ("chosen", "rejected")


@dataclass(frozen=True)
class Message:
    """A turn of one speaker."""

    role: str
    content: Any
    more: Mapping[str, Any]  # everything else in the message, such as tool calls


@dataclass(frozen=True)
class Conversation:
    """A conversation in a row."""

    columns: tuple[str, ...]  # that it comes from
    before: tuple[Message, ...]  # that all sides begin with
    sides: Mapping[str, tuple[Message, ...]]  # that follow; of a preference, both answers, by column
    beside: bool = False  # whether to show its messages side by side: a question and its answer


def is_messages(value: Any) -> TypeGuard[Sequence[Mapping[str, Any]]]:
    """Whether `value` is a list of messages, each with a role and a content."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(one, Mapping) and isinstance(one.get("role"), str) and "content" in one for one in value)
    )


def conversations(row: Mapping[Any, Any]) -> list[Conversation]:
    """The conversations in a row: pairs of a question and an answer, preferences, and columns of messages."""
    found = []
    for question, answer in _PAIRS:
        asked, answered = _messages(row.get(question), "user"), _messages(row.get(answer), "assistant")
        if asked and answered:
            beside = len(asked) == len(answered) == 1
            found.append(Conversation((question, answer), (), {"": asked + answered}, beside))
    sides = {name: _messages(row.get(name), "assistant") for name in _PREFERENCE}
    if all(sides.values()):
        # Some datasets repeat the question in both columns, some have it in a column of its own.
        repeated = any(message.role == "user" for side in sides.values() for message in side)
        questions = [name for name in ("prompt", "instruction") if not repeated and row.get(name)][:1]
        before = _messages(row[questions[0]], "user") if questions else ()
        found.append(Conversation((*questions, *_PREFERENCE), before, sides))
    used = {name for conversation in found for name in conversation.columns}
    for name, value in row.items():
        if name not in used and is_messages(value):
            found.append(Conversation((name,), (), {"": _messages(value, "")}))
    return found


def _messages(value: Any, role: str) -> tuple[Message, ...]:
    """The messages in `value`, or one message of this role if it is a text."""
    if isinstance(value, str):
        return (Message(role, value, {}),)
    if not is_messages(value):
        return ()
    return tuple(
        Message(
            message["role"],
            message["content"],
            {name: inner for name, inner in message.items() if name not in ("role", "content") and inner is not None},
        )
        for message in value
    )
