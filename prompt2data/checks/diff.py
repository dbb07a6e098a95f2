"""Find where two values differ, so that a card can mark it: words of texts, items of lists, tuples and dictionaries.

The values may be a learner's: whatever their `repr` says or does, the result is text that is fit to be shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any

from prompt2data.untrusted import safe_repr, visible

Part = tuple[str, bool]  # a piece of a value's text, and whether the other value lacks it
Step = tuple[str, int, int, int, int]  # as `SequenceMatcher.get_opcodes` gives it

LONGEST = 1_500  # characters of a value that is still compared
_SHOWN = 400  # characters of a value; a longer one loses what lies far from any difference
_AROUND = 40  # characters kept on either side of an omission
_WORK = 30_000_000  # comparisons allowed, about a second's: a text of dots and commas needs many times that
_DEEPEST = 6  # levels of nested lists that are compared item by item
_BLANK = "\u115f\u1160\u3164\uffa0"  # letters that show nothing
_ALIKE = 0.3  # share of common letters above which marking words helps more than it confuses

# An escape as `repr` writes it, a character of a script without spaces, a word, a run of spaces, anything else.
_TOKEN = re.compile(
    r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)"
    r"|[\u2e80-\u9fff\uf900-\ufaff]|[^\W\u2e80-\u9fff\uf900-\ufaff]+|\s+|."
)


def contrasted(expected: Any, actual: Any) -> tuple[str, str]:
    """The `repr` of both values, fit to be shown, cut and written so that they do not look the same, if that can be."""
    texts = [safe_repr(expected), safe_repr(actual)]
    if texts[0] == texts[1] and type(expected) is not type(actual):
        texts = [f"{text} ({type(value).__qualname__})" for text, value in zip(texts, (expected, actual), strict=True)]
    if _seen(texts[0]) == _seen(texts[1]):
        texts = [text.encode("ascii", "backslashreplace").decode() for text in texts]
    start = _alike_from_start(*texts)
    start = start - _AROUND if start > _SHOWN - _AROUND and texts[0] != texts[1] else 0
    first, second = (
        ("… " if start else "") + visible(text[start : start + _SHOWN]) + (" …" if text[start + _SHOWN :] else "")
        for text in texts
    )
    return first, second


def _seen(text: str) -> str:
    """A text as a reader sees it: without what takes no room, and without the ways to write a letter."""
    text = unicodedata.normalize("NFKC", visible(text, len(text)))
    return "".join(sign for sign in text if unicodedata.category(sign) not in ("Mn", "Me", "Cf") and sign not in _BLANK)


def compare(expected: Any, actual: Any) -> tuple[list[Part], list[Part]] | None:
    """The `repr` of both values in parts, or `None` where marks would not help.

    That is when both are the same, have nothing in common, or one is longer than `LONGEST` or has several lines.
    """
    texts = safe_repr(expected), safe_repr(actual)
    if _seen(texts[0]) == _seen(texts[1]) or any(len(text) > LONGEST or "\n" in text for text in texts):
        return None
    left, right = map(_merged, _pair(expected, actual, 0))
    # The parts of a value whose `repr` changes with every call do not add up to it.
    if (_text(left), _text(right)) != tuple(map(visible, texts)):
        return None
    common = any(character.isalnum() for text, differs in left if not differs for character in text)
    if not common or not any(differs for _piece, differs in left + right):
        return None
    left, right = _shortened(left), _shortened(right)
    return None if max(len(_text(left)), len(_text(right))) > 2 * _SHOWN else (left, right)


def _pair(expected: Any, actual: Any, depth: int) -> tuple[list[Part], list[Part]]:
    kind = type(expected)
    if kind is type(actual) and depth < _DEEPEST:
        if kind is str:
            return _words(expected, actual)
        if kind in (list, tuple):
            return _sequences(list(expected), list(actual), kind, depth + 1)
        if kind is dict:
            return _mappings(dict(expected), dict(actual), depth + 1)
    texts = visible(safe_repr(expected)), visible(safe_repr(actual))
    return [(texts[0], texts[0] != texts[1])], [(texts[1], texts[0] != texts[1])]


def _words(expected: str, actual: str) -> tuple[list[Part], list[Part]]:
    texts = [visible(safe_repr(text)) for text in (expected, actual)]
    a, b = (_TOKEN.findall(text[1:-1]) for text in texts)
    # Which quotes `repr` escapes does not matter.
    steps = _steps(*([word[1:] if word in ("\\'", '\\"') else word for word in words] for words in (a, b)))
    same = sum(len(word) for step, i, j, _k, _m in steps if step == "equal" for word in a[i:j] if not word.isspace())
    alike = same >= _ALIKE * max(len("".join(words)) for words in (a, b))
    left, right = [(texts[0][:1], False)], [(texts[1][:1], False)]
    for index, (step, i, j, k, m) in enumerate(steps):
        piece = "".join(a[i:j])
        # A space between two words that differ is marked with them.
        between = piece.isspace() and 0 < index < len(steps) - 1
        differs = not alike or step != "equal" or between
        left.append((piece, differs))
        right.append(("".join(b[k:m]), differs))
    return [*left, (texts[0][-1:], False)], [*right, (texts[1][-1:], False)]


def _sequences(expected: list, actual: list, kind: type, depth: int) -> tuple[list[Part], list[Part]]:
    texts = [[safe_repr(item) for item in items] for items in (expected, actual)]
    left, right = [], []
    for step, i, j, k, m in _steps(*texts):
        if step == "replace":
            shared = min(j - i, m - k)
            for n in range(shared):
                parts = _pair(expected[i + n], actual[k + n], depth)
                left.append(parts[0])
                right.append(parts[1])
            i, k = i + shared, k + shared
        left += [[(visible(text), step != "equal")] for text in texts[0][i:j]]
        right += [[(visible(text), step != "equal")] for text in texts[1][k:m]]
    return _joined(left, kind), _joined(right, kind)


def _mappings(expected: dict, actual: dict, depth: int) -> tuple[list[Part], list[Part]]:
    a, b = ({visible(safe_repr(key)): value for key, value in items.items()} for items in (expected, actual))
    pairs = {key: _pair(a[key], b[key], depth) for key in a if key in b}

    def side(items: dict[str, Any], number: int) -> list[Part]:
        parts = [
            [(f"{key}: ", False), *pairs[key][number]]
            if key in pairs
            else [(f"{key}: {visible(safe_repr(value))}", True)]
            for key, value in items.items()
        ]
        return _joined(parts, dict)

    return side(a, 0), side(b, 1)


def _steps(a: Sequence[str], b: Sequence[str]) -> list[Step]:
    """The steps that turn `a` into `b`; a single one where finding them would take too long."""
    start = _alike_from_start(a, b)
    end = _alike_from_start(a[start:][::-1], b[start:][::-1])
    inner = a[start : len(a) - end], b[start : len(b) - end]
    counts = [Counter(items) for items in inner]
    work = sum(times * counts[1][item] for item, times in counts[0].items()) * min(map(len, inner))
    steps: list[Step] = [("replace", 0, len(inner[0]), 0, len(inner[1]))]
    if work <= _WORK:
        steps = list(SequenceMatcher(None, *inner, autojunk=False).get_opcodes())
    steps = [(step, i + start, j + start, k + start, m + start) for step, i, j, k, m in steps]
    before: list[Step] = [("equal", 0, start, 0, start)] if start else []
    after: list[Step] = [("equal", len(a) - end, len(a), len(b) - end, len(b))] if end else []
    return [*before, *steps, *after]


def _alike_from_start(a: Sequence[str], b: Sequence[str]) -> int:
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _joined(items: Sequence[Sequence[Part]], kind: type) -> list[Part]:
    """The parts of the items as one list, with the brackets and commas that `repr` writes for this class."""
    opening, closing = list(repr(kind()))
    parts = [part for item in items for part in [(", ", False), *item]][1:]
    return [(opening, False), *parts, (",)" if kind is tuple and len(items) == 1 else closing, False)]


def _text(parts: Iterable[Part]) -> str:
    return "".join(text for text, _differs in parts)


def _merged(parts: Iterable[Part]) -> list[Part]:
    """The parts without empty ones, and with neighbours of a kind joined."""
    runs = groupby((part for part in parts if part[0]), key=itemgetter(1))
    return [(_text(run), differs) for differs, run in runs]


def _shortened(parts: list[Part]) -> list[Part]:
    """The parts of a long value, with long stretches that do not differ abridged."""
    if len(_text(parts)) <= _SHOWN:
        return parts
    return [
        (f"{text[:_AROUND]} … {text[-_AROUND:]}", False)
        if not differs and len(text) > 2 * _AROUND + 3
        else (text, differs)
        for text, differs in parts
    ]
