"""Lesson 07's rules on one row with `instruction` and `response`: empty, cut off, leak, refusal, length.

Each looks at the form, never at the truth. They gather what lessons 01 to 04 learned; a row may be dirty: a column
missing, None, or something other than text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from prompt2data.ground.segmentation import word_count
from prompt2data.quality.fields import field, items, text_of
from prompt2data.quality.leaks import leaks
from prompt2data.quality.refusals import refuses

COLUMNS = ("instruction", "response")

SHORTEST_INSTRUCTION, SHORTEST_RESPONSE = 3, 4  # words
LONGEST = 120  # words, of either


def text(row: Mapping[str, Any], column: str) -> str:
    """The text in a column without outer spaces, or that of a message's parts; "" where there is no text."""
    return text_of(field(row, column))


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
    reasons = items(field(row, "finish_reason"))
    return "cut off" if any(isinstance(reason, str) and reason == "length" for reason in reasons) else None


def leak(row: Mapping[str, Any]) -> str | None:
    """Return "leak" if words of a prompt or tokens of a template stand in the instruction or the response."""
    asked, said = (text(row, column) for column in COLUMNS)
    return "leak" if leaks(asked) or leaks(said, asked) else None


def refusal(row: Mapping[str, Any]) -> str | None:
    """Return "refusal" if the response is short and says what the assistant cannot or will not do, and no help follows.

    In English, Vietnamese, Chinese, Japanese and Korean.
    """
    return "refusal" if refuses(text(row, "response"), text(row, "instruction")) else None


# Questions, tasks and sources of which one word, or one code, is the whole answer.
_ONE_WORD = re.compile(
    r"\b((one|a single|single|two|three|1|2|3)[ -]words?|nothing else|(just|only) (the|a|one|with)|(the|a) \w+ only"
    r"|yes or no|true or false|one letter|no explanation|base ?(64|32)|rot-?13|hex(adecimal)?|binary|morse|encode"
    r"|decode|hash|roman numerals?|unscramble|abbreviat\w+|acronym|capital (city )?of|chemical (symbol|formula)"
    r"|currency of|past tense|(opposite|plural|synonym|antonym|square root|sum|product|rhymes?|anagram) (of|for|with)"
    r"|name (one|a|an)\b|classify|sentiment|laugh\w*|scream|sound|noise|emojis?|positive or negative|spam or)\b"
    r"|^\W*(list|name|convert|sort|order|arrange|put|translate|spell|count|calculate|solve|guess"
    r"|who (wrote|painted|invented|discovered|composed|directed|founded)|(in )?(what|which) (year|country|city"
    r"|planet|continent|language|element|century|ocean|river|\w+ (in|from|of) (this|these)"
    r" \w+)\b|when (was|did|were)\b)|\d\s*[-+*/×÷^]\s*\d|\bhow do"
    r" (i|you) (say|spell)\b|_{3,}",
    re.IGNORECASE,
)


def length(row: Mapping[str, Any]) -> str | None:
    """Return "too short" or "too long", by `SHORTEST_INSTRUCTION`, `SHORTEST_RESPONSE` and `LONGEST`.

    Words are what spaces separate. In scripts without spaces it takes two characters of Chinese or Japanese to make
    one, or three of Thai, Lao, Khmer or Burmese. A short response is none where a word or a code was asked for.
    """
    sizes = [word_count(text(row, column)) for column in COLUMNS]
    short = sizes[1] < SHORTEST_RESPONSE and not (_ONE_WORD.search(text(row, "instruction")[:5_000]) and sizes[1])
    if sizes[0] < SHORTEST_INSTRUCTION or short:
        return "too short"
    return "too long" if max(sizes) > LONGEST else None
