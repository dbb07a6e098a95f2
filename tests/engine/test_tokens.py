"""Lesson 04's tables: tokens of a prompt, and the next ones, against the model itself."""

from __future__ import annotations

import pytest
import torch
from distilabel.models import TransformersLLM

from prompt2data.models import EMBEDDED
from prompt2data.tokens import next_tokens, token_table

PROMPT = "<|im_start|>user\nHi there<|im_end|>\n<|im_start|>"


def test_the_tokens_spell_the_text_and_special_ones_are_marked(llm):
    tokenizer = llm.local_model.tokenizer
    rows = token_table(tokenizer, PROMPT)
    assert "".join(eval(row["token"]) for row in rows) == PROMPT
    assert [row["token"] for row in rows if row["special"]] == ["'<|im_start|>'", "'<|im_end|>'", "'<|im_start|>'"]
    assert token_table(tokenizer, "") == []


def test_next_tokens_are_the_models_own(llm):
    tokenizer, model = llm.local_model.tokenizer, llm.local_model.model
    rows = next_tokens(llm, PROMPT, k=5)
    ids = tokenizer(PROMPT, return_tensors="pt", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        probabilities = model(input_ids=ids).logits[0, -1].float().softmax(-1)
    values, ids = probabilities.topk(5)
    assert [row["probability"] for row in rows] == pytest.approx(values.tolist(), rel=1e-3)
    assert [row["token"] for row in rows] == [ascii(tokenizer.decode([id_])) for id_ in ids.tolist()]


def test_a_plain_transformers_llm_gives_the_same(llm):
    plain = TransformersLLM(model=EMBEDDED)
    plain.load()
    for ours, theirs in zip(next_tokens(llm, PROMPT, k=5), next_tokens(plain, PROMPT, k=5), strict=True):
        assert ours | {"probability": 0} == theirs | {"probability": 0}
        assert ours["probability"] == pytest.approx(theirs["probability"], rel=1e-3)


def test_a_long_word_is_completed(llm):
    rows = {row["token"]: row["word"] for row in next_tokens(llm, PROMPT)}
    assert rows["'ass'"] == "'assistant'"
    assert rows["'user'"] == "'user'"


def test_any_prompt_is_read_or_refused_in_one_sentence(llm, monkeypatch):
    assert len(next_tokens(llm, "", k=3)) == 3
    assert next_tokens(llm, "half \ud83d", k=3) == next_tokens(llm, "half \ufffd", k=3)
    assert token_table(llm.local_model.tokenizer, "\ud83d") == token_table(llm.local_model.tokenizer, "\ufffd")
    monkeypatch.setattr(llm.local_model.model.config, "max_position_embeddings", 4)
    with pytest.raises(ValueError, match="and the model reads 4"):
        next_tokens(llm, "one two three four five six")
