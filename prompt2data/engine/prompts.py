"""Conversations as rows bring them, made fit for a chat template; and which prompts a model cannot read.

A table read back gives lists as arrays and missing texts as NaN, and a dataset with pictures gives a message in parts.
A row that cannot be used gets no text and a reason, and costs no other row anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prompt2data.ground.rows import as_list, is_missing
from prompt2data.i18n import _
from prompt2data.untrusted import whole

Message = dict[str, Any]

MISSING, UNREADABLE, TOO_LONG = "none", "unreadable", "too long"  # a row's `finish_reason` where there is no text


class NoPrompt(ValueError):
    """A conversation from which no prompt can be made, in one sentence; `reason` is the row's `finish_reason`."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def readable(conversation: Any) -> list[Message]:
    """A conversation as a list of messages, each with a role and a text, other entries as they are.

    Texts in parts (`[{"type": "text", "text": …}, …]`) are put together, a line each. Half a surrogate pair becomes
    U+FFFD.

    Raises:
        NoPrompt: if a text is missing, or something is not a message or a text.
    """
    if is_missing(conversation):
        raise NoPrompt(MISSING, _("Without a conversation there is nothing to read: drop its row first."))
    messages = None if isinstance(conversation, str | bytes) else as_list(conversation)
    if messages is None:
        raise _unreadable(_("a list of messages was wanted"), conversation)
    return [_message(message) for message in messages]


def too_long(longest: int, context: int | None) -> str:
    """The sentence for a prompt of `longest` tokens to a model that reads `context` of them."""
    return _(
        "A prompt of {n} tokens is too long for the model, which reads {most}, prompt and text together: such a row "
        "gets None instead of a text or a number. Shorten it, or drop rows like it first."
    ).format(n=f"{longest:,}", most=f"{context or 0:,}")


def prompt_too_long(tokens: int, context: int | None) -> str:
    """The same, where there is one prompt and no row."""
    message = _("The prompt has {n} tokens, and the model reads {most}, the prompt and its text together: shorten it.")
    return message.format(n=f"{tokens:,}", most=f"{context or 0:,}")


def fits(tokens: Sequence[int], context: int | None, new: int = 0) -> bool:
    """Whether a model with this context can read so many tokens and write `new` ones; any with a context of `None`."""
    return context is None or len(tokens) + new <= context


def _message(message: Any) -> Message:
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        raise _unreadable(_("a message is a dictionary with a role and a content"), message)
    content = message.get("content")
    if is_missing(content):
        raise NoPrompt(MISSING, _("A message without a text cannot be read: drop its row first."))
    if not isinstance(content, str):
        parts = [content] if isinstance(content, Mapping) else as_list(content) or []
        texts = [part.get("text") if isinstance(part, Mapping) else None for part in parts]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise _unreadable(_("the content of a message is a text, or a list of parts that are texts"), content)
        content = "\n".join(map(str, texts))
    return {**message, "role": whole(message["role"]), "content": whole(content)}


def _unreadable(rule: str, value: Any) -> NoPrompt:
    sentence = _("A conversation cannot be read: {rule}, and this is of the type {type}. Its row gets no text.")
    return NoPrompt(UNREADABLE, sentence.format(rule=rule, type=type(value).__name__))
