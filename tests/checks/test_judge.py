"""How an answer is judged against a reference, and that a card tells what is wrong so that it can be seen."""

from __future__ import annotations

import random
import re
from collections import Counter, OrderedDict, UserDict
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from prompt2data.checks import core
from prompt2data.checks.core import Wrong, call, exercise, number, records, truth
from prompt2data.checks.diff import compare, contrasted
from prompt2data.checks.forms import content, same
from prompt2data.checks.judge import Properties, Task, case

# -- mistakes -----------------------------------------------------------------------------------------------------


def longest(words: list[str], least: int = 0) -> list[str]:
    """The words of the greatest length, and of at least that many letters."""
    if least < 0:
        raise ValueError(least)
    most = max([len(word) for word in words] + [least])
    return [word for word in words if len(word) == most]


SHORT, EMPTY, TIES = "These are the shortest.", "No words have no longest.", "There may be several."
LONGEST = Task(
    longest,
    (
        case([], says=EMPTY),
        case(["a", "b"], says=TIES),
        case(["a"], least=-1, says="{least} is too little, and no ValueError was raised.", values={"least": -1}),
        case(["a"], least=2, says="`least` counts."),
        case(["salt", "rye"]),
        case(["oven", "a", "salt", "rye", "salt"]),
        case(["muối", "塩"], least=3),
    ),
    "These are not the longest words.",
    {SHORT: lambda words, least=0: [word for word in words if len(word) == min(map(len, words))]},
    unchanged="It changed the list.",
    order="The order changed.",
    hints={"It changed the list.": "Make a new one.", SHORT: "The other end."},
)


@exercise()
def judged(answer):
    """A check of the task above."""
    LONGEST.judge(answer)


def empties(words, least=0):
    found = longest(words, least)
    words.clear()
    return found


def remembers(words, least=0, found=[]):  # noqa: B006
    found += longest(words, least)
    return list(found)


def tires(words, least=0, calls=Counter()):  # noqa: B006
    calls["all"] += 1
    return longest(words, least) if calls["all"] <= len(LONGEST.cases) else []


def first_of(words, least=0):
    return longest(words, least)[:1]


def crashes_on_nothing(words, least=0):
    found = longest(words, least)
    return found if words else found[0]


def ignores_least(words, least=0):
    return longest(words)


def shortest_that_crashes(words, least=0):
    least = min(len(word) for word in words)
    return [word for word in words if len(word) == least]


def another_error(words, least=0):
    if least < 0:
        raise KeyError(least)
    return longest(words, least)


class TooLittle(ValueError):
    """An error of the learner's own."""


def an_error_of_its_own(words, least=0):
    if least < 0:
        raise TooLittle
    return longest(words, least)


def test_each_answer_is_told_its_own_mistake(assert_each_named):
    assert_each_named(
        judged,
        right=[
            longest,
            an_error_of_its_own,
            lambda *args, **kwargs: tuple(longest(*args, **kwargs)),
            lambda *args, **kwargs: iter(longest(*args, **kwargs)),
            lambda *args, **kwargs: pd.Series(longest(*args, **kwargs), dtype=object),
        ],
        wrong=[
            (LONGEST.mistakes[SHORT], SHORT),
            (shortest_that_crashes, SHORT),
            (lambda words, least=0: longest(words, max(least, 0)), "-1 is too little"),
            (another_error, "-1 is too little"),
            (lambda words, least=0: longest(words, least)[::-1], "The order changed"),
            (first_of, TIES),
            (lambda words, least=0: longest(words, least) or [""], EMPTY),
            (ignores_least, "`least` counts"),
            (lambda words, least=0: longest(words, min(least, 0)), "`least` counts"),
            (lambda words, least=0: [7], "not the longest words"),
            (lambda words, least=0: None if words else [], "not the longest words"),
            (crashes_on_nothing, "raised IndexError"),
            (empties, "It changed the list"),
            (remembers, "what does it remember"),
            (tires, "what does it remember"),
        ],
    )  # fmt: skip


def test_the_smallest_input_is_shown(card):
    text = card(judged, lambda words, least=0: [7])
    assert "called like this: <lambda>([])" in text and "your answer: [7]" in text
    assert "called like this: first_of(['a', 'b'])" in card(judged, first_of)


