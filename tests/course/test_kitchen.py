"""Lesson 08's tools: calls are read strictly, dealt evenly, verified both ways, and counted exactly."""

from __future__ import annotations

import json
import random
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt2data import kitchen
from prompt2data.kitchen import NUMBERS, TOOLS, Parameter, Tool, deal, exam, parse_call, to_json, verify
from prompt2data.metrics import Share
from tests.hostile import TEXTS

TIMER = {"tool": "timer", "minutes": 20, "for": "scones"}
OVEN = {"tool": "oven", "celsius": 220, "for": "baguettes"}
SCALE = {"tool": "scale", "grams": 250, "of": "rye flour"}
NONE = {"tool": "none"}
CALLS = [TIMER, OVEN, SCALE, NONE]
MIXER = {**TOOLS, "mixer": Tool("mix", {"speed": Parameter(int, "1 to 5"), "for": Parameter(str, "what is mixed")})}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["tool"])
def test_a_call_is_written_and_read_with_its_fields_in_order(call):
    mixed = dict(reversed(call.items()))
    assert to_json(mixed) == json.dumps(call)
    assert list(parse_call(json.dumps(mixed)).items()) == list(call.items())
    assert parse_call(f"\n {to_json(call)}\t\n") == call


NO_CALLS = [
    None,
    7,
    b'{"tool": "none"}',
    "",
    "none",
    '"none"',
    "[]",
    "null",
    "{}",
    '[{"tool": "none"}]',
    '{"tool": "none"} {"tool": "none"}',
    '{"tool": "none"}.',
    'Sure! {"tool": "none"}',
    '```json\n{"tool": "none"}\n```',
    "{'tool': 'none'}",
    '{"tool": "none",}',
    '{"tool": "none", "for": "scones"}',
    '{"tool": "kettle", "minutes": 20, "for": "tea"}',
    '{"tool": null}',
    '{"tool": ["none"]}',
    '{"tool": {"tool": "none"}}',
    '{"Tool": "none"}',
    '{"tool": "None"}',
    '{"tool": "timer", "minutes": 20}',
    '{"tool": "timer", "minutes": 20, "for": "scones", "of": "flour"}',
    '{"tool": "timer", "minutes": 20, "of": "scones"}',
    '{"tool": "timer", "minutes": "20", "for": "scones"}',
    '{"tool": "timer", "minutes": 20.0, "for": "scones"}',
    '{"tool": "timer", "minutes": 2e1, "for": "scones"}',
    '{"tool": "timer", "minutes": 020, "for": "scones"}',
    '{"tool": "timer", "minutes": true, "for": "scones"}',
    '{"tool": "timer", "minutes": null, "for": "scones"}',
    '{"tool": "timer", "minutes": [20], "for": "scones"}',
    '{"tool": "timer", "minutes": 0, "for": "scones"}',
    '{"tool": "timer", "minutes": -20, "for": "scones"}',
    '{"tool": "timer", "minutes": 100001, "for": "scones"}',
    '{"tool": "timer", "minutes": NaN, "for": "scones"}',
    '{"tool": "timer", "minutes": Infinity, "for": "scones"}',
    '{"tool": "timer", "minutes": 1e999, "for": "scones"}',
    f'{{"tool": "timer", "minutes": {"9" * 900}, "for": "scones"}}',
    f'{{"tool": "timer", "minutes": {"9" * 9_000}, "for": "scones"}}',
    '{"tool": "timer", "minutes": 20, "minutes": 20, "for": "scones"}',
    '{"tool": "none", "tool": "none"}',
    '{"tool": "timer", "minutes": 20, "for": ""}',
    '{"tool": "timer", "minutes": 20, "for": " "}',
    '{"tool": "timer", "minutes": 20, "for": "\\u200b"}',
    '{"tool": "timer", "minutes": 20, "for": "scones\\n"}',
    '{"tool": "timer", "minutes": 20, "for": "\\ud83d"}',
    '{"tool": "timer", "minutes": 20, "for": "\ud83d"}',
    '{"tool": "timer", "minutes": 20, "for": "\\u0000"}',
    '{"tool": "timer", "minutes": 20, "for": ["scones"]}',
    '\ufeff{"tool": "none"}',
    '\u00a0{"tool": "none"}',
    "[" * 900,
    "[" * 100_000,
    '{"tool":' * 100,
    '{"tool": "none"}' + " " * 10_000_000,
    *TEXTS,
]


