"""Whatever a row holds, every rule gives a reason or none, and never an error: no row stops a chain."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt2data.quality import (
    broken,
    calls,
    chain,
    conversations,
    datasheet,
    evolutions,
    exchanges,
    fields,
    leaks,
    pairs,
    refusals,
    report,
    texts,
    vocabulary,
)
from tests.hostile import TEXTS

HOSTILE = [text for text in TEXTS if len(text) < 10_000]  # others are for the test of what long texts cost

PARTS = [{"type": "text", "text": "How do I bake a loaf?"}, {"type": "image", "url": "a.png"}]
ODD = [
    None,
    7,
    -0.0,
    float("nan"),
    Decimal("NaN"),
    True,
    b"How do I bake?",
    b"\xff\x00",
    [],
    {},
    PARTS,
    tuple(PARTS),
    [None, "a"],
    [["a"]],
    {"text": "a"},
    {"text": None},
    np.array(["length", "stop"]),
    np.array([1.0, 2.0]),
    np.array([]),
    np.array(PARTS),
    np.array("How do I bake?"),
    np.float32("nan"),
    np.str_("How do I bake?"),
    "half \ud83d",
    "\x00",
    "\u200b",
    "\u2028",
    "cafe\u0301",
    "a" * 3000,
    object(),
    range(3),
    {1, 2},
    Exception,
]
ROW_RULES = {
    "empty": texts.empty,
    "cut off": texts.cut_off,
    "leak": texts.leak,
    "refusal": texts.refusal,
    "length": texts.length,
    "loop": broken.loop,
    "blob": broken.blob,
    "reasoning": broken.reasoning,
    "unfinished": broken.unfinished,
    "echo": exchanges.echo,
    "copy": exchanges.copy,
    "no request": exchanges.no_request,
    "roles": exchanges.roles,
    "pair": pairs.why_drop,
}
TEXT_RULES = {
    "evolution": lambda value: evolutions.why_drop("How is bread baked?", value),
    "answer": evolutions.why_drop_answer,
    "request": lambda value: str(conversations.reads_like_request(value)),
    "assistant": lambda value: str(conversations.sounds_like_assistant(value)),
    "question": pairs.question_in,
    "call": lambda value: calls.why_drop("minutes", 20, "scones", value),
    "no call": lambda value: calls.why_drop(None, 0, "", value),
    "text": fields.text_of,
    "lowered": vocabulary.lowered,
}


def is_reason(value):
    return value is None or isinstance(value, str)


@pytest.mark.parametrize("name", ROW_RULES)
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value).split(" at 0x")[0][:30])
def test_a_rule_takes_a_row_as_it_comes(name, value):
    for row in (
        {"instruction": value, "response": "Bake it for an hour.", "finish_reason": value},
        {"instruction": "How do I bake a loaf?", "response": value, "finish_reason": "stop"},
        {"instruction": value, "response": value, "prompt": value, "completion": value, "finish_reason": [value]},
        {},
        value,
    ):
        assert is_reason(ROW_RULES[name](row))


@pytest.mark.parametrize("name", TEXT_RULES)
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value).split(" at 0x")[0][:30])
def test_a_rule_takes_a_text_as_it_comes(name, value):
    assert is_reason(TEXT_RULES[name](value))


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value).split(" at 0x")[0][:30])
def test_messages_as_they_come(value):
    messages = [{"role": "user", "content": "How do I bake?"}, {"role": "assistant", "content": value}]
    for conversation in (messages, [value], value, [{"role": value, "content": "a"}], np.array(messages)):
        assert is_reason(conversations.why_drop(conversation, turns=1))


def test_parts_are_read_as_their_text():
    assert fields.text_of(PARTS) == "How do I bake a loaf?" == fields.text_of(np.array(PARTS))
    parts = [{"type": "text", "text": "I'm sorry,"}, {"type": "text", "text": "but I can't help with that."}]
    assert texts.refusal({"instruction": "How?", "response": parts}) == "refusal"
    assert texts.empty({"instruction": PARTS, "response": parts}) is None
    asked = [{"role": "user", "content": PARTS}, {"role": "assistant", "content": "For an hour."}]
    assert conversations.why_drop(asked, turns=1) is None
    assert conversations.why_drop([asked[0], {"role": "assistant", "content": PARTS}], turns=1) == "copy"
    assert conversations.why_drop([asked[0], {"role": "assistant", "content": [PARTS[1]]}], turns=1) == "empty"


def test_reasons_in_arrays_and_texts_that_are_not_seen():
    assert texts.cut_off({"finish_reason": np.array(["length", "stop"])}) == "cut off"
    assert texts.cut_off({"finish_reason": np.array(["stop", "stop"])}) is None
    assert texts.empty({"instruction": "\u200b", "response": "Bake it."}) == "empty"
    assert texts.empty({"instruction": "How do I bake?\u200b", "response": "Bake it."}) is None


values = st.one_of(
    st.sampled_from(ODD), st.sampled_from(HOSTILE), st.text(max_size=40), st.floats(), st.binary(max_size=8)
)
odd_rows = st.dictionaries(st.sampled_from(["instruction", "response", "finish_reason", "prompt"]), values, max_size=4)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.one_of(odd_rows, values), max_size=5))
def test_a_chain_takes_rows_as_they_come(rows):
    filters = [one for one in chain.standard_filters() if one.name != "paraphrases"]  # no model for each example
    done = chain.run_chain(rows, filters)
    assert len(done.kept) + sum(done.counts.values()) == len(rows)
    assert "error" not in done.counts
    assert len(done.table()) == len(rows)
    report.render_report(done, "title")
    datasheet.personal_data(rows, texts.COLUMNS)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.one_of(st.text(), st.text(alphabet=" \n.?!:#<>|{}[]()'\"`*-_/\\你のก한đAIi0"), st.sampled_from(HOSTILE)),
    st.text(),
)
def test_any_text(one, other):
    for instruction, response in ((one, other), (other, one), (one, one), (one + other, one)):
        row = {"instruction": instruction, "response": response, "prompt": instruction, "completion": response}
        assert all(is_reason(rule(row)) for rule in ROW_RULES.values())
        assert all(is_reason(rule(response)) for rule in TEXT_RULES.values())
        assert isinstance(leaks.leaks(response), bool) and isinstance(refusals.refuses(response, instruction), bool)
