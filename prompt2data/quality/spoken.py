"""Amounts in words, as people say them: an operator for lesson 08 that is a program. English only.

`quantities` reads what is written here, so a sentence can be verified again after the change.
"""

from __future__ import annotations

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_PARTS = {15: "a quarter of an hour", 30: "half an hour", 45: "three quarters of an hour"}
_BEHIND = {15: " and a quarter", 30: " and a half", 45: " and three quarters"}
_IN_DIGITS = {
    "minutes": r"(?<![\w.,]){number} min(?:ute)?s\b",
    "celsius": r"(?<![\w.,]){number}(?= degrees\b)",
    "grams": r"(?<![\w.,]){number} ?g(?:rams?)?\b",
}


def number_in_words(number: int) -> str:
    """A whole number from 0 to 9,999 in words: "a hundred and eighty", "two thousand", "seventy-five".

    Raises:
        ValueError: for any other number.
    """
    if not 0 <= number < 10_000:
        raise ValueError(f"number must be from 0 to 9,999, not {number}")
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    many, rest = divmod(number, size)
    head = f"{'a' if many == 1 else number_in_words(many)} {name}"
    if not rest:
        return head
    return f"{head} and {number_in_words(rest)}" if rest < 100 or size == 100 else f"{head} {number_in_words(rest)}"


def amount_in_words(unit: str, number: int) -> str:
    """An amount as it is said: "an hour and a quarter", "two hundred degrees", "half a kilo".

    Args:
        unit: "minutes", "celsius" or "grams".
        number: of it, from 1.
    """
    if unit == "celsius":
        return f"{number_in_words(number)} degrees"
    if unit == "grams":
        return {250: "a quarter of a kilo", 500: "half a kilo", 1000: "a kilo"}.get(
            number, f"{number_in_words(number)} gram{'s' if number > 1 else ''}"
        )
    hours, rest = divmod(number, 60)
    if rest and (not hours or rest not in _BEHIND):
        return _PARTS.get(number, f"{number_in_words(number)} minute{'s' if number > 1 else ''}")
    if hours == 1:
        return f"an hour{_BEHIND.get(rest, '')}"
    many = number_in_words(hours)
    return f"{many} and a half hours" if rest == 30 else f"{many} hours{_BEHIND.get(rest, '')}"


def in_words(unit: str, number: int, sentence: str) -> str:
    """The sentence with its amount in words; as it is where the amount does not stand there as digits and unit.

    Args:
        unit: "minutes", "celsius" or "grams".
        number: of it, from 1.
        sentence: what somebody said.
    """
    words = number_in_words(number) if unit == "celsius" else amount_in_words(unit, number)
    found = re.search(_IN_DIGITS[unit].format(number=number), sentence)
    if found is None:
        return sentence
    begins = not sentence[: found.start()].strip()
    return sentence[: found.start()] + (words.capitalize() if begins else words) + sentence[found.end() :]
