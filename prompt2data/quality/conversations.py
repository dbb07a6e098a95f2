"""Lesson 04's part of the chain: does a text read like a user's request, and why drop a whole conversation?

Both are rules a program can check in microseconds. They look at the form of a text, never at whether it is true, and
know English openings only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from prompt2data.quality.fields import field, items, text_of
from prompt2data.quality.vocabulary import QUESTION_WORDS, TEMPLATE_TOKENS, lowered, plain

# How a user opens a request without a question mark. Compared in lower case, whole words.
REQUEST_OPENINGS = (
    "can you", "could you", "would you", "will you", "please", "help me", "tell me", "give me", "show me", "teach me",
    "write", "explain", "describe", "list", "suggest", "recommend", "compare", "summarize", "create", "plan", "find",
    *QUESTION_WORDS,
    "i need", "i want", "i would like", "i'd like", "i have", "i've been", "i am looking", "i'm looking",
    "i am planning", "i'm planning", "i am considering", "i'm considering", "i am thinking", "i'm thinking",
    "i am trying", "i'm trying", "i am working", "i'm working", "i am having trouble", "i'm having trouble",
    "i am struggling", "i'm struggling", "i am interested", "i'm interested", "i am wondering", "i'm wondering",
)  # fmt: skip

# How an assistant opens a turn in which it offers help.
OFFERS = (
    "sure", "certainly", "of course", "absolutely", "here is", "here are", "here's", "as an ai", "i'm an ai",
    "i am an ai", "i'm here to", "i am here to", "i'm happy to", "i'd be happy to", "i'm glad to", "i can help",
    "i'd be delighted", "i'm your", "let me help", "welcome to",
)  # fmt: skip

# The chat template has leaked: one of its tokens anywhere, or a role's name alone on the first line.
_TEMPLATE_TOKEN = re.compile(TEMPLATE_TOKENS, re.VERBOSE)
_ROLE_LINE = re.compile(r"\A\s*(system|user|assistant)\s*:?\s*\n", re.IGNORECASE)
_NOT_PROSE = re.compile(r"[^\w\s\"'(¿¡]|(def|import|class|function|return|print)\b")


def _opens_with(text: str, openings: Sequence[str]) -> bool:
    words = " ".join(lowered(text).split())
    return any(re.match(rf"{re.escape(opening)}\b", words) for opening in openings)


def reads_like_request(text: str | None) -> bool:
    """Whether `text` has the form of something a user would ask an assistant.

    Judged by its first line: at least three words; no code, heading or list mark at its beginning; not the voice of
    an assistant; and either a question mark or an opening that users ask with (`REQUEST_OPENINGS`).
    """
    text = text_of(text)
    if not text or _ROLE_LINE.match(text):
        return False
    line = text.splitlines()[0].strip()
    if len(line.split()) < 3 or _NOT_PROSE.match(line) or sounds_like_assistant(line):
        return False
    return "?" in line or _opens_with(line, REQUEST_OPENINGS)


def sounds_like_assistant(text: str) -> bool:
    """Whether `text` offers help instead of asking for it: it opens with one of `OFFERS` and asks nothing."""
    text = text_of(text)
    return "?" not in text and _opens_with(text, OFFERS)


def why_drop(conversation: Sequence[Mapping[str, Any]], turns: int = 3) -> str | None:
    """The first reason to drop a conversation, or None for one worth keeping.

    Args:
        conversation: messages with `role` and `content`, a text or a list of parts, perhaps a system message first.
        turns: how many questions, each with its answer, it should have.

    Returns:
        `"empty"`: a message without text; `"roles"`: user and assistant do not take turns, or the user does not
        begin, or has the last word; `"turns"`: another number of turns; `"leak"`: a token or role line of the chat
        template in a message; `"role_swap"`: a user's message that offers help; `"copy"`: a message that repeats an
        earlier one, ignoring case, spaces and punctuation; `None`: none of these.
    """
    messages = items(conversation)
    names = [field(message, "role") for message in messages]
    if isinstance(names[0] if names else None, str) and names[0] == "system":
        messages, names = messages[1:], names[1:]
    texts = [text_of(field(message, "content")) for message in messages]
    if not texts or not all(texts):
        return "empty"
    expected = ["user", "assistant"] * (len(messages) // 2)
    if [name if isinstance(name, str) else None for name in names] != expected:
        return "roles"
    if len(messages) != 2 * turns:
        return "turns"
    if any(_TEMPLATE_TOKEN.search(text) or _ROLE_LINE.match(text) for text in texts):
        return "leak"
    if any(sounds_like_assistant(text) for text in texts[::2]):
        return "role_swap"
    if len(set(map(plain, texts))) < len(texts):
        return "copy"
    return None
