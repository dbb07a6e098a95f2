"""Reasons not to keep an evolved instruction that a program can find in parent and child alone.

They stand in for the four rules of Evol-Instruct's "elimination evolving" (Xu et al., 2023, arXiv:2304.12244,
section 3.2), of which one asks a judge and two look at the answer to the evolved instruction. `why_drop` needs
neither, `why_drop_answer` needs the answer.
"""

from __future__ import annotations

import re

from prompt2data.quality import vocabulary
from prompt2data.quality.vocabulary import AUXILIARIES, EVOLVED_VERBS, QUESTION_WORDS, STOPWORDS, lowered, words

LEAKS, REFUSALS = vocabulary.EVOLVING_LEAKS, vocabulary.REFUSALS

# A question without its question mark still opens like one: "What is the difference", "How to fold a dough".
_AFTER_QUESTION_WORD = AUXILIARIES | {"to", "many", "much", "long", "often", "far"}

_SENTENCE_START = re.compile(r"(?:^|[.:;!\n]\s*)([\w']+)")


def why_drop(parent: str, child: str | None) -> str | None:
    """Why `child` is not a good evolution of `parent`, or None.

    Returns the first of these reasons that fits:
        "empty": nothing there. "leak": words of the evolving prompt that the parent does not have itself.
        "refusal": it begins with an apology to the one who asked. "stopwords": only punctuation and words without a
        topic. "copy": the parent's words, ignoring case and punctuation. "statement": no question and no request,
        mostly an answer to the parent or talk about the task.
    """
    low, parent_low = lowered(child).strip(), lowered(parent)
    if not low:
        return "empty"
    if any(leak in low and leak not in parent_low for leak in LEAKS):
        return "leak"
    if vocabulary.opens_with_refusal(low):
        return "refusal"
    if all(word in STOPWORDS for word in words(low)):
        return "stopwords"
    if words(low) == words(parent):
        return "copy"
    if not is_request(low):
        return "statement"
    return None


def is_request(text: str) -> bool:
    """Whether a text asks for something, as a program sees it.

    It has a question mark, or opens like a question, or has three words or more and a sentence in it begins with a
    request's verb.
    """
    low = text.lower().lstrip("\"'*- ")
    opening = words(low)[:2]
    if "?" in text or (len(opening) == 2 and opening[0] in QUESTION_WORDS and opening[1] in _AFTER_QUESTION_WORD):
        return True
    return len(words(low)) >= 3 and any(word in EVOLVED_VERBS for word in _SENTENCE_START.findall(low))


def why_drop_answer(answer: str | None) -> str | None:
    """Why an instruction with this answer should go, after the paper's rules 2 and 3, or None.

    "refusal": the answer says "sorry" in fewer than 80 words. "stopwords": it has only punctuation and words without
    a topic, or nothing at all.
    """
    found = words(answer)
    if "sorry" in found and len(found) < 80:
        return "refusal"
    if all(word in STOPWORDS for word in found):
        return "stopwords"
    return None
