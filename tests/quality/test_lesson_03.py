"""Lesson 03's reasons to drop an evolved instruction: each fires on its fault, and is quiet on what looks like it."""

from __future__ import annotations

import pytest
from distilabel.steps.tasks.evol_instruct.utils import MUTATION_TEMPLATES

from prompt2data.quality.evolutions import LEAKS, is_request, why_drop, why_drop_answer, words

LOAF = "Write a short recipe for a plain white loaf."


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        (None, "empty"),
        (" \n", "empty"),
        ("#Rewritten Prompt#: Write a recipe for rye.", "leak"),
        ("THE GIVEN PROMPT asks for rye. Bake it.", "leak"),
        ("Make a recipe that AI systems like GPT4 find hard.", "leak"),
        ("I'm sorry, but I can't help with that.", "refusal"),
        ("I’m sorry, what is a loaf?", "refusal"),
        ('"As an AI, I have no oven. Ask a baker."', "refusal"),
        ("?!", "stopwords"),
        ("And what about it?", "stopwords"),
        ("write a SHORT recipe\nfor a plain white loaf!", "copy"),
        ("The loaf is plain and white.", "statement"),
        ("Three reasons why a loaf turns out dense.", "statement"),
        ("What a sourdough starter is.", "statement"),
    ],
)
def test_a_fault_is_named(child, reason):
    assert why_drop(LOAF, child) == reason


@pytest.mark.parametrize(
    "child",
    [
        "Write a short recipe for a plain white loaf without sugar.",
        "Write a prompt for a photo of a loaf, with the hashtag #sourdough.",
        "Write a note that says sorry for a burnt loaf.",
        "I can't get my dough to rise. What should I change?",
        "Why rye?",
        "I have two loaves and one oven. Explain step by step how to bake them.",
        "How to fold a dough without flour.",
        "What is the difference between rye and wheat in five words.",
        "None of my loaves are white. Suggest a remedy.",
    ],
)
def test_an_innocent_child_is_kept(child):
    assert why_drop(LOAF, child) is None


def test_words_of_the_parent_are_not_a_leak():
    assert why_drop("What makes a rewritten prompt good?", "What makes a rewritten prompt good for bakers?") is None
    assert why_drop(LOAF, "What makes a rewritten prompt good for bakers?") == "leak"


@pytest.mark.parametrize("operator", MUTATION_TEMPLATES)
def test_a_child_that_repeats_the_template_is_a_leak(operator):
    lines = [line for line in MUTATION_TEMPLATES[operator].splitlines() if "prompt" in line.lower()]
    marked = [line for line in lines if any(leak in line.lower() for leak in LEAKS)]
    assert len(marked) >= 5
    assert {why_drop(LOAF, line) for line in marked} == {"leak"}


def test_requests():
    assert is_request('"Describe a crust."')
    assert is_request("- list three flours")
    assert is_request("My crust is pale. Suggest a remedy.")
    assert not is_request("Describing a crust takes time.")
    assert not is_request("Write")
    assert not is_request("")


def test_the_rules_for_answers():
    assert why_drop_answer("Sorry, I do not know.") == "refusal"
    assert why_drop_answer("sorry " + "loaf " * 80) is None  # long enough to be an answer
    assert why_drop_answer("It is what it is.") == "stopwords"
    assert why_drop_answer(None) == "stopwords"
    assert why_drop_answer("Bake it at 240 degrees.") is None


def test_words():
    assert words("I’m SURE: rye, #sourdough!") == ["i'm", "sure", "rye", "sourdough"]
    assert words(None) == []