def test_an_answer_that_is_wrong_everywhere_is_not_told_what_one_case_is_about(card):
    assert not card(judged, lambda words, least=0: [7]).startswith(f"✘ {TIES}")


def test_a_mistake_has_its_hint(card):
    assert "hint: The other end." in card(judged, shortest_that_crashes)
    assert "hint: Make a new one." in card(judged, empties)


def drawn(words, seed):
    return random.Random(seed).choice(words)


def played(function, words, seed):
    found = call(function, words, seed)
    return Properties(known=found in words, again=call(function, words, seed) == found, found=[found in words])


PROPERTIES = Task(
    drawn,
    (case(["a", "b"], seed=1), case(["c", "d", "e"], seed=2), case(["f"] * 9 + ["g"], seed=3)),
    {"known": "It is not one of the words.", "again": "The same seed gave another word.", "found": "Never said."},
    play=played,
)


@pytest.mark.parametrize(
    "answer, told",
    [
        (drawn, "✔ Passed."),
        (lambda words, seed: words[-1], "✔ Passed."),
        (lambda words, seed: "z", "✘ It is not one of the words."),
        (lambda words, seed, calls=Counter(): calls.update("x") or words[calls["x"] % 2], "✘ The same seed gave"),
        (lambda words, seed: 1 / 0, "✘ <lambda> raised ZeroDivisionError"),
    ],
)
def test_where_many_results_are_right_their_properties_are_told(card, answer, told):
    @exercise()
    def plays(answer):
        PROPERTIES.judge(answer)

    text = card(plays, answer)
    assert text.startswith(told) and "True" not in text, "whether a property holds is no value to show"


# -- forms --------------------------------------------------------------------------------------------------------

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def dataset(rows):
    from datasets import Dataset

    return Dataset.from_list(rows)


@pytest.mark.parametrize(
    "form",
    [
        list, tuple, iter, dataset, pd.DataFrame, lambda rows: (row for row in rows), lambda rows: map(dict, rows),
        lambda rows: dict(enumerate(rows)).values(), lambda rows: np.array(rows, dtype=object),
        lambda rows: pd.Series(rows), lambda rows: [OrderedDict(row) for row in rows],
        lambda rows: [UserDict(row) for row in rows], lambda rows: [MappingProxyType(row) for row in rows],
        lambda rows: pd.DataFrame(rows).sort_index(ascending=False)[::-1],
        lambda rows: [{key: np.array(value)[()] for key, value in row.items()} for row in rows],
    ],
)  # fmt: skip
def test_rows_are_rows_in_any_form(form):
    assert records(form(ROWS), columns=("a", "b")) == ROWS
    assert records(form(ROWS[:1])) == ROWS[:1]


@pytest.mark.parametrize(
    "value, expected",
    [
        (np.float64(0.5), 0.5), (np.float32(0.5), 0.5), (np.int64(3), 3), (np.array(3), 3), (Fraction(1, 2), 0.5),
        (Decimal("0.5"), 0.5), (pd.Series([1, 2]).sum(), 3),
    ],
)  # fmt: skip
def test_numbers_are_numbers_in_any_form(value, expected):
    assert number(value) == expected and type(number(value)) in (int, float)


@pytest.mark.parametrize("value", [True, np.bool_(True), "1", None, [1], np.array([1, 2])])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(Wrong):
        number(value)


@pytest.mark.parametrize("value, expected", [(np.bool_(False), False), ([0], True), ("", False), (np.array(1), True)])
def test_truth_is_taken_from_anything(value, expected):
    assert truth(value) is expected


def test_what_pandas_lacks_is_none():
    table = pd.DataFrame({"n": [1, None], "t": ["x", None], "d": [pd.Timestamp(0), pd.NaT]})
    assert [row["n"] for row in content(table)] == [1, None] and content(table["t"]) == ["x", None]
    assert content(table)[1] == {"n": None, "t": None, "d": None}


def test_keys_that_are_no_texts_stay_keys():
    assert content(Counter([("a", "b"), ("a", "b")])) == {("a", "b"): 2}
    assert content({np.int64(1): np.str_("x"), frozenset("a"): 1}) == {1: "x", frozenset("a"): 1}


