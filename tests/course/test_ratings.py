"""Ratings out of dirty texts: the right ones or None, and never a shifted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt2data.ratings import parse_ratings

ONE = "#### Output for Text 1\nRating: 4\nRationale: Correct."
TWO = "#### Output for Text 2\nRating: 2\nRationale: Wrong."
CLEAN = f"{ONE}\n\n{TWO}"


def rated(rating: str, heading: str = "#### Output for Text 1") -> str:
    return f"{heading}\n{rating}\nRationale: Fine.\n\n{TWO}"


DIRTY = {
    "clean": (CLEAN, [4, 2]),
    "preamble": (f"Sure! Here are my ratings.\n\n{CLEAN}", [4, 2]),
    "preamble without a blank line": (f"Sure!\n{CLEAN}", [4, 2]),
    "rating in the preamble": (f"Rating: 5 is the best.\n\n{CLEAN}", [4, 2]),
    "afterword": (f"{CLEAN}\n\nI hope this helps. Text 1 is better.", [4, 2]),
    "blank lines below headings": (CLEAN.replace("\nRating", "\n\nRating"), [4, 2]),
    "blank lines everywhere": (CLEAN.replace("\n", "\n\n"), [4, 2]),
    "no blank lines": (CLEAN.replace("\n\n", "\n"), [4, 2]),
    "Windows line ends": (CLEAN.replace("\n", "\r\n"), [4, 2]),
    "bold rating": (rated("**Rating:** 4"), [4, 2]),
    "bold label and number": (rated("**Rating**: **4**"), [4, 2]),
    "bold heading": (rated("Rating: 4", "**Output for Text 1**"), [4, 2]),
    "heading with a colon": (rated("Rating: 4", "### Output for Text 1:"), [4, 2]),
    "short heading": (rated("Rating: 4", "<text 1>"), [4, 2]),
    "lower case": (CLEAN.lower(), [4, 2]),
    "list mark": (rated("- Rating: 4"), [4, 2]),
    "brackets": (rated("Rating: [4]"), [4, 2]),
    "of five": (rated("Rating: 4/5"), [4, 2]),
    "out of five": (rated("Rating: 4 out of 5 (very good)"), [4, 2]),
    "whole decimal": (rated("Rating: 4.0"), [4, 2]),
    "half a point": (rated("Rating: 4.5"), [None, 2]),
    "another scale": (rated("Rating: 4/10"), [None, 2]),
    "a range": (rated("Rating: 3-4"), [None, 2]),
    "too high": (rated("Rating: 10"), [None, 2]),
    "too low": (rated("Rating: 0"), [None, 2]),
    "negative": (rated("Rating: -3"), [None, 2]),
    "not a number": (rated("Rating: N/A"), [None, 2]),
    "in words": (rated("Rating: excellent"), [None, 2]),
    "placeholder": (rated("Rating: [Rating for text 1]"), [None, 2]),
    "full-width digit and colon": (rated("Rating： ４"), [4, 2]),
    "Arabic-Indic digit": (rated("Rating: ٤"), [4, 2]),
    "Devanagari digit in the heading": (rated("Rating: 4", "#### Output for Text १"), [4, 2]),
    "two ratings": (rated("Rating: 4\nRating: 3"), [None, 2]),
    "the same rating twice": (rated("Rating: 4\nRating: 4"), [None, 2]),
    "second section for one text": (f"{ONE}\n\n{TWO}\n\n#### Output for Text 1\nRating: 1", [None, 2]),
    "no rationale": ("#### Output for Text 1\nRating: 4\n#### Output for Text 2\nRating: 2", [4, 2]),
    "rationale first": ("#### Output for Text 1\nRationale: Fine.\nRating: 4\n\n" + TWO, [4, 2]),
    "rating inside a rationale": (rated("Rating: 4").replace("Fine.", "I first thought Rating: 1."), [4, 2]),
    "missing first": (TWO, [None, 2]),
    "missing second": (ONE, [4, None]),
    "no rating for the first": (f"#### Output for Text 1\nRationale: Fine.\n\n{TWO}", [None, 2]),
    "other order": (f"{TWO}\n\n{ONE}", [4, 2]),
    "a third text": (f"{CLEAN}\n\n#### Output for Text 3\nRating: 5", [4, 2]),
    "text number 0": (f"#### Output for Text 0\nRating: 5\n\n{CLEAN}", [4, 2]),
    "types before ratings": (rated("Type: 1\nRationale: True.\nRating: 4"), [4, 2]),
    "without headings": ("Rating: 4\nRationale: Fine.\n\nRating: 2\nRationale: Wrong.", [4, 2]),
    "without headings, too few": ("Rating: 4\nRationale: Fine.", [None, None]),
    "without headings, too many": ("Rating: 4\nRating: 2\nRating: 3", [None, None]),
    "without headings, one unusable": ("Rating: 4\nRating: none", [4, None]),
    "prose": ("I prefer the first one. It deserves a 4.", [None, None]),
    "empty": ("", [None, None]),
    "nothing": (None, [None, None]),
}


@pytest.mark.parametrize("name", DIRTY)
def test_right_or_none(name):
    text, expected = DIRTY[name]
    assert parse_ratings(text, 2) == expected


def test_at_least_thirty_dirty_outputs():
    assert len(DIRTY) >= 30


def test_many_texts_and_none():
    text = "\n".join(f"#### Output for Text {k}\nRating: {1 + k % 5}" for k in range(1, 13))
    assert parse_ratings(text, 12) == [1 + k % 5 for k in range(1, 13)]
    assert parse_ratings(CLEAN, 0) == []


PIECES = st.sampled_from(
    ["#### Output for Text 1", "#### Output for Text 2", "Rating: 4", "**Rating:** 2", "Rating: 9", "Rating:", "Sure!",
     "Rationale: fine", "", "Rating: ４/5", "text 2", "Rating: 1-2", "\r", "Output for Text 99999999999999999999"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=12).map("\n".join)), st.integers(0, 4))
def test_always_n_entries_in_range(text, n):
    ratings = parse_ratings(text, n)
    assert len(ratings) == n
    assert all(value is None or (type(value) is int and 1 <= value <= 5) for value in ratings)


@given(st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=1, max_size=5), st.booleans(), st.data())
def test_sections_in_any_order_keep_their_ratings(ratings, polite, data):
    places = data.draw(st.permutations(range(len(ratings))))
    sections = [
        f"#### Output for Text {place + 1}\n" + ("" if ratings[place] is None else f"Rating: {ratings[place]}\n")
        for place in places
    ]
    text = ("Here you are.\n\n" if polite else "") + "\n\n".join(sections)
    assert parse_ratings(text, len(ratings)) == ratings


def test_a_long_hostile_text_takes_no_time():
    assert parse_ratings("Rating: " + "4" * 20_000 + "*" * 20_000 + " " * 20_000, 1) == [None]
    assert parse_ratings("#" * 50_000 + "\n" + " " * 50_000, 1) == [None]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_lines_may_end_in_any_way(end):
    assert parse_ratings(CLEAN.replace("\n", end), 2) == [4, 2]


@pytest.mark.parametrize("odd", [None, 7, float("nan"), b"Rating: 4", ["Rating: 4"], {"Rating": 4}])
def test_what_is_no_text_holds_no_rating(odd):
    assert parse_ratings(odd, 2) == [None, None]
