"""What lesson 06's checks run answers on: texts of judges, judges, and rows with ratings; each says what it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np

from prompt2data.checks.judge import Case, case
from prompt2data.i18n import N_, translated

_WHAT: dict[str, str] = {}  # the arguments of a case, written out → what it is


def _case(what: str, *arguments: Any) -> Case:
    _WHAT[repr(arguments)] = what
    return case(*arguments)


def what_is(*arguments: Any) -> str:
    return translated(_WHAT[repr(arguments)])


# -- 6.2 ----------------------------------------------------------------------------------------------------------

_MARKED = "#### Output for Text {}"


def _section(number: Any, rating: str, heading: str = _MARKED, reason: str = "Clear.") -> str:
    return f"{heading.format(number)}\n{rating}\nRationale: {reason}\n"


def _one(rating: str, heading: str = _MARKED, reason: str = "Clear, and right as far as it goes.") -> tuple[str, int]:
    return _section(1, rating, heading, reason), 1


def _random_output(seed: int) -> tuple[str, int]:
    rng, n = random.Random(seed), seed % 5 + 1
    headings = ["#### {} ", "**{}:**", "### {} ###", " # {}:", "{}"]
    lines = ["Rating: {}", "**Rating:** {}", "**Rating**: {}", "RATING: {}/5", "rating: {} (good)", "Rating: N/A", "-"]
    text = rng.choice(["", "\n", "Rating: 3\n\n"]) + "This text begins with a longer remark on all that follows.\n"
    for _text in range(rng.randint(1, 6)):
        heading = rng.choice(headings).format(rng.choice(["Output for Text {}", "output for TEXT {}"]))
        text += _section(rng.randint(0, n + 1), rng.choice(lines).format(rng.randint(0, 6)), heading)
    return text, n


_FOUR, _TWO = _section(1, "Rating: 4"), _section(2, "Rating: 2")
# what it is → (text, n)
_OUTPUTS: dict[str, list[tuple[str | None, int]]] = {
    N_("no output at all (`None`)"): [(None, 2)],
    N_("an empty output"): [("", 2), ("\n", 1)],
    N_("an output without any rating"): [("I cannot rate these.", 3)],
    N_("an output as it should be"): [(_FOUR, 1), (_FOUR + "\n" + _TWO, 2)],
    N_("a polite first line"): [("Here are my ratings.\n\n" + _FOUR, 1)],
    N_("a rating line before the first heading"): [("Rating: 5\n" + _TWO, 2)],
    N_("blank lines everywhere"): [((_FOUR + _TWO).replace("\n", "\n\n"), 2)],
    N_("a rating for the second text only"): [(_TWO, 2)],
    N_("a rating for the first text only"): [(_FOUR, 2)],
    N_("the texts in another order"): [(_TWO + _FOUR, 2)],
    N_("a text without a rating"): [(_section(1, "I like it.") + _TWO, 2)],
    N_("bold headings"): [_one("Rating: 4", "**Output for Text {}**")],
    N_("a bold rating"): [_one("**Rating:** 4"), _one("**Rating**: 4")],
    N_("a heading without marks, and a rating like 4/5"): [_one("Rating: 4/5", "Output for Text {}:")],
    N_("a rating right after the colon"): [_one("Rating:4")],
    N_("everything in lower case"): [_one("rating: 3 (good)", "### output for text {}")],
    N_("everything in capitals"): [_one("RATING: 3", "#### OUTPUT FOR TEXT {}")],
    N_("ratings out of range"): [_one(f"Rating: {value}") for value in (0, 6, 9, 10, 45, -3)],
    N_("a rating that is `N/A`"): [(_section(1, "Rating: N/A") + _TWO, 2)],
    N_("a superscript, which is no digit"): [_one("Rating: ²")],
    N_("a full-width digit"): [_one("Rating: ４"), (_section("２", "Rating: 3"), 2)],
    N_("an Arabic digit"): [_one("Rating: ٤")],
    N_("two rating lines for one text"): [_one("Rating: 4\nRating: 2")],
    N_("two equal rating lines for one text"): [_one("Rating: 4\nRating: 4")],
    N_("two rating lines for one text, one out of range"): [_one("Rating: 9\nRating: 4")],
    N_("two rating lines for one text, one without a number"): [_one("Rating: N/A\nRating: 4")],
    N_("two sections for one text"): [(_FOUR + _section(1, "Rating: 5"), 1), (_FOUR + _FOUR, 1)],
    N_("a rationale that mentions a rating"): [_one("Rating: 4", reason="First I gave Rating: 2.")],
    N_("a line that speaks of ratings, but gives none"): [
        _one("Rating scale: 1 to 5\nRating: 4"),
        _one("Gain: 2\nRating: 4"),
    ],
    N_("a rationale that mentions a heading"): [
        (_section(1, f"{said}\nRating: 4"), 2) for said in ("See Output for Text 2", "Output for Text 2 is worse.")
    ],
    N_("a heading for a text that does not exist"): [
        (_section(3, "Rating: 4") + _TWO, 2),
        (_FOUR + _section(3, "Rating: 1"), 2),
    ],
    N_("a heading for text 0"): [(_section(0, "Rating: 4"), 2)],
    N_("eleven texts"): [("".join(_section(k, f"Rating: {1 + k % 5}") for k in range(1, 12)), 11)],
    N_("an output put together at random"): [_random_output(seed) for seed in range(40)],
}
OUTPUTS = [_case(what, *output) for what in _OUTPUTS for output in _OUTPUTS[what]]

# -- 6.3 ----------------------------------------------------------------------------------------------------------


class Judge:
    """A judge that decides by a rule, and writes down what it was asked.

    Args:
        what: what it is, marked with `N_()`.
        rule: (whether the first answer is the good one, whether it is shorter, a guess) → 1, 2 or undecided.
    """

    def __init__(self, what: str, rule: Callable[[bool, bool, int | None], int | None]) -> None:
        self.what, self.rule = what, rule
        self.asked: list[tuple[Any, Any, Any]] = []

    def __call__(self, instruction: str, first: str, second: str) -> int | None:
        self.asked.append((instruction, first, second))
        guess = random.Random(repr(self.asked[-1])).choice([1, 1, 2, 2, None])
        return self.rule(str(first).startswith("Good"), len(str(first)) < len(str(second)), guess)

    def __repr__(self) -> str:
        return f"<{translated(self.what)}>"


_GUESSING = Judge(N_("a judge that guesses"), lambda good, shorter, guess: guess)
_JUDGES = (
    Judge(N_("a judge that is always right"), lambda good, *_more: 1 if good else 2),
    Judge(N_("a judge that is always wrong"), lambda good, *_more: 2 if good else 1),
    Judge(N_("a judge that always takes the first place"), lambda *_any: 1),
    Judge(N_("a judge that always takes the second place"), lambda *_any: 2),
    Judge(N_("a judge that never decides"), lambda *_any: None),
    Judge(N_("a judge that decides only when the good answer stands first"), lambda good, *_more: 1 if good else None),
    Judge(N_("a judge that takes the shorter answer"), lambda good, shorter, guess: 1 if shorter else 2),
    _GUESSING,
)


def _pair(number: int, damage: str) -> dict[str, str]:
    bad = f"Bad answer {number}" + (", and a good many words more" if number % 2 == 0 else "")
    return {"instruction": f"Question {number // 2}", "good": f"Good answer {number}", "bad": bad, "damage": damage}


EXAMS = [
    case([], _GUESSING),
    *(case([_pair(2, "swapped")], judge) for judge in _JUDGES),
    *(case([_pair(n, "truncated" if n % 3 else "wrong") for n in range(12)], judge) for judge in _JUDGES),
    *(case([_pair(n * n % 23, "abc塩"[n % kinds]) for n in range(20)], _GUESSING) for kinds in (1, 2, 3, 4)),
]


def _row(answers: Any, ratings: Any, instruction: str | None = "Why salt?") -> dict[str, Any]:
    return {"instruction": instruction, "generations": answers, "ratings": ratings}


def _random_row(seed: int) -> tuple[Any, ...]:
    rng = random.Random(seed)
    words = [rng.choice([word, f" {word}\n", rng.choice(["", None, word])]) for word in "abcde"[: rng.randint(1, 5)]]
    ratings = [rng.choice([None, nan, -1, 0, 1, 1.5, 2, 3.25, 4, 5]) for _word in words]
    return (
        words,
        ratings,
        rng.choice([0.5, 1, 2, 3]),
        "A question that is longer than those above, for a row like many others?",
    )


def _three_rows(seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    rows = [_row(["a", "b"], rng.sample(range(5), 2), f"Question {number}") for number in rng.sample(range(9), 2)]
    return rng.sample([*rows, _row(["c", "d"], [3, 3])], 3)


_PAIR, _THREE = ["Taste.", "No idea."], ["Taste.", "No idea.", "Yeast."]
# what it is → (answers, ratings, margin, instruction)
_RATED: dict[str, list[tuple[Any, ...]]] = {
    N_("two answers, far apart"): [(_PAIR, [4, 2])],
    N_("three answers"): [(["No idea.", "Taste.", "Yeast."], [1.5, 4.0, 3.0])],
    N_("ratings below zero"): [(_PAIR, [-1.0, -2.5])],
    N_("a rating of 0, exactly one margin away"): [(_PAIR, [0, 1]), (_PAIR, [0, -1])],
    N_("ratings exactly one margin apart"): [(_PAIR, [3.5, 3], 0.5), (_PAIR, [2, 4], 2)],
    N_("ratings closer than the margin"): [(_PAIR, [3.4, 3.0], 0.5), (_PAIR, [4, 2.5], 2)],
    N_("a small distance, with a margin of 0"): [(_PAIR, [3.25, 3], 0)],
    N_("a tie"): [(_PAIR, [3, 3])],
    N_("a tie, with a margin of 0"): [(_PAIR, [3, 3], 0)],
    N_("two answers that share the best rating"): [(_THREE, [4, 4, 1])],
    N_("two answers that share the worst rating"): [(_THREE, [1, 4, 1])],
    N_("a rating that is None"): [(_PAIR, [4, None]), (_PAIR, [None, None])],
    N_("three answers, one of them without a rating"): [(_THREE, [4, None, 1])],
    N_("a rating that is NaN, in the first place"): [(_THREE, [nan, 4, 1])],
    N_("two answers, one of them rated NaN"): [(_PAIR, [nan, 1])],
    N_("a rating that is infinite"): [(_THREE, [2, inf, 4]), (_THREE, [2, -inf, 4])],
    N_("ratings that are numbers of numpy"): [(_THREE, [np.float64(4), np.nan, np.float64(2)])],
    N_("an empty answer with the best rating"): [(["", *_PAIR], [5, 4, 2])],
    N_("an answer that is None"): [([*_PAIR, None], [4, 2, 1])],
    N_("an answer of nothing but spaces"): [(["Taste.", " \n"], [4, 1])],
    N_("two ratings for the same words"): [
        (["Taste.", "Taste. "], [4, 1]),
        ([" Taste.", "Taste."], [4, 1]),
        (["Taste.", "Yeast.", "Taste. "], [4, 3, 1]),
    ],
    N_("three answers, the worse two the same"): [(["Taste.", "Yeast.", "Yeast. "], [4, 2, 1])],
    N_("three answers and two ratings"): [(_THREE, [4, 1])],
    N_("more ratings than answers"): [(_PAIR, [4, 1, 5])],
    N_("an empty instruction"): [(_PAIR, [4, 1], 1, ""), (_PAIR, [4, 1], 1, "  ")],
    N_("an instruction that is None"): [(_PAIR, [4, 1], 1, None)],
    N_("an answer of two paragraphs"): [(["Taste.\n\nAnd  more.", "No idea."], [4, 2])],
    N_("a single answer"): [(["Taste."], [5])],
    N_("no answers at all"): [([], [])],
    N_("a row put together at random"): [_random_row(seed) for seed in range(30)],
}

_UNFIT = [
    _row(_PAIR, [None, nan]),
    _row(_THREE, [4, 1]),
    _row(_PAIR, [4, 1], None),
    _row(["Taste."], [5]),
    _row(["Taste.", "Taste."], [4, 1]),
]


def _rated(what: str, answers: Any, ratings: Any, margin: float = 1, instruction: str | None = "Why salt?") -> Case:
    return _case(what, [_row(answers, ratings, instruction)], margin)


RATED = [
    _case(N_("no rows"), [], 1),
    *(_rated(what, *rated) for what in _RATED for rated in _RATED[what]),
    *(_case(N_("three rows, one of them a tie"), _three_rows(seed), 1) for seed in range(6)),
    *(_case(N_("a row put together at random"), [unfit, _row(_PAIR, [4, 1], "Why?")], 1) for unfit in _UNFIT),
]