@pytest.mark.parametrize(
    "one, other, alike",
    [
        (1, 1.0, True), (1, True, False), (0, False, False), (0.1 + 0.2, 0.3, True), (np.float32(1 / 3), 1 / 3, True),
        (0.333, 1 / 3, False), (float("nan"), float("nan"), True), (float("nan"), 0.0, False), (10**400, 1.0, False),
        (10**400, 10**400, True), (1, "1", False), ([1, 2], (1, 2), True), ([1, 2], [2, 1], False), ({}, [], False),
        ({"a": 1}, {"a": True}, False), ({"a": 1}, {"a": 1, "b": 2}, False), (None, "", False), ({1}, {1}, True),
        (pd.DataFrame(ROWS), pd.DataFrame(ROWS), True), (pd.DataFrame(ROWS), pd.DataFrame(ROWS[:1]), False),
        (np.array([1, 2]), np.array([1, 3]), False), (float("inf"), 1e308, False),
    ],
)  # fmt: skip
def test_content_is_what_counts(one, other, alike):
    assert same(content(one), content(other)) is alike and same(one, other) is alike


# -- expected and actual ------------------------------------------------------------------------------------------


class Text(str):
    def __eq__(self, other):
        return False

    __hash__ = str.__hash__


class Same:
    def __repr__(self):
        return "same"


class Other(Same):
    pass


class Lines:
    def __init__(self, end):
        self.end = end

    def __repr__(self):
        return "a line\n" * 200 + self.end


LONG = "word " * 400
PAIRS = [
    (1, True),
    ("1", 1),
    (None, "None"),
    ("a", Text("a")),
    (Same(), Other()),
    (Lines("x"), Lines("y")),
    (float("nan"), "nan"),
    (0.1 + 0.2, 0.3),
    (1 / 3, 0.3333333333333),
    ("salt", "salt "),
    ("a b", "a\u00a0b"),
    ("salt", "sa\u200blt"),
    ("salt", "sa\u00adlt"),
    ("salt", "salt\ufe0f"),
    ("salt", "sa\u034flt"),
    ("salt", "salt\u3164"),
    ("caf\u00e9", "cafe\u0301"),
    ("mu\u1ed1i", "muo\u0302\u0301i"),
    ("salt", "ｓalt"),
    ([1, 2, 3], (1, 2, 3)),
    (LONG + "x", LONG + "y"),
    (LONG + "x" + LONG, LONG + "y" + LONG),
    (LONG, LONG + " "),
    (LONG + "e\u0301", LONG + "\u00e9"),
    (list(range(2000)), [*range(1999), 0]),
    (list(range(2000)), list(range(1999))),
    ({"text": LONG, "n": 1}, {"text": LONG, "n": 2}),
    (["salt"] * 300, ["salt"] * 299 + ["Salt"]),
]


@pytest.mark.parametrize("expected, actual", [*PAIRS, *((b, a) for a, b in PAIRS)])
def test_expected_and_actual_never_look_the_same(expected, actual):
    card = core._wrong_card(Wrong("No.", expected=expected, actual=actual), (), 0)
    lines = [value if isinstance(value, str) else "".join(text for text, _ in value.parts) for _, value in card.lines]
    assert len(lines) == 2 and len(set(map(_looks, lines))) == 2
    assert all(len(line) < 1_000 for line in lines)
    assert len(re.findall(r"(?m)^(?:expected|your answer): ", repr(card))) == 2


def _looks(text):
    import unicodedata

    text = unicodedata.normalize("NFKC", text)
    return "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf") and c not in "\u3164\u1160")


def test_what_differs_in_nothing_that_shows_is_shown_once():
    card = core._wrong_card(Wrong("No.", expected=Same(), actual=Same()), (), 0)
    assert [label for label, _ in card.lines] == ["your answer"]


def test_what_looks_different_is_left_as_it_is():
    assert contrasted("caf\u00e9", "tea") == ("'caf\u00e9'", "'tea'")
    assert compare("caf\u00e9 noir", "caf\u00e9 blanc") is not None