@pytest.mark.parametrize("text", NO_CALLS, ids=lambda text: ascii(text)[:50])
def test_whatever_else_a_model_writes_is_no_call(text, monkeypatch):
    read, loads = [], kitchen.json.loads
    monkeypatch.setattr(
        kitchen.json, "loads", lambda text, **options: (read.append(len(text)), loads(text, **options))[1]
    )
    assert parse_call(text) is None
    assert all(length <= 1_000 for length in read), "what is longer than a call is not even read"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["tool", "minutes", "celsius", "grams", "for", "of", "TOOL", ""])
near_calls = st.dictionaries(
    fields, st.sampled_from([*TOOLS, "scones", 20, 0, True, None, 2.5]) | json_values, max_size=4
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.text() | json_values.map(json.dumps) | near_calls.map(json.dumps) | st.text(alphabet='{}[]",:0123e.-tofnul \\')
)
def test_what_is_read_is_a_call_and_reads_the_same_again(text):
    call = parse_call(text)
    if call is not None:
        assert call["tool"] in TOOLS
        assert set(call) == {"tool", *TOOLS[call["tool"]].parameters}
        assert all(type(value) in (int, str) for value in call.values())
        assert parse_call(to_json(call)) == call == json.loads(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.one_of(near_calls, json_values, st.sampled_from(CALLS)), st.one_of(st.text(), st.none(), st.sampled_from(TEXTS))
)
def test_verify_takes_whatever_comes(call, sentence):
    reason = verify(call, sentence)
    assert reason is None or isinstance(reason, str)


def test_another_languages_words_can_be_read():
    assert parse_call('{"tool": "timer", "minutes": 20, "for": "bánh mì"}')["for"] == "bánh mì"
    call = {"tool": "timer", "minutes": 20, "for": "食パン"}
    assert parse_call(to_json(call)) == call and "食パン" in to_json(call)


@pytest.mark.parametrize(
    "call", [{}, {"tool": "kettle"}, {**TIMER, "minutes": True}, {**TIMER, "of": "x"}, None, "none"]
)
def test_to_json_refuses_what_is_no_call(call):
    with pytest.raises(ValueError, match="This is no call of the tools timer, oven, scale, none"):
        to_json(call)


def test_the_prompt_describes_every_tool_and_field():
    text = kitchen.describe()
    assert text.startswith(kitchen.SYSTEM)
    for name, tool in TOOLS.items():
        assert f'"tool": "{name}"' in text and tool.description in text
        assert all(f'"{field}"' in text for field in tool.parameters)
    assert '"speed"' in kitchen.describe(MIXER) and '"speed"' not in text


def test_a_fourth_tool():
    call = {"tool": "mixer", "speed": 3, "for": "batter"}
    assert parse_call(json.dumps(call)) is None
    assert parse_call(to_json(call, MIXER), MIXER) == call
    assert exam([to_json(call, MIXER)], [call], MIXER).calls.exact == Share(1, 1)
    dealt = deal({"mixer": ["batter", "dough"]}, {"mixer": range(1, 4)}, 6, 0, MIXER)
    assert len({to_json(one, MIXER) for one in dealt}) == 6


# The exam


OUTPUTS = [
    to_json(TIMER),
    to_json({**TIMER, "minutes": 25, "for": "rolls"}),
    to_json({**OVEN, "celsius": 200}),
    "I cannot do that.",
    to_json(NONE),
    to_json(NONE),
    to_json(TIMER),
    None,
]
EXPECTED = [TIMER, TIMER, OVEN, OVEN, SCALE, NONE, NONE, SCALE]
WRONG = [None, "minutes, for", "celsius", "no call", "tool", None, "tool", "no call"]


def test_the_exam_counts():
    found = exam(OUTPUTS, EXPECTED)
    assert [row["wrong"] for row in found.rows] == WRONG
    assert (found.calls.valid, found.calls.tool, found.calls.exact) == (Share(4, 6), Share(3, 6), Share(1, 6))
    assert (found.none.valid, found.none.tool, found.none.exact) == (Share(2, 2), Share(1, 2), Share(1, 2))
    assert list(found.by_tool) == ["timer", "oven", "scale", "none"]
    assert found.by_tool["timer"].exact == Share(1, 2)
    assert found.by_tool["oven"] == kitchen.Score(Share(1, 2), Share(1, 2), Share(0, 2))
    assert [row["index"] for row in found.failures] == [1, 2, 3, 4, 6, 7]
    assert found.failures[0]["expected"] == TIMER and found.failures[0]["call"]["minutes"] == 25
    assert found.failures[2]["output"] == "I cannot do that."


