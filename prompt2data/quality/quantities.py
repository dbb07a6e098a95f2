"""Amounts in an English sentence, in digits or in words: "half an hour", "220 °C", "a kilo and a half", "ninety".

Libraries that read number words (`text2num`, `word2number`) know no halves, quarters or units, which is most of what
a kitchen says.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from prompt2data.quality.vocabulary import lowered

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[½¼¾]|[^\W\d_]+(?:'[^\W\d_]+)*|\S")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+|\d+(?:\.\d+)?")
_LONGEST = 9  # digits of a number; a longer one is said by nobody, and read as 0, which no call holds

_ONES = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
_TEENS = dict(
    zip(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
        range(10, 20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_PARTS = {"half": Fraction(1, 2), "quarter": Fraction(1, 4), "quarters": Fraction(1, 4), "third": Fraction(1, 3)}
_PARTS |= {"thirds": Fraction(1, 3), "halves": Fraction(1, 2)}
_BEFORE_PARTS = {"a", "one", "two", "three", "-", *_PARTS}
_SIGNS = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}

# What a unit counts, and how many of it.
_UNITS: dict[str, tuple[str, Fraction]] = {
    name: (kind, Fraction(size))
    for kind, size, names in (
        ("minutes", "1", "minute minutes min mins"),
        ("minutes", "60", "hour hours hr hrs h"),
        ("minutes", "1/60", "second seconds sec secs s"),
        ("minutes", "1440", "day days"),
        ("grams", "1", "gram grams gramme grammes g gr"),
        ("grams", "1000", "kilo kilos kg kilogram kilograms kilogramme kilogrammes"),
        ("grams", "1/1000", "mg milligram milligrams"),
        ("grams", "453.59237", "pound pounds lb lbs"),
        ("grams", "28.349523", "ounce ounces oz"),
        ("celsius", "1", "degrees degree deg celsius centigrade c °"),
        ("fahrenheit", "1", "fahrenheit f"),
        ("volume", "1", "cup cups ml millilitre millilitres milliliter milliliters litre litres liter liters"),
        ("volume", "1", "tablespoon tablespoons teaspoon teaspoons tbsp tsp spoon spoons pint pints"),
        ("percent", "1", "% percent"),
    )
    for name in names.split()
}
_LETTERS = {"h", "s", "g", "c", "f", "gr", "deg"}  # units only after a number in digits
_FAHRENHEIT, _CELSIUS = {"f", "fahrenheit"}, {"c", "celsius", "centigrade"}
_BETWEEN = {"more", "full", "whole", "good", "-", "extra", "straight"}  # "20 more minutes", "a 20-minute timer"
_MOMENTS = {"minute", "second", "sec", "degree", "day"}  # "wait a minute" counts nothing


@dataclass(frozen=True)
class Quantity:
    """An amount as it stands in a sentence."""

    kind: str  # "minutes", "celsius", "grams"; "volume", "percent"; "" for a number without a unit
    value: Fraction  # in minutes, degrees Celsius, grams
    said: Fraction  # the number in front of the unit: 45 in "45 seconds"
    start: int  # first character of the sentence as `plainly` gives it
    end: int  # behind the last character


def plainly(sentence: str) -> str:
    """A sentence in lower case, with straight apostrophes, plain hyphens and single spaces."""
    text = lowered(sentence).replace("º", "°").replace("˚", "°").replace("‐", "-").replace("‑", "-")
    return " ".join(re.sub(r" -{1,9} |[–—]", " , ", " ".join(text.split())).split())


def quantities(text: str) -> list[Quantity]:
    """Every amount in a text that `plainly` gave, in order; "one" and "half" alone, and "a minute", are none."""
    tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
    names = [token for token, _start, _end in tokens]
    found: list[Quantity] = []
    place = 0
    while place < len(names):
        amount = _amount(names, place)
        if amount is None:
            place += 1
            continue
        kind, value, said, after = amount
        if kind == "minutes" and (rest := _smaller(names, after)) and said != 0:  # "an hour and 20 minutes"
            kind, value, after = kind, value + rest[0], rest[1]
            said = value
        alone = names[place] if after == place + 1 else ""
        if kind or (alone != "one" and not any(part in _PARTS for part in names[place:after])):
            found.append(Quantity(kind, value, said, tokens[place][1], tokens[after - 1][2]))
        place = after
    return found


def _amount(names: Sequence[str], place: int) -> tuple[str, Fraction, Fraction, int] | None:
    """(kind, value, number as said, place behind it) of the amount that begins at `place`."""
    number = _number(names, place)
    after = place
    if number is not None:
        said, after = number
        in_digits = names[after - 1][0].isdigit() or names[after - 1] in _SIGNS
        while after < len(names) - 1 and names[after] in _BETWEEN:
            after += 1
    elif names[place] in ("a", "an") and place + 1 < len(names) and names[place + 1] not in _MOMENTS:
        said, after, in_digits = Fraction(1), place + 1, False
    else:
        return None
    unit = names[after] if after < len(names) else ""
    if unit == "°" and not in_digits or unit in _LETTERS and not in_digits:
        unit = ""
    if unit not in _UNITS:
        # Back over "20 more", which counts without a unit, and over "a", which does not.
        return None if number is None else ("", said, said, number[1])
    kind, size = _UNITS[unit]
    after += 1
    if kind == "celsius":
        if after < len(names) and names[after] in _FAHRENHEIT:
            kind, after = "fahrenheit", after + 1
        elif after < len(names) and names[after] in _CELSIUS:
            after += 1
    part = _part_behind(names, after)  # "an hour and a half"
    if part is not None:
        said, after = said + part[0], part[1]
    if kind == "fahrenheit":
        return "celsius", Fraction(round((said - 32) * 5 / 9)), said, after
    return kind, said * size, said, after


def _smaller(names: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    """What minutes follow hours, and the place behind them."""
    if names[place - 1] not in _UNITS or _UNITS[names[place - 1]][1] != 60:
        return None
    while place < len(names) and names[place] in ("and", ","):
        place += 1
    if place < len(names) and (amount := _amount(names, place)):
        kind, value, _said, after = amount
        if kind == "minutes" and value < 60:
            return value, after
    return None


def _part_behind(names: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    """The fraction in "and a half", "and three quarters" at `place`, which no unit follows, and the place behind."""
    if names[place : place + 1] != ["and"]:
        return None
    part = _part(names, place + 1)
    if part is None or part[1] < len(names) and names[part[1]] in {*_UNITS, "an"}:
        return None
    return part


def _part(names: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    """The fraction that begins at `place`: "half", "a quarter", "three quarters"."""
    if place >= len(names) or names[place] not in _BEFORE_PARTS:
        return None
    count = Fraction(1)
    if names[place] in ("a", "one"):
        place += 1
    elif names[place] in ("two", "three"):
        count, place = Fraction(_ONES[names[place]]), place + 1
    if place > 0 and names[place : place + 1] == ["-"]:
        place += 1
    if place < len(names) and names[place] in _PARTS:
        return count * _PARTS[names[place]], place + 1
    return None


def _number(names: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    """The number that begins at `place`, and the place behind it, with "of a" if a unit can follow."""
    if part := _part(names, place):
        value, after = part
        for word in ("of", "a", "an", "-"):  # "half an hour", "quarter of an hour", "half-hour"
            if names[after : after + 1] == [word]:
                after += 1
        unit_follows = after < len(names) and names[after] in _UNITS and names[after] not in _LETTERS
        return value, after if unit_follows else part[1]
    digits = _digits(names, place)
    number = digits or _in_words(names, place)
    if number is None:
        return None
    value, after = number
    if names[after : after + 1] == ["and"] and (part := _part(names, after + 1)):  # "two and a half hours"
        if part[1] < len(names) and (names[part[1]] in _UNITS or names[part[1]] == "-"):
            return value + part[0], part[1]
    return value, after


def _digits(names: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    name = names[place]
    if name in _SIGNS:
        return _SIGNS[name], place + 1
    if not name[0].isdigit():
        return None
    value, after = _value(name), place + 1
    if after < len(names) and names[after] in _SIGNS:
        return value + _SIGNS[names[after]], after + 1
    if names[after : after + 1] == ["/"] and names[after + 1 : after + 2] in (["2"], ["3"], ["4"], ["8"]):
        return value / int(names[after + 1]), after + 2
    if names[after + 1 : after + 2] == ["/"] and re.fullmatch("[123] / [248]", " ".join(names[after : after + 3])):
        return value + Fraction(int(names[after]), int(names[after + 2])), after + 3  # "1 1/2 hours"
    return value, after


@functools.lru_cache(1024)
def _value(digits: str) -> Fraction:
    readable = _THOUSANDS.fullmatch(digits) is not None and len(digits) <= _LONGEST and digits.isascii()
    return Fraction(digits.replace(",", "")) if readable else Fraction(0)


def _in_words(names: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    """A number up to 99,999 in words: "ninety", "two hundred and fifty", "a hundred", "one eighty"."""
    below = _below_hundred(names, place)
    if below is None and names[place] == "a" and names[place + 1 : place + 2] in (["hundred"], ["thousand"]):
        below = 1, place + 1
    if below is None:
        return None
    value, after = below
    behind = after + 1 if names[after : after + 1] == ["-"] else after
    if value < 10 and (rest := _below_hundred(names, behind)) and rest[0] >= 10:
        return Fraction(100 * value + rest[0]), rest[1]  # "one eighty", "two-thirty"
    for name, size in (("thousand", 1000), ("hundred", 100)):
        if names[after : after + 1] != [name]:
            continue
        value, after = value * size, after + 1
        behind = after + 1 if names[after : after + 1] == ["and"] else after
        if (rest := _below_hundred(names, behind)) is None:
            break
        if size == 1000 and names[rest[1] : rest[1] + 1] == ["hundred"]:
            value, after = value + 100 * rest[0], rest[1] + 1
            behind = after + 1 if names[after : after + 1] == ["and"] else after
            if (rest := _below_hundred(names, behind)) is None:
                break
        value, after = value + rest[0], rest[1]
        break
    return Fraction(value), after


def _below_hundred(names: Sequence[str], place: int) -> tuple[int, int] | None:
    name = names[place] if place < len(names) else ""
    if name in _TENS:
        behind = place + 2 if names[place + 1 : place + 2] == ["-"] else place + 1
        if behind < len(names) and names[behind] in _ONES:
            return _TENS[name] + _ONES[names[behind]], behind + 1
        return _TENS[name], place + 1
    value = _ONES.get(name) or _TEENS.get(name)
    return None if value is None else (value, place + 1)
