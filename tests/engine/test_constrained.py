"""Constrained output by the real model: every text matches its pattern, in any batch, and comes back from the cache."""

from __future__ import annotations

import re

import pytest

from prompt2data import constrained
from prompt2data.constrained import generate_matching

TALKS = [
    [{"role": "user", "content": "Rate this bread recipe."}],
    [{"role": "user", "content": "Hi!"}],
    [{"role": "user", "content": "How many grams of salt go into a dough with 500 grams of flour, and why so many?"}],
]


@pytest.mark.parametrize("pattern", ["Rating: [1-5]", "(yes|no)", "[A-B]", "[0-9]{3} g"])
def test_every_text_matches(llm, monkeypatch, pattern):
    monkeypatch.setattr(llm, "cache", False)
    texts = generate_matching(llm, TALKS, pattern, max_new_tokens=16)
    assert len(texts) == len(TALKS)
    assert all(re.fullmatch(pattern, text) for text in texts), texts


def test_a_text_does_not_depend_on_its_batch(llm, monkeypatch):
    monkeypatch.setattr(llm, "cache", False)
    together = generate_matching(llm, TALKS, "Rating: [1-5]", max_new_tokens=8)
    assert together == [generate_matching(llm, [talk], "Rating: [1-5]", max_new_tokens=8)[0] for talk in TALKS]


def test_a_budget_cuts_off_what_still_fits(llm, monkeypatch):
    monkeypatch.setattr(llm, "cache", False)
    (text,) = generate_matching(llm, TALKS[:1], "a{40}", max_new_tokens=2)
    assert re.fullmatch("a{1,39}", text)


def test_the_cache_remembers(llm, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path))
    first = generate_matching(llm, TALKS, "(yes|no)", max_new_tokens=4)
    monkeypatch.setattr(constrained, "_generate", lambda *args: pytest.fail("generated again"))
    assert generate_matching(llm, TALKS, "(yes|no)", max_new_tokens=4) == first
    assert generate_matching(llm, [], "(yes|no)") == []


def test_a_bad_pattern_is_one_sentence(llm, monkeypatch):
    monkeypatch.setattr(llm, "cache", False)
    with pytest.raises(ValueError, match="This pattern cannot be used"):
        generate_matching(llm, TALKS[:1], "Rating: [1-5")