def test_the_exam_as_a_table():
    lines = str(exam(OUTPUTS, EXPECTED)).splitlines()
    assert lines[0].split() == ["valid", "right", "tool", "exact"]
    assert [line.split("  ")[0] for line in lines[1:]] == ["timer", "oven", "scale", "all calls", "none"]
    assert "4/6" in lines[4] and "3/6" in lines[4] and "1 of 6 (17 %" in lines[4]
    assert "all calls" not in str(exam([to_json(TIMER)], [TIMER]))
    assert str(exam([], [])).split() == ["valid", "right", "tool", "exact"]


def test_a_right_answer_in_another_order_is_exact_and_in_other_words_is_not():
    assert exam(['{"for": "scones", "minutes": 20, "tool": "timer"}'], [TIMER]).calls.exact.k == 1
    assert exam([to_json({**TIMER, "for": "Scones"})], [TIMER]).failures[0]["wrong"] == "for"


def test_the_exam_takes_iterables_and_tables_of_texts():
    assert exam((to_json(call) for call in CALLS), iter(CALLS)).calls.exact == Share(3, 3)
    assert exam(np.array([to_json(TIMER), "x"]), [TIMER, TIMER]).calls.valid == Share(1, 2)
    assert exam([float("nan")], [TIMER]).calls.valid == Share(0, 1)


def test_the_exam_says_what_does_not_fit():
    with pytest.raises(ValueError, match="3 outputs for 2 expected calls: give one output for each"):
        exam(["a", "b", "c"], [TIMER, NONE])
    with pytest.raises(ValueError, match=r"Expected call 1 is no call: \{'tool': 'kettle'\}"):
        exam(["a", "b"], [TIMER, {"tool": "kettle"}])


# Dealing


def spread(values):
    counts = Counter(values)
    return max(counts.values()) - min(counts.values())


@pytest.mark.parametrize("n", [1, 3, 48, 96, 240, 1000])
def test_calls_are_dealt_evenly_and_never_twice(n):
    calls = deal(kitchen.things(), NUMBERS, n, seed=1)
    assert len(calls) == n == len(set(map(to_json, calls)))
    if n >= 3:
        assert spread(call["tool"] for call in calls) <= 1
    for tool, parameters in TOOLS.items():
        mine = [call for call in calls if call["tool"] == tool]
        for field in parameters.parameters:
            used = Counter(call[field] for call in mine)
            if len(mine) >= 24 and parameters.parameters[field].type is str:
                assert len(used) == 24
            assert not used or max(used.values()) - min(used.values()) <= 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 64), st.integers(0, 5))
def test_every_part_of_a_deck_is_even(n_things, n_numbers, n, seed):
    things, numbers = {"oven": [f"pie {n}" for n in range(n_things)]}, {"oven": range(100, 100 + n_numbers)}
    if n > n_things * n_numbers:
        with pytest.raises(ValueError, match=f"{n} calls wanted.*only {n_things * n_numbers} different"):
            deal(things, numbers, n, seed)
        return
    calls = deal(things, numbers, n, seed)
    assert len({to_json(call) for call in calls}) == n
    for field, size in (("for", n_things), ("celsius", n_numbers)):
        counts = Counter(call[field] for call in calls)
        assert max(counts.values(), default=0) - (min(counts.values()) if len(counts) == size else 0) <= 1


def test_a_seed_gives_the_same_calls_and_the_global_state_stays():
    random.seed(3)
    np.random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist()
    things = kitchen.things()
    assert deal(things, NUMBERS, 60, 1) == deal(things, NUMBERS, 60, 1) != deal(things, NUMBERS, 60, 2)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    assert things == kitchen.things()


