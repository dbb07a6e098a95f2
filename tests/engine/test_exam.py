"""Lesson 06's exam with the real model: one of its judges passes, and the rule alone does not."""

from __future__ import annotations

import pytest

from prompt2data.damage import DAMAGES, given_answers, known_pairs
from prompt2data.domain import on_topic
from prompt2data.judges import LikelihoodJudge, RatingJudge, WithRules, take_exam


def faults(answer: str) -> int:
    return (not answer.strip().endswith((".", "!", "?"))) + (not on_topic(answer))


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, str]]:
    return known_pairs(given_answers())


def test_rule_and_likelihood_together_pass(llm, pairs):
    judge = WithRules(LikelihoodJudge(llm), faults, penalty=5)
    report = take_exam(judge, pairs)
    assert report.passed, report
    assert set(report.passed_kinds) >= set(DAMAGES) - {"wrong"}
    assert report.first.k == report.second.k == 0, "a judge of single answers prefers no place"
    assert report.tokens == judge.tokens > 0


def test_who_does_not_read_does_not_pass(pairs):
    rule = take_exam(RatingJudge(lambda instruction, answer: -faults(answer)), pairs)
    assert not rule.passed and "shuffled" not in rule.passed_kinds
    assert not take_exam(lambda triples: [1] * len(triples), pairs).passed
