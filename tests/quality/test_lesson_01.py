"""Lesson 01's `why_drop` and its parser, with innocent look-alikes."""

from __future__ import annotations

import pytest

from prompt2data.domain import TEXT, on_topic
from prompt2data.quality.pairs import question_in, why_drop

GOOD = {"prompt": "How long should dough rise?", "completion": "Until it has doubled."}


@pytest.mark.parametrize(
    "change, reason",
    [
        ({}, None),
        ({"finish_reason": "stop"}, None),
        ({"completion": "It stops when the length of time is right."}, None),
        ({"completion": None}, "empty"),
        ({"prompt": " \n"}, "empty"),
        ({"prompt": "Dough rises."}, "no question"),
        ({"prompt": "Who won?", "completion": "The home team."}, "off topic"),
        ({"completion": "how long should DOUGH rise? "}, "echo"),
        ({"finish_reason": "length"}, "cut off"),
    ],
)
def test_reasons(change, reason):
    assert why_drop({**GOOD, **change}) == reason


@pytest.mark.parametrize(
    "text, question",
    [
        ('A beginner might ask, "How long should the dough rise?"', "How long should the dough rise?"),
        ("What a lovely idea! Why does my loaf not brown?", "Why does my loaf not brown?"),
        ("Here is one: How do I make sourdough starter?", "How do I make sourdough starter?"),
        ("“Can I freeze the dough overnight?” is a good one.", "Can I freeze the dough overnight?"),
        ("Flour matters.", None),
        ("Why?", None),
        ("", None),
        (None, None),
    ],
)
def test_question_in(text, question):
    assert question_in(text) == question


def test_on_topic_needs_whole_words():
    assert on_topic(TEXT) and on_topic("Is BREAD baked?") and on_topic("kneading")
    assert not on_topic("The sunrise was late.") and not on_topic("Breadth first search") and not on_topic("")
