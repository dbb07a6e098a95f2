"""Half the bytes for each token, as an option: near the same numbers, other texts, kept apart in the cache."""

from __future__ import annotations

import copy

import pytest
import torch

from prompt2data import BatchedTransformersLLM, cache
from prompt2data.engine.rows import SlotRows
from prompt2data.models import EMBEDDED
from tests.engine.tiny import BUILT_LIKE_LLAMA, local, tiny_model

CHATS = [[{"role": "user", "content": f"Name {number} kinds of bread."}] for number in range(1, 4)]


def generate(dtype: str) -> tuple[BatchedTransformersLLM, list[str]]:
    llm = BatchedTransformersLLM(model=EMBEDDED, torch_dtype=dtype)
    llm.load()
    return llm, [output["generations"][0] for output in llm.generate(CHATS, max_new_tokens=12)]


def test_its_texts_are_kept_apart_from_those_of_the_full_model(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path))
    half, texts = generate("bfloat16")
    assert half.local_model.model.dtype == torch.bfloat16
    assert all(text.isascii() and len(text.split()) >= 3 for text in texts), texts  # English words
    full, _texts = generate("auto")
    assert full.local_model.loaded and full.local_model.model.dtype == torch.float32
    assert cache.opened().stats().entries == 2 * len(CHATS)
    again, same = generate("bfloat16")
    assert same == texts and not again.local_model.loaded


@pytest.mark.parametrize("name", BUILT_LIKE_LLAMA)
def test_the_step_gives_what_transformers_does(name, llm):
    model = tiny_model(name).to(torch.bfloat16)
    plain = copy.deepcopy(model)
    prompts = [[3, 4, 5], [6, 7, 8, 9, 10]]
    rows = SlotRows(local(model, llm.local_model.tokenizer), len(prompts), 10)
    with torch.inference_mode():
        rows.read(prompts)
        ours = [rows.add([0, 1], prompts), rows.step(torch.tensor([11, 12])), rows.step(torch.tensor([13, 14]))]
        for row, prompt in enumerate(prompts):
            theirs = plain(torch.tensor([[*prompt, 11 + row, 13 + row]])).logits[0, len(prompt) - 1 :].float()
            mine = torch.stack([logits[row] for logits in ours]).float()
            assert (mine - theirs).abs().max() < 0.05 * theirs.abs().max()
