"""The chain with the reasons of all lessons: each fires on its fault, and lets what only looks like it pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prompt2data.quality import broken, exchanges, texts
from prompt2data.quality.chain import RowFilter, Verdict, each, run_chain, standard_filters
from prompt2data.quality.report import render_report

RULES = {
    "leak": texts.leak,
    "loop": broken.loop,
    "blob": broken.blob,
    "reasoning": broken.reasoning,
    "unfinished": broken.unfinished,
    "echo": exchanges.echo,
    "copy": exchanges.copy,
    "roles": exchanges.roles,
    "no request": exchanges.no_request,
}
ASKED = "How long do I bake a loaf of rye bread?"
# With the reason for which each must go; None for those worth keeping, each of which looks like some fault.
ROWS = [json.loads(line) for line in (Path(__file__).parent / "rows.jsonl").read_text("utf-8").splitlines()]
FAULTY = [(row["reason"], row["instruction"], row["response"]) for row in ROWS if row["reason"]]
GOOD = [(row["instruction"], row["response"]) for row in ROWS if not row["reason"]]


@pytest.mark.parametrize(("reason", "instruction", "response"), FAULTY)
def test_a_rule_finds_its_fault(reason, instruction, response):
    assert RULES[reason]({"instruction": instruction, "response": response}) == reason


@pytest.mark.parametrize(("reason", "instruction", "response"), [row for row in FAULTY if row[1].isascii()])
def test_the_chain_drops_it(reason, instruction, response):
    done = run_chain([{"instruction": instruction, "response": response}], on_single_rows())
    assert done.kept == []


@pytest.mark.parametrize(("instruction", "response"), GOOD)
def test_look_alikes_pass_every_rule(instruction, response):
    row = {"instruction": instruction, "response": response}
    assert [reason for reason, rule in (RULES | {"refusal": texts.refusal}).items() if rule(row)] == []


@pytest.mark.parametrize(
    "tag",
    [
        "<think>{}</think>",
        "<Thinking>{}</Thinking>",
        "{}</think>",
        "<think>{}",
        "< think >{}< / think >",
        "[THINK]{}[/THINK]",
        "◁think▷{}◁/think▷",
        "<|begin_of_thought|>{}<|end_of_thought|>",
        "&lt;think&gt;{}&lt;/think&gt;",
        "＜think＞{}＜/think＞",
        "<reasoning>{}</reasoning>",
        "<thought>{}</thought>",
        "<scratchpad>{}</scratchpad>",
        "<antThinking>{}</antThinking>",
        "<seed:think>{}</seed:think>",
        "<think type='hidden'>{}</think>",
        "**Thinking:** {}",
        "Thinking Process: {}",
        "<analysis>{}</analysis>",
        "think>{}</think>",
        "【思考】{}",
        "Okay, the user wants a time. {}",
        "Hmm, so the user is asking for a time. {}",
    ],
)
def test_thoughts_in_many_spellings(tag):
    thoughts = tag.format("\nRye takes longer than wheat.\n")
    assert broken.reasoning({"instruction": ASKED, "response": f"{thoughts}\n\nAn hour at 200 degrees."}) == "reasoning"


@pytest.mark.parametrize(
    "unit", [".", "…", "ha", "because ", "I see. ", "---\n", "好", "面包", "は。", "가 ", "ไม่", "🍞", "1 ", "\n"]
)
def test_a_text_that_is_stuck(unit):
    row = {"instruction": ASKED, "response": f"It rises for a while {unit * 400}"}
    assert broken.loop(row) == "loop" or unit == "\n" and not row["response"].strip()[-1].isspace()
    assert broken.loop({"instruction": f"Repeat this 400 times: {unit}", "response": unit * 400}) is None


# -- filters that fail --------------------------------------------------------------------------------------------


def on_single_rows():
    return [one for one in standard_filters() if one.name not in ("contamination", "paraphrases")]


def test_a_rule_that_raises_costs_its_row_and_no_other():
    def fragile(row):
        return "odd" if 10 // row["x"] == 3 else None

    done = run_chain(
        [{"x": 1}, {"x": 0}, {"x": 3}, {}, 5], [each("fragile", ["odd"], fragile), each("all", ["b"], lambda row: None)]
    )
    assert [verdict and verdict.reason for verdict in done.verdicts] == [None, "error", "odd", "error", "error"]
    assert done.counts == {"odd": 1, "b": 0, "error": 3} and done.kept == [{"x": 1}]
    assert "fragile" in done.verdicts[1].evidence and "ZeroDivisionError" in done.verdicts[1].evidence
    assert "ZeroDivisionError" in render_report(done, "title")
    assert [line["verdict"] for line in done.table(["x"])] == ["kept", "error", "odd", "error", "error"]


@pytest.mark.parametrize("value", [True, 3, ["a"], 0.5])
def test_what_is_no_reason_is_an_error(value):
    assert run_chain([{}], [each("odd", [], lambda row: value)]).counts == {"error": 1}
    assert run_chain([{}], [each("odd", [], lambda row: "")]).counts == {}


def test_an_error_whose_text_cannot_be_read_is_an_error_as_well():
    class Broken(Exception):
        def __repr__(self):
            raise ValueError

    def rule(row):
        raise Broken

    assert run_chain([{}], [each("broken", [], rule)]).counts == {"error": 1}


def test_a_filter_on_all_rows_that_raises_costs_the_rows_on_which_it_fails():
    def find(rows):
        lengths = [len(row["x"]) for row in rows]
        return {
            index: Verdict("same", "", lengths.index(n)) for index, n in enumerate(lengths) if lengths.index(n) < index
        }

    rows = [{"x": None}, {"x": "ab"}, {"x": "abc"}, {}, {"x": "cd"}]
    done = run_chain(rows, [RowFilter("pairs", ("same",), find)])
    assert done.counts == {"same": 1, "error": 2}
    assert done.verdicts[4] == Verdict("same", "", 1)


def test_a_filter_that_fails_on_rows_together_drops_them_all():
    def find(rows):
        raise ValueError("a bug")

    assert run_chain([{}, {}], [RowFilter("broken", (), find)]).counts == {"error": 2}


def test_what_is_not_the_fault_of_a_row_is_raised():
    def find(rows):
        raise OSError("the model is not there")

    with pytest.raises(OSError, match="not there"):
        run_chain([{}], [RowFilter("model", (), find)])
    with pytest.raises(KeyboardInterrupt):
        run_chain([{}], [each("stopped", [], lambda row: (_ for _ in ()).throw(KeyboardInterrupt))])


def test_the_chain_holds_the_reasons_of_all_lessons():
    reasons = [reason for one in standard_filters() for reason in one.reasons]
    assert len(set(reasons)) == len(reasons)
    assert {*RULES, "empty", "cut off", "refusal", "language", "too short", "too long", "exact duplicate"} <= set(
        reasons
    )


def test_a_task_that_needs_two_languages_is_not_foreign():
    rows = [
        {
            "instruction": "Translate this sentence into German: The bread from the village is still warm.",
            "response": "Das Brot aus dem Dorf ist noch warm, und ich esse es gern.",
        },
        {
            "instruction": "How do I keep the bread of the village warm?",
            "response": "Das Brot aus dem Dorf ist noch warm, und ich esse es gern.",
        },
    ]
    assert run_chain(rows, on_single_rows()).counts["language"] == 1
