"""Lesson 02's reasons to drop a new instruction, and how to clean a list that a model wrote.

Rules on the form of one line, which do not look at whether the instruction makes sense. How a request opens is known
for English alone, so a text in another language is not judged by it. Novelty is the measure of Self-Instruct (Wang et
al., 2022, arXiv:2212.10560, section 2.2): ROUGE-L below 0.7 to all of the pool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import regex

from prompt2data.metrics import nearest
from prompt2data.quality.language import not_english
from prompt2data.quality.vocabulary import AUXILIARIES, INSTRUCTION_VERBS, QUESTION_WORDS, lowered
from prompt2data.quality.vocabulary import SELF_INSTRUCT_LEAKS as LEAKS

# The paper's threshold for "too similar to an instruction in the pool".
TOO_SIMILAR = 0.7

# A space, or nothing at all, follows a mark: "3.5 grams" is text.
_LIST_MARK = re.compile(r"^\s*(?:\(?\d+[.)]|[-*•])(?:\s+|$)")

# In other languages than English: marks of all scripts, the Greek question mark, or a script that has no full stop.
_END = regex.compile(r"[\p{Sentence_Terminal};\p{Line_Break=SA}]")

# First words with which people ask or order.
_OPENINGS = AUXILIARIES | INSTRUCTION_VERBS | {*QUESTION_WORDS}


def clean(lines: Iterable[str | None]) -> list[str]:
    """The instructions in a list of lines, in order, without list marks, outer spaces, empty lines and repetitions.

    What is no text, such as the None of a row that failed, counts as an empty line.
    """
    stripped = (_LIST_MARK.sub("", line).strip() for line in lines if isinstance(line, str))
    return list(dict.fromkeys(filter(None, stripped)))


def opens_like_request(text: str) -> bool:
    """Whether the first word of an English line is one with which people ask ("how") or order ("list", "explain")."""
    first = re.match(r"[a-z]+", lowered(text).lstrip("\"'“ "))
    return first is not None and first.group() in _OPENINGS


def why_drop(instruction: str | None, pool: Sequence[str | None] = (), threshold: float = TOO_SIMILAR) -> str | None:
    """Why `instruction` is not worth adding to `pool`, or None.

    Returns the first of these reasons that fits:
        "empty": nothing there. "leak": words of SelfInstruct's prompt. "no request": it does not open like a question
        or an order; an answer, a heading and small talk all end here, if they are English. "unfinished": its last
        character ends no sentence. "copy": ROUGE-L to an instruction in `pool` is `threshold` (0 to 1) or more.
    """
    text = (instruction or "").strip()
    if not text:
        return "empty"
    if any(leak in text.lower() for leak in LEAKS):
        return "leak"
    opens = opens_like_request(text)
    foreign = not opens and not_english(text)
    if not opens and not foreign:
        return "no request"
    if not (_END.match(text[-1]) if foreign else text[-1] in ".?!"):
        return "unfinished"
    if nearest(text, pool)[1] >= threshold:
        return "copy"
    return None
