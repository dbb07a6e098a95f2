"""Damages, judges without a model, and the exam: who must fail does."""

from __future__ import annotations

import random
from math import inf, nan

import pytest

from prompt2data.damage import DAMAGES, given_answers, known_pairs, shuffled, truncated
from prompt2data.domain import on_topic
from prompt2data.judges import RatingJudge, WithRules, take_exam

PAIRS = known_pairs(given_answers())
GOOD = {row["good"] for row in given_answers()}


def knows(instruction, answer):
    return 5.0 if answer in GOOD else 1.0


def words(instruction, answer):
    return len(answer.split())


# -- damages --------------------------------------------------------------------------------------------------------


def test_given_answers_are_complete_and_different():
    rows = given_answers()
    assert len(rows) == 16
    for row in rows:
        texts = [row["good"], row["wrong"], row["off_topic"]]
        assert len(set(texts)) == 3
        assert all(text.endswith(".") and "  " not in text for text in texts)
        assert on_topic(row["good"]) and on_topic(row["wrong"]) and not on_topic(row["off_topic"])
        # A wrong answer must not give itself away by its length.
        assert abs(len(row["good"].split()) - len(row["wrong"].split())) <= 8
    for column in ("instruction", "good", "wrong", "off_topic"):
        assert len({row[column] for row in rows}) == len(rows)


def test_wrong_answers_are_neither_shorter_nor_longer_on_the_whole():
    difference = [len(row["good"].split()) - len(row["wrong"].split()) for row in given_answers()]
    assert abs(sum(difference)) <= 32


def test_pairs_have_every_damage_and_no_pair_is_equal():
    assert len(PAIRS) == 4 * 16
    assert [pair["damage"] for pair in PAIRS[::16]] == list(DAMAGES)
    assert all(pair["good"] != pair["bad"] and pair["bad"].strip() for pair in PAIRS)
    assert known_pairs(given_answers()) == PAIRS


def test_truncated_keeps_a_beginning_that_does_not_look_finished():
    text = "One two three, four five."
    assert truncated(text) == "One two three"
    assert truncated("One two.", keep=1.0) == "One"
    assert truncated("One two.", keep=0.0) == "One"
    with pytest.raises(ValueError, match="fewer than two words"):
        truncated("One.")


def test_shuffled_has_the_same_words_in_another_order():
    text = "Salt slows the yeast. It tastes good."
    mixed = shuffled(text)
    assert sorted(mixed.lower().strip(".").split()) == sorted(text.lower().replace(".", "").split())
    assert mixed != text and mixed.endswith(".") and mixed[0].isupper()
    assert shuffled(text) == mixed
    with pytest.raises(ValueError, match="all equal"):
        shuffled("no no no")


def test_an_unknown_damage_is_named():
    with pytest.raises(ValueError, match="rotten"):
        known_pairs(given_answers(), kinds=["rotten"])


# -- the exam --------------------------------------------------------------------------------------------------------


def test_an_always_first_judge_fails():
    report = take_exam(lambda triples: [1] * len(triples), PAIRS)
    assert not report.passed and report.passed_kinds == []
    assert all(found.k == 0 for found in report.right.values())
    assert (report.first.k, report.second.k, report.undecided.k) == (64, 0, 0)


def test_a_perfect_judge_passes():
    report = take_exam(RatingJudge(knows), PAIRS)
    assert report.passed and report.passed_kinds == list(DAMAGES)
    assert (report.first.k, report.second.k, report.undecided.k) == (0, 0, 0)


def test_a_perfect_judge_passes_the_half_exam_of_the_judge_that_compares():
    """Lesson 6 gives "A or B" every second pair; with every fourth, nobody could pass."""
    assert take_exam(RatingJudge(knows), PAIRS[::2]).passed
    assert not take_exam(RatingJudge(knows), PAIRS[::4]).passed


def test_guessing_one_answer_at_a_time_is_right_in_one_pair_of_two():
    rng = random.Random(0)
    ratings: dict[str, float] = {}
    report = take_exam(RatingJudge(lambda _question, answer: ratings.setdefault(answer, rng.random())), PAIRS)
    assert 0.35 < sum(found.k for found in report.right.values()) / 64 < 0.65


def test_a_judge_by_length_is_reported_as_what_it_is():
    report = take_exam(RatingJudge(words), PAIRS)
    assert report.right["truncated"].k == 16
    assert report.right["shuffled"].k == 0
    assert report.undecided.k >= 16
    assert not report.passed


def test_guessing_fails():
    rng = random.Random(0)
    report = take_exam(lambda triples: [rng.choice((1, 2)) for _triple in triples], PAIRS)
    assert not report.passed
    assert 0.1 < sum(found.k for found in report.right.values()) / 64 < 0.45


def test_three_kinds_are_needed():
    def sees(kinds):
        bad = {pair["bad"] for pair in PAIRS if pair["damage"] in kinds}
        return take_exam(RatingJudge(lambda instruction, answer: -(answer in bad)), PAIRS)

    assert not sees({"truncated", "shuffled"}).passed
    assert sees({"truncated", "shuffled", "wrong"}).passed


def test_a_judge_that_leaves_everything_open_fails():
    report = take_exam(RatingJudge(lambda instruction, answer: None), PAIRS)
    assert report.undecided.k == 64 and not report.passed


@pytest.mark.parametrize("value", [None, nan, inf])
def test_a_rating_that_cannot_be_compared_decides_nothing(value):
    judge = RatingJudge(lambda instruction, answer: value if answer == "a" else 1.0)
    assert judge([("?", "a", "b"), ("?", "b", "a"), ("?", "b", "c")]) == [None, None, None]


def test_equal_answers_are_rated_once():
    asked = []

    def rate(instruction, answer):
        asked.append(answer)
        return float(len(answer))

    assert RatingJudge(rate)([("?", "aa", "b"), ("?", "b", "aa")]) == [1, 2]
    assert asked == ["aa", "b"]


def test_rules_lower_the_ratings_of_another_judge():
    base = RatingJudge(lambda instruction, answer: None if answer == "?" else float(len(answer)))
    judge = WithRules(base, lambda answer: answer.count("!"), penalty=10)
    assert judge.rate([("q", "abc"), ("q", "ab!"), ("q", "a!!"), ("q", "?")]) == [3.0, -7.0, -17.0, None]