@pytest.mark.parametrize(
    "things, numbers, n",
    [
        ({"timer": ["scones"]}, {"timer": [5]}, 2),
        ({"timer": ["scones", "scones"]}, {"timer": [5, 5]}, 2),
        ({"timer": ["scones"], "oven": []}, NUMBERS, 2),
        ({"timer": ["scones"]}, {}, 1),
        ({}, NUMBERS, 1),
        ({"timer": ["scones"]}, NUMBERS, -1),
    ],
)
def test_too_few_different_calls(things, numbers, n):
    with pytest.raises(ValueError, match=f"{n} calls wanted"):
        deal(things, numbers, n, 0)


@pytest.mark.parametrize(
    "things, numbers",
    [({"kettle": ["tea"]}, {"kettle": [5]}), ({"timer": [""]}, NUMBERS), ({"timer": ["tea"]}, {"timer": [0]})]
    + [({"none": ["x"]}, {"none": [1]})],
)
def test_what_fits_no_call_is_not_dealt(things, numbers):
    with pytest.raises(ValueError, match="This is no call of the tools"):
        deal(things, numbers, 1, 0)


def test_no_calls_are_dealt_where_none_are_wanted():
    assert deal({}, {}, 0, 0) == [] == deal(kitchen.things(), NUMBERS, 0, 0)


# Verifying, and the rows that come with the course


def test_verify_names_what_is_wrong():
    sentence = "Set a timer for 20 minutes for the scones."
    assert verify(TIMER, sentence) is None
    assert verify({"for": "scones", "minutes": 20, "tool": "timer"}, sentence) is None
    assert verify({**TIMER, "minutes": 25}, sentence) == "number"
    assert verify({**TIMER, "for": "rolls"}, sentence) == "thing"
    assert verify(OVEN, sentence) == "number"
    assert verify(NONE, sentence) == "another call"
    assert verify(NONE, "What a lovely smell!") is None
    assert verify(TIMER, "The scones took 20 minutes.") == "not a request"
    assert verify(TIMER, None) == "empty" == verify(NONE, " ")
    for broken in (None, {}, "timer", {**TIMER, "minutes": "20"}, {"tool": "kettle"}):
        assert verify(broken, sentence) == "no call"


def test_the_rows_by_hand_are_right():
    rows = kitchen.examples()
    assert Counter(row["call"]["tool"] for row in rows) == dict.fromkeys(TOOLS, 6)
    assert [row["sentence"] for row in rows if verify(row["call"], row["sentence"])] == []


def test_a_call_of_another_row_is_never_right():
    rows = kitchen.examples()
    for row in rows:
        for other in rows:
            if other["call"] != row["call"]:
                assert verify(other["call"], row["sentence"]) is not None


@pytest.mark.parametrize("half, calls, none", [("a", 12, 12), ("b", 16, 16)])
def test_the_exam_rows_are_sound(half, calls, none):
    rows = kitchen.exam_rows(half)
    assert Counter(row["call"]["tool"] for row in rows) == {"timer": calls, "oven": calls, "scale": calls, "none": none}
    for row in rows:
        assert list(parse_call(to_json(row["call"])).items()) == list(row["call"].items())
        if row["call"] != NONE:
            thing = list(row["call"].values())[2]
            assert re.search(rf"(?<!\w){re.escape(thing)}(?!\w)", row["sentence"].lower())


def test_the_halves_make_the_exam():
    rows = kitchen.exam_rows()
    assert len(rows) == 112 == len({row["sentence"] for row in rows})
    assert Counter(row["half"] for row in rows) == {"a": 48, "b": 64}
    assert {row["half"] for row in rows[:20]} == {"a", "b"}  # mixed
    assert not {row["sentence"] for row in rows} & {row["sentence"] for row in kitchen.examples()}
    with pytest.raises(ValueError, match='There is no half \'c\'; choose "a" or "b"'):
        kitchen.exam_rows("c")


def test_the_things_are_enough_for_each_tool():
    assert {name: len(set(things)) for name, things in kitchen.things().items()} == dict(timer=24, oven=24, scale=24)
    for name, things in kitchen.things().items():
        assert all(thing == thing.lower() and 1 <= len(thing.split()) <= 3 for thing in things), name


def test_the_numbers_are_sensible():
    assert min(NUMBERS["timer"]) == 2 and max(NUMBERS["timer"]) == 180
    assert min(NUMBERS["oven"]) == 100 and max(NUMBERS["oven"]) == 250
    assert min(NUMBERS["scale"]) == 5 and max(NUMBERS["scale"]) == 1000
    assert all(len(set(numbers)) == len(numbers) for numbers in NUMBERS.values())
