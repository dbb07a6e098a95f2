"""Lesson 02's rules, both ways: what they must catch, and what they must leave alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from prompt2data.quality.instructions import LEAKS, clean, opens_like_request, why_drop

POOL = ["How long should the dough rest in a cold kitchen?"]


@pytest.mark.parametrize(
    "line, text",
    [
        ("1. Why salt?", "Why salt?"),
        ("12) Why salt?", "Why salt?"),
        ("(3) Why salt?", "Why salt?"),
        ("- Why salt?", "Why salt?"),
        ("* Why salt?", "Why salt?"),
        ("  • Why salt?  ", "Why salt?"),
        ("3.5 grams of salt: too much?", "3.5 grams of salt: too much?"),
        ("500 grams of flour: how much salt?", "500 grams of flour: how much salt?"),
        ("2 loaves or one?", "2 loaves or one?"),
        ("-5 degrees: can dough rest outside?", "-5 degrees: can dough rest outside?"),
        ("*Why* salt?", "*Why* salt?"),
    ],
)
def test_clean_strips_list_marks_only(line, text):
    assert clean([line]) == [text]


def test_clean_keeps_order_and_drops_empty_and_repeated():
    assert clean(["", "2. B?", "1. A?", "  ", "3. B?", "4.", "5. "]) == ["B?", "A?"]
    assert clean([]) == [] == clean([None, float("nan")])


@pytest.mark.parametrize(
    "text, reason",
    [
        (None, "empty"),
        ("  \n", "empty"),
        ("What is the significance of x?", "leak"),
        ("Here are five user queries for the AI application.", "leak"),
        ("Bread flour is the primary ingredient in bread.", "no request"),
        ("I'm ready to help! What's your next question?", "no request"),
        ("Yes, you can bake sourdough without a pot.", "no request"),
        ("**Ingredients**: flour.", "no request"),
        ("30%", "no request"),
        ("How many grams of flour go into a", "unfinished"),
        ("How long should dough rest in the cold kitchen?", "copy"),
        ("how long should the dough rest in a cold kitchen!", "copy"),
        ("How long does a loaf bake?", None),
        ("What's the difference between two flours?", None),
        ("“Can I bake without salt?”", "unfinished"),
        ("Explain to a child what yeast does.", None),
        ("Turn this recipe into one for four.", None),
        ("Can you knead too long?", None),
    ],
)
def test_why_drop(text, reason):
    assert why_drop(text, POOL) == reason


@pytest.mark.parametrize(
    "text",
    [
        "面包要烤多久？", "面包要烤多久?", "パンはどのくらい焼けばいいですか。", "빵은 오븐에서 얼마나 구워야 하나요?",
        "Bánh mì cần nướng trong lò bao lâu?", "Сколько времени печь хлеб дома?", "كم من الوقت يحتاج الخبز في الفرن؟",
        "Πόση ώρα ψήνεται το ψωμί;", "ขนมปังต้องอบนานเท่าไร", "Wie lange muss das Brot im Ofen bleiben?",
    ],
)  # fmt: skip
def test_in_other_languages_a_copy_is_dropped_and_a_new_question_is_not(text):
    """How a request opens is known for English only, so there it says nothing."""
    assert why_drop(text, POOL) is None
    assert why_drop(text, [*POOL, None, text]) == "copy"


@pytest.mark.parametrize("text", ["面包要烤", "Bánh mì cần nướng trong", "Сколько времени печь"])
def test_in_other_languages_a_sentence_without_an_end_is_unfinished(text):
    assert why_drop(text) == "unfinished"


def test_why_drop_respects_the_threshold():
    candidate = "How long should dough rest in the cold kitchen?"
    assert why_drop(candidate, POOL) == "copy"
    assert why_drop(candidate, POOL, threshold=0.99) is None
    assert why_drop(POOL[0], POOL, threshold=1.0) == "copy"
    assert why_drop(POOL[0]) is None


def test_requests_open_with_a_whole_word():
    assert opens_like_request("Is rye harder to bake?")
    assert not opens_like_request("Island bread is flat?")
    assert not opens_like_request("")
    assert not opens_like_request("500 grams?")


def test_leaks_are_in_selfinstructs_own_prompt_or_its_echo():
    from distilabel.models import TransformersLLM
    from distilabel.steps.tasks import SelfInstruct

    criteria = SelfInstruct(llm=TransformersLLM(model="never-loaded")).criteria_for_query_generation.lower()
    assert sum(leak in criteria for leak in LEAKS) >= 3


def test_rouge_leaves_the_root_logger_alone():
    code = (
        "import logging; from prompt2data.metrics import rouge_l; rouge_l('a b', 'a c');"
        "assert not logging.getLogger().handlers, logging.getLogger().handlers"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""
