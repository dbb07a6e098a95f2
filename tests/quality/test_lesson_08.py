"""Lesson 08's rules, both ways: pairs of a sentence and a call that belong together, and such that do not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt2data.kitchen import verify
from prompt2data.quality.calls import LONGEST, why_drop
from prompt2data.quality.quantities import plainly, quantities

RIGHT = [
    ("minutes", 20, "scones", "Set a timer for 20 minutes for the scones."),
    ("minutes", 20, "scones", "Set a 20-minute timer for my scones, please."),
    ("minutes", 20, "scones", "Timer for the scones, twenty minutes, please."),
    ("minutes", 20, "scones", "The scones went in just now, so ring me in 20 minutes."),
    ("minutes", 90, "rye loaf", "Could you remind me about the rye loaf in an hour and a half?"),
    ("minutes", 90, "rye loaf", "I'd like a reminder for the rye loaf in one and a half hours."),
    ("minutes", 80, "levain", "Let me know when the levain has had 1 h 20 min."),
    ("minutes", 45, "babka", "Would you mind setting the timer to three quarters of an hour for the babka?"),
    ("minutes", 15, "flan", "Count down a quarter of an hour for the flan."),
    ("celsius", 200, "pie", "Preheat the oven to 200°C for the pie."),
    ("celsius", 200, "pie", "Can you turn the oven up to two hundred degrees for the pie, please?"),
    ("celsius", 180, "lemon bars", "The oven at one eighty for the lemon bars, please."),
    ("celsius", 177, "quiche", "Heat the oven to 350 degrees Fahrenheit for the quiche."),
    ("celsius", 95, "meringues", "Let's get the oven down to 95 for the meringues."),
    ("grams", 500, "rye flour", "Weigh out half a kilo of rye flour."),
    ("grams", 1500, "rye flour", "Please weigh a kilo and a half of rye flour for me."),
    ("grams", 1000, "rye flour", "Weigh 1,000 grams of rye flour!"),
    ("grams", 40, "honey", "Stop me when there are 40 g of honey in the bowl."),
    ("grams", 75, "poppy seeds", "Could I get seventy-five grams of poppy seeds on the scale?"),
    (None, 0, "", "What temperature do you bake scones at?"),
    (None, 0, "", "My oven has never reached 250 degrees."),
    (None, 0, "", "The scones were in for 20 minutes yesterday."),
    (None, 0, "", "Should I preheat the oven to 200 degrees for the pie?"),
    (None, 0, "", "Play some jazz, please."),
    (None, 0, "", "A bag of flour weighs 500 grams."),
    (None, 0, "", "Set the table for four."),
]
WRONG = [
    ("minutes", 20, "scones", None, "empty"),
    ("minutes", 20, "scones", "  ", "empty"),
    ("minutes", 20, "scones", "Set a timer for 20 minutes for the scones" + " now" * 99 + ".", "long"),
    ("minutes", 20, "scones", "Set a timer for 20 minutes for the", "thing"),
    ("minutes", 20, "scones", "Set a timer for 20 minutes for the scones", "unfinished"),
    ("minutes", 20, "scones", "Set a timer for 25 minutes for the scones", "number"),
    ("minutes", 20, "scones", "The scones took 20 minutes and then", "not a request"),
    ("minutes", 20, "scones", '{"tool": "timer", "minutes": 20, "for": "scones"}.', "leak"),
    ("minutes", 20, "scones", "<|im_start|>Set a timer for 20 minutes for the scones.", "leak"),
    ("minutes", 20, "scones", "Set a timer for the scones.", "number"),
    ("minutes", 20, "scones", "Set a timer for 25 minutes for the scones.", "number"),
    ("minutes", 20, "scones", "Set a timer for 120 minutes for the scones.", "number"),
    ("minutes", 75, "scones", "Set a timer for an hour and a half for the scones.", "number"),
    ("minutes", 20, "scones", "Set a timer for 20 seconds for the scones.", "unit"),
    ("minutes", 20, "scones", "Set a timer for 20 hours for the scones.", "unit"),
    ("minutes", 200, "scones", "Preheat the oven to 200 degrees for the scones.", "unit"),
    ("grams", 2, "flour", "Weigh 2 cups of flour.", "unit"),
    ("celsius", 350, "pie", "Heat the oven to 350 °F for the pie.", "unit"),
    ("minutes", 20, "scones", "Set a timer for 20 minutes, no, 25 minutes for the scones.", "another number"),
    ("minutes", 25, "scones", "Set a timer for 20 to 25 minutes for the scones.", "another number"),
    ("celsius", 200, "pie", "Set the oven to 200 or 220 degrees for the pie.", "another number"),
    ("celsius", 20, "pie", "Turn the oven up by 20 degrees for the pie.", "another number"),
    ("minutes", 20, "pie", "Remind me of the pie 20 minutes before it is done.", "another number"),
    ("minutes", 20, "scones", "Set a timer for 20 minutes for the muffins.", "thing"),
    ("minutes", 20, "muffins", "Set a timer for 20 minutes for the blueberry muffins.", "thing"),
    ("minutes", 20, "pizza", "Set a timer for 20 minutes for the pizza dough.", "thing"),
    ("minutes", 20, "scone", "Set a timer for 20 minutes for the scones.", "thing"),
    ("minutes", 20, "Scones", "Set a timer for 20 minutes for the scones.", "thing"),
    ("minutes", 20, "the scones", "Set a timer for 20 minutes for the scones.", "thing"),
    ("minutes", 20, "bagels", "Set a timer for 20 minutes for the scones while the bagels cool.", "thing"),
    ("minutes", 20, "scones", "Set a timer for 20 minutes for the scones and the bagels.", "thing"),
    ("minutes", 20, "scones", "Set a timer for 20 minutes for the bagels, not the scones.", "thing"),
    ("grams", 200, "scones", "Weigh 200 grams of flour for the scones.", "thing"),
    ("grams", 200, "flour", "Weigh 200 grams of rye flour.", "thing"),
    ("minutes", 7, "naan", "The naan is 7 more minutes. The rest of the day is the rest.", "not a request"),
    ("minutes", 20, "scones", "The scones bake for 20 minutes.", "not a request"),
    ("minutes", 20, "scones", "I set a timer for 20 minutes for the scones.", "not a request"),
    ("minutes", 20, "scones", "Don't set a timer for 20 minutes for the scones.", "not a request"),
    ("minutes", 20, "scones", "Did you set a timer for 20 minutes for the scones?", "not a request"),
    ("minutes", 20, "scones", "Tomorrow set a timer for 20 minutes for the scones.", "not a request"),
    ("minutes", 20, "scones", "Cancel the 20 minute timer for the scones.", "not a request"),
    ("celsius", 200, "pie", "Should I preheat the oven to 200 degrees for the pie?", "not a request"),
    ("celsius", 200, "pie", "My aunt says to preheat the oven to 200 degrees for the pie.", "not a request"),
    ("celsius", 200, "pie", "I came home, set the oven to 200 degrees for the pie, then sat down.", "not a request"),
    ("celsius", 200, "pie", "Ring me when the oven is at 200 degrees for the pie.", "another call"),
    ("grams", 200, "flour", "Buy 200 grams of flour.", "not a request"),
    ("grams", 200, "flour", "How do I weigh 200 grams of flour?", "not a request"),
    (None, 0, "", "Set a timer for 20 minutes.", "another call"),
    (None, 0, "", "Preheat to 180 for the lemon drizzle, would you?", "another call"),
    (None, 0, "", "Weigh half a kilo of flour for me.", "another call"),
    (None, 0, "", "Sure! Play some", "unfinished"),
    (None, 0, "", "", "empty"),
]


@pytest.mark.parametrize("unit, number, thing, sentence", RIGHT)
def test_a_right_pair_stays(unit, number, thing, sentence):
    assert why_drop(unit, number, thing, sentence) is None


@pytest.mark.parametrize("unit, number, thing, sentence, reason", WRONG)
def test_a_wrong_pair_goes(unit, number, thing, sentence, reason):
    assert why_drop(unit, number, thing, sentence) == reason


@pytest.mark.parametrize(
    "text, kind, value",
    [
        ("45 minutes", "minutes", 45),
        ("forty-five mins", "minutes", 45),
        ("half an hour", "minutes", 30),
        ("a half hour", "minutes", 30),
        ("a quarter of an hour", "minutes", 15),
        ("three quarters of an hour", "minutes", 45),
        ("an hour and a quarter", "minutes", 75),
        ("two and a half hours", "minutes", 150),
        ("1½ hours", "minutes", 90),
        ("1 1/2 hours", "minutes", 90),
        ("an hour and twenty minutes", "minutes", 80),
        ("1h20min", "minutes", 80),
        ("90 seconds", "minutes", 1.5),
        ("220°C", "celsius", 220),
        ("220 °C", "celsius", 220),
        ("two hundred and twenty degrees Celsius", "celsius", 220),
        ("two twenty degrees", "celsius", 220),
        ("392 degrees Fahrenheit", "celsius", 200),
        ("425°F", "celsius", 218),
        ("a hundred grams", "grams", 100),
        ("1.5 kg", "grams", 1500),
        ("half a kilo", "grams", 500),
        ("a kilo and a half", "grams", 1500),
        ("1,250 g", "grams", 1250),
        ("one thousand two hundred and fifty grams", "grams", 1250),
        ("two cups", "volume", 2),
        ("60%", "percent", 60),
        ("twenty", "", 20),
    ],
)
def test_amounts_are_read(text, kind, value):
    for sentence in (text, f"Now {text}, please.", f"{text} of it"):
        [amount] = quantities(plainly(sentence))
        assert (amount.kind, amount.value) == (kind, value)
        assert plainly(sentence)[amount.start : amount.end] == plainly(text)


@pytest.mark.parametrize(
    "text", ["wait a minute", "one more", "this one", "half the flour", "the second batch", "a c", ""]
)
def test_these_are_no_amounts(text):
    assert quantities(plainly(text)) == []


def test_a_number_that_nobody_says_counts_for_none():
    [amount] = quantities("9" * 5_000 + " grams")
    assert amount.value == 0


FOLDER = Path(__file__).parent / "kitchen"


def misjudged(name: str) -> tuple[list[str], list[str]]:
    """The wrong pairs in a file that stay, and the right ones that go."""
    rows = [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]
    kept = [verify(row["call"], row["sentence"]) is None for row in rows]
    stay = [row["sentence"] for row, keeps in zip(rows, kept, strict=True) if keeps and not row["right"]]
    return stay, [row["sentence"] for row, keeps in zip(rows, kept, strict=True) if row["right"] and not keeps]


def test_of_80_pairs_made_to_fool_it_no_wrong_one_stays():
    """Each row says `why` it is there. The right one that goes has no full stop, as a sentence that was cut off."""
    stay, go = misjudged("pairs.jsonl")
    assert stay == []
    assert go == ["would you kindly get the oven to 165° for my lemon tart"]


def test_of_more_pairs_hardly_any_is_misjudged():
    """What is misjudged was left as it is."""
    stay, go = misjudged("more.jsonl")
    assert len(stay) <= 2, stay
    assert len(go) <= 2, go


REPEATED = (
    "please ", "please, ", "now, ", "could you ", "so ", "and ", "do me a favour and ", "set the ", "set the timer ",
    "the oven ", "20 ", "20 minutes ", "an hour and ", "half a ", "one hundred ", "twenty-", "of the ", "a ", ",", ".",
    "'", "not ", "#", "tell me ", "turn up on back the ", "weigh out the ", "i want ", "scones ", "scones, ",
    "scones and ", "½", "1 / 2 ", "°", "😀", "我", "\ud83d",
)  # fmt: skip
EXTRA = ("for the ", "ring me ", "oven ", "grams of ", "?", "! ", "kilo ", "hour ", "and a half ", "scale ")


@pytest.mark.parametrize("unit", REPEATED)
def test_no_sentence_takes_long(unit):
    """Rules in which parts may be repeated can take time that doubles with every repetition."""

    def cost(sentence):
        started = time.thread_time()
        why_drop("minutes", 20, "scones", sentence)
        why_drop(None, 0, "", sentence)
        return time.thread_time() - started

    for long, short in (
        (unit * (LONGEST // len(unit) - 1) + ".", unit * (LONGEST // 10 // len(unit)) + "."),
        (f"Set {unit * (250 // len(unit))} 20 minutes for scones.", f"Set {unit} 20 minutes for scones."),
    ):
        # Measured side by side, so that a busy machine changes nothing; what grows with the length passes easily.
        spent = cost(long)
        assert spent < 0.5 or spent < 30 * min(cost(short) for _ in range(3))
    assert why_drop("minutes", 20, "scones", unit * 100_000) in ("long", "empty")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(REPEATED + EXTRA), max_size=12).map("".join),
    st.sampled_from([None, "minutes", "celsius", "grams"]),
)
def test_any_sentence_gets_a_reason_or_none(sentence, unit):
    reason = why_drop(unit, 20, "scones", sentence)
    assert reason is None or isinstance(reason, str)
    for amount in quantities(plainly(sentence)):
        assert 0 <= amount.start < amount.end <= len(plainly(sentence))
