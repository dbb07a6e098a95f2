"""The checks' own behaviour: three outcomes, strict mode, hints."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from prompt2data.checks.core import (
    CheckFailed,
    Wrong,
    attempted,
    call,
    close,
    exercise,
    is_stub,
    records,
)


@exercise("look closer", "it is 42")
def forty_two(answer):
    """A check for these tests."""
    if call(answer) != 42:
        raise Wrong("Not the answer.", expected=42, actual=call(answer))


def stub():
    """Says nothing."""
    ...  # your code here


def test_a_right_answer_passes(card):
    assert card(forty_two, lambda: 42) == "✔ Passed."


def test_a_stub_is_not_attempted(card):
    assert "Not attempted" in card(forty_two, stub)
    assert "Not attempted" in card(forty_two, ...)


def test_a_wrong_answer_shows_expected_and_actual_and_does_not_raise(card):
    text = card(forty_two, lambda: 41)
    assert text.startswith("✘ Not the answer.")
    assert "expected: 42" in text and "your answer: 41" in text


def test_hints_grow_with_attempts_and_start_again_after_a_pass(card):
    card(forty_two, lambda: 42)
    assert "look closer" in card(forty_two, lambda: 1)
    assert "it is 42" in card(forty_two, lambda: 2)
    assert "it is 42" in card(forty_two, lambda: 3)
    card(forty_two, lambda: 42)
    assert "look closer" in card(forty_two, lambda: 1)


def test_a_hint_for_the_mistake_comes_first_and_alone(card):
    @exercise("general one", "general two")
    def named(answer):
        raise Wrong("No.", hint="fits this.")

    assert card(named, 1).endswith("hint: fits this.")
    assert card(named, 1).endswith("hint: fits this. general one")
    assert card(named, 1).endswith("hint: fits this. general two")
    assert card(named, 1).endswith("hint: fits this. general two")


def test_an_answer_that_raises_is_wrong_not_a_crash(card):
    text = card(forty_two, lambda: 1 / 0)
    assert "ZeroDivisionError" in text and text.startswith("✘")


@pytest.mark.parametrize("answer, status", [(stub, "not attempted"), (lambda: 41, "wrong")])
def test_strict_mode_raises_on_anything_but_a_pass(monkeypatch, answer, status):
    monkeypatch.setenv("PROMPT2DATA_STRICT", "1")
    with pytest.raises(CheckFailed, match=status):
        forty_two(answer)


def test_strict_mode_lets_a_pass_pass(monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_STRICT", "1")
    forty_two(lambda: 42)


@pytest.mark.parametrize(
    "right, wrong, told",
    [
        ([lambda: 41], [], "should pass"),
        ([lambda: 42], [(lambda: 42, "Not the answer")], "should be told 'Not the answer'"),
        ([lambda: 42], [(lambda: 41, "Another mistake")], "should be told 'Another mistake'"),
        ([lambda: 42], [(lambda: 41, "Not the"), (lambda: 40, "the answer")], "and nothing else"),
        ([lambda: 42, lambda: 42], [(lambda: 41, "Not the answer"), (1, "should be a function")], None),
    ],
)
def test_the_helper_of_these_tests_notices(assert_each_named, right, wrong, told):
    with pytest.raises(AssertionError, match=told) if told else nullcontext():
        assert_each_named(forty_two, right=right, wrong=wrong)


def test_stubs_are_told_from_short_answers():
    def forgets_to_return():
        print("working")

    def constant():
        return 0

    assert is_stub(...) and is_stub(stub)
    assert not is_stub(constant) and not is_stub(forgets_to_return) and not is_stub(0) and not is_stub(lambda x: x)


def test_an_ellipsis_inside_a_container_is_not_attempted():
    assert not attempted({"a": ..., "b": 1})
    assert attempted({"a": 1}) and attempted([])


def test_close_takes_numbers_only():
    assert close(0.5000000001, 0.5)
    assert not close(True, 1.0) and not close(float("nan"), 0.0) and not close("0.5x", 0.5)


def test_records_takes_any_sequence_of_mappings():
    from datasets import Dataset

    rows = [{"a": 1}, {"a": 2}]
    assert records(rows) == records(Dataset.from_list(rows)) == records(iter(rows)) == rows
    for wrong in ("text", {"a": 1}, 3, None, [1, 2]):
        with pytest.raises(Wrong):
            records(wrong)
    with pytest.raises(Wrong, match="lacks the column b"):
        records(rows, columns=["b"])
