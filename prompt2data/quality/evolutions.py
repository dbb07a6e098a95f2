"""Why an evolved instruction should not be kept: reasons that a program finds in parent and child alone.

They stand in for the four rules of Evol-Instruct's "elimination evolving" (Xu et al., 2023, arXiv:2304.12244,
section 3.2), of which one asks a judge and two look at the answer to the evolved instruction. `why_drop` needs
neither, `why_drop_answer` needs the answer.
"""

from __future__ import annotations

import re

# Words of the evolving prompts, lower case. "#" alone is innocent (#sourdough), and so is "prompt" alone.
LEAKS = (
    "given prompt", "rewritten prompt", "created prompt", "original prompt", "new prompt", "rewrite the prompt",
    "prompt rewriter", "prompt creator", "rewrited prompt", "prompt#", "#the given", "#given", "#rewrit", "#creat",
    "gpt4", "chatgpt", "ai systems",
)  # fmt: skip

# How a text begins that speaks to the one who asked for the rewriting, instead of rewriting. Lower case.
REFUSALS = (
    "i'm sorry", "i am sorry", "sorry,", "sorry but", "i apologize", "my apologies", "as an ai", "i cannot help",
    "i can't help", "i cannot assist", "i can't assist", "i cannot rewrite", "i can't rewrite", "i'm unable to",
    "i am unable to", "unfortunately, i",
)  # fmt: skip

# Words that carry no topic. A text made of these alone asks for nothing.
STOPWORDS = frozenset(
    "a about all also am an and any are as at be been but by can could did do does for from get had has have he her"
    " here him his how i if in into is it its just me more most my no not of on one or our please she should so some"
    " such than that the their them then there these they this those to too up us very was we were what when where"
    " which who why will with would yes you your".split()
)

# First words of a request in the imperative.
_REQUESTS = frozenset(
    "add advise analyze analyse answer argue arrange assume assess bake build calculate choose classify compare compose"
    " compute consider construct convert create debate decide define describe design determine develop discuss"
    " distinguish draft draw estimate evaluate examine explain explore find fold formulate generate give help"
    " identify illustrate imagine improve invent investigate justify keep learn let's list make measure mention mix"
    " name offer organize outline pick plan please predict prepare present propose provide prove read recommend"
    " research retell review rewrite say select share show sketch solve sort state suggest summarize summarise take"
    " talk teach tell think translate try use using weigh work write".split()
)

# A question that lost its question mark still opens like one: "What is the difference", "How to fold a dough".
_QUESTION_WORDS = frozenset("what why when where who which how".split())
_AFTER_QUESTION_WORD = frozenset(
    "is are was were do does did can could should would will may must has have to much many long often far".split()
)

_WORD = re.compile(r"[\w']+")
_SENTENCE_START = re.compile(r"(?:^|[.:;!\n]\s*)([\w']+)")


def words(text: str | None) -> list[str]:
    """The lower-case words of a text, without punctuation; curly apostrophes count as straight ones."""
    return _WORD.findall((text or "").lower().replace("’", "'"))


def why_drop(parent: str, child: str | None) -> str | None:
    """Why `child` is no good evolution of `parent`, or None.

    Returns the first of these reasons that fits:
        "empty": nothing there. "leak": words of the evolving prompt that the parent does not have itself.
        "refusal": it begins with an apology to the one who asked. "stopwords": only punctuation and words without a
        topic. "copy": the parent's words, whatever their case and punctuation. "statement": no question and no
        request, mostly an answer to the parent or talk about the task.
    """
    child = (child or "").replace("’", "'").strip()
    low, parent_low = child.lower(), parent.lower()
    if not child:
        return "empty"
    if any(leak in low and leak not in parent_low for leak in LEAKS):
        return "leak"
    if low.lstrip("\"' ").startswith(REFUSALS):
        return "refusal"
    if all(word in STOPWORDS for word in words(child)):
        return "stopwords"
    if words(child) == words(parent):
        return "copy"
    if not is_request(child):
        return "statement"
    return None


def is_request(text: str) -> bool:
    """Whether a text asks for something, as a program sees it.

    It has a question mark, or opens like a question, or has three words or more and a sentence in it begins with a
    request's verb.
    """
    low = text.lower().lstrip("\"'*- ")
    opening = words(low)[:2]
    if "?" in text or (len(opening) == 2 and opening[0] in _QUESTION_WORDS and opening[1] in _AFTER_QUESTION_WORD):
        return True
    return len(words(low)) >= 3 and any(word in _REQUESTS for word in _SENTENCE_START.findall(low))


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
