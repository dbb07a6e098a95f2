"""Read ratings from a judge's text: for each answer its own or None, never one answer's rating for another.

distilabel 1.5.3 splits UltraFeedback's output at blank lines and counts the pieces, so that one extra blank line shifts
every rating by one answer. Here a rating belongs to the text whose heading stands above it.
"""

from __future__ import annotations

import re

LOWEST, HIGHEST = 1, 5

# "#### Output for Text 2", bold or not, with or without the marks; the number in digits of any script.
_MARKS = r"[^\w\n]*"
_HEADING = re.compile(
    rf"^(?:{_MARKS}_*)(?:output[ \t]+for[ \t]+)?text[ \t_*]*#?(\d{{1,6}})_*{_MARKS}$", re.IGNORECASE | re.MULTILINE
)
_RATING = re.compile(rf"^{_MARKS}_*(?:overall[ ])?rating[ \t*_]*[:：=][ \t]*([^\n]*)$", re.IGNORECASE | re.MULTILINE)
_SCALE = r"(?:\s*(?:/|out\s+of)\s*(\d{1,6}))?"
_VALUE = re.compile(rf"[*_\[(\s]*(\d{{1,6}})(?:[.．]0{{1,6}})?(?![\d.,．]*\d){_SCALE}[*_\])]*", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|–|—|to\b|or\b|and\b|,)\s*\d", re.IGNORECASE)


def parse_ratings(text: str | None, n: int) -> list[int | None]:
    """The ratings of `n` texts in UltraFeedback's output: always `n` entries, each 1 to 5 or None.

    A rating stands alone on a line after the word "Rating", below its text's heading. None where there is no heading,
    no rating, a number that is not whole or out of range, or more than one rating for a text. Without any heading the
    ratings are taken in order, if there are exactly `n` of them; otherwise nobody can tell whose they are.

    Args:
        text: what the judge wrote; None, or anything but a text, gives None for every text.
        n: how many texts it was shown.
    """
    text = "\n".join(text.splitlines()) if isinstance(text, str) else ""
    headings = list(_HEADING.finditer(text))
    if not headings:
        values = _values(text)
        return values if len(values) == n else [None] * n
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    ratings: dict[int, list[int | None]] = {}
    for heading, end in zip(headings, ends, strict=True):
        ratings.setdefault(int(heading[1]), []).extend(_values(text[heading.end() : end]))
    return [values[0] if len(values := ratings.get(number, [])) == 1 else None for number in range(1, n + 1)]


def _values(section: str) -> list[int | None]:
    """The rating on each rating line, None for an unusable one."""
    return [_value(match[1]) for match in _RATING.finditer(section)]


def _value(text: str) -> int | None:
    match = _VALUE.match(text)
    if match is None or _RANGE.match(text[match.end() :]):
        return None
    if match[2] is not None and int(match[2]) != HIGHEST:
        return None  # "4/10" is a rating on another scale
    value = int(match[1])
    return value if LOWEST <= value <= HIGHEST else None
