"""A prompt token by token, and what the model would write next: for the tables and plots of lesson 04."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch

from prompt2data.engine.local_model import empty_prompt_id, local_model_of
from prompt2data.engine.prompts import fits, prompt_too_long
from prompt2data.untrusted import whole

if TYPE_CHECKING:
    from distilabel.models.llms.huggingface.transformers import TransformersLLM
    from transformers import PreTrainedTokenizerBase

_LONGEST_WORD = 2  # further tokens looked at to complete a word


def token_table(tokenizer: PreTrainedTokenizerBase, text: str) -> list[dict[str, Any]]:
    """The tokens of `text` in order: columns `id`, `token` (its text, as Python writes it) and `special`."""
    special = set(tokenizer.all_special_ids)
    ids = tokenizer(whole(text), add_special_tokens=False)["input_ids"]
    return [{"id": id_, "token": repr(tokenizer.decode([id_])), "special": id_ in special} for id_ in ids]


def next_tokens(llm: TransformersLLM, prompt: str, k: int = 8) -> list[dict[str, Any]]:
    """The `k` most likely tokens after `prompt`, most likely first, before any temperature or cut-off.

    Args:
        llm: a `TransformersLLM`, or an instance of a subclass, whose model is loaded.
        prompt: the text the model has read, special tokens included; an empty one stands for the token that opens or
            closes a text.
        k: how many to return.

    Returns:
        Rows with `token` (its text, as Python writes it in ASCII), `probability`, from 0 to 1, and `word`: the token
        with the rest of its word, where the model's most likely continuation goes on without a space.

    Raises:
        ValueError: if the prompt is longer than the model reads.
    """
    model = local_model_of(llm)
    pieces = model.pieces(prompt) or [empty_prompt_id(model.tokenizer)]
    if not fits(pieces, model.context, new=1):
        raise ValueError(prompt_too_long(len(pieces), model.context))
    ids = torch.tensor([pieces], device=model.device)

    def probabilities(ids: torch.Tensor) -> torch.Tensor:
        return model.forward(ids).logits[:, -1].float().softmax(dim=-1)

    with torch.inference_mode():
        top = probabilities(ids)[0].topk(k)
        # All k continuations have the same length: one batch without padding.
        grown = torch.cat([ids.expand(k, -1), top.indices.unsqueeze(1)], dim=1)
        for _step in range(_LONGEST_WORD):
            grown = torch.cat([grown, probabilities(grown).argmax(dim=-1, keepdim=True)], dim=1)
    rows = []
    for id_, probability, new in zip(
        top.indices.tolist(), top.values.tolist(), grown[:, ids.shape[1] :].tolist(), strict=True
    ):
        text = model.text([id_], special=True)
        rest = re.split(r"[\W\d_]", model.text(new[1:], special=True), maxsplit=1)[0] if text[-1:].isalpha() else ""
        rows.append({"token": ascii(text), "probability": probability, "word": ascii(text + rest)})
    return rows
