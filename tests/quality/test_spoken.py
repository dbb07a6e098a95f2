"""Amounts in words: said as people say them, and read again as what they were."""

from __future__ import annotations

import pytest

from prompt2data import kitchen
from prompt2data.quality.quantities import plainly, quantities
from prompt2data.quality.spoken import amount_in_words, in_words, number_in_words


@pytest.mark.parametrize(
    ("unit", "number", "said"),
    [
        ("minutes", 1, "one minute"),
        ("minutes", 15, "a quarter of an hour"),
        ("minutes", 45, "three quarters of an hour"),
        ("minutes", 50, "fifty minutes"),
        ("minutes", 60, "an hour"),
        ("minutes", 75, "an hour and a quarter"),
        ("minutes", 100, "a hundred minutes"),
        ("minutes", 135, "two hours and a quarter"),
        ("minutes", 150, "two and a half hours"),
        ("minutes", 180, "three hours"),
        ("celsius", 110, "a hundred and ten degrees"),
        ("celsius", 200, "two hundred degrees"),
        ("grams", 85, "eighty-five grams"),
        ("grams", 250, "a quarter of a kilo"),
        ("grams", 375, "three hundred and seventy-five grams"),
        ("grams", 1000, "a kilo"),
        ("grams", 1250, "a thousand two hundred and fifty grams"),
    ],
)
def test_amounts_as_people_say_them(unit, number, said):
    assert amount_in_words(unit, number) == said


UNITS = {"timer": "minutes", "oven": "celsius", "scale": "grams"}


@pytest.mark.parametrize("tool", UNITS)
def test_what_is_said_is_read_as_the_same_amount(tool):
    unit = UNITS[tool]
    for number in {*kitchen.NUMBERS[tool], *range(1, 400)}:
        (amount,) = quantities(plainly(f"Take {amount_in_words(unit, number)} for it."))
        assert (amount.kind, amount.value) == (unit, number)


@pytest.mark.parametrize("number", [0, 7, 13, 21, 99, 101, 340, 999, 1000, 1001, 2450, 9_999])
def test_whole_numbers_are_read_as_themselves(number):
    (amount,) = quantities(plainly(f"It is {number_in_words(number)} degrees.")) if number else quantities("0 degrees")
    assert amount.value == number


@pytest.mark.parametrize("number", [-1, 10_000])
def test_numbers_beyond_are_refused(number):
    with pytest.raises(ValueError, match="9,999"):
        number_in_words(number)


@pytest.mark.parametrize(
    ("unit", "number", "sentence", "said"),
    [
        ("minutes", 30, "Ring me in 30 minutes, please.", "Ring me in half an hour, please."),
        ("minutes", 20, "20 mins for the scones!", "Twenty minutes for the scones!"),
        ("celsius", 180, "Preheat to 180 degrees for the pie.", "Preheat to a hundred and eighty degrees for the pie."),
        ("grams", 85, "Weigh 85g of salt.", "Weigh eighty-five grams of salt."),
        ("grams", 500, "Weigh out 500 g of flour.", "Weigh out half a kilo of flour."),
        # What is no such amount stays as it is.
        ("minutes", 20, "Start a 20 minute timer for the scones.", "Start a 20 minute timer for the scones."),
        ("minutes", 20, "Ring me in 120 minutes.", "Ring me in 120 minutes."),
        ("minutes", 5, "Ring me in 2.5 minutes.", "Ring me in 2.5 minutes."),
        ("grams", 85, "Weigh 185 grams of salt.", "Weigh 185 grams of salt."),
        ("celsius", 180, "Preheat to 180°C for the pie.", "Preheat to 180°C for the pie."),
        ("grams", 85, "", ""),
    ],
)
def test_amounts_change_and_nothing_else(unit, number, sentence, said):
    assert in_words(unit, number, sentence) == said
