"""Tiny models with random weights, one of each architecture: what is true of the engine must be true of all."""

from __future__ import annotations

import torch
import transformers
from transformers import PreTrainedModel

from prompt2data.engine.local_model import LocalModel

_VOCABULARY = 512
_SIZES = {
    "vocab_size": _VOCABULARY,
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GROUPED = {**_SIZES, "num_key_value_heads": 2}
_GPT2 = {"vocab_size": _VOCABULARY, "n_embd": 48, "n_layer": 2, "n_head": 4, "eos_token_id": 2, "bos_token_id": 1}

BUILT_LIKE_LLAMA = {
    "llama": ("llama", _GROUPED),
    "llama with biases": ("llama", {**_GROUPED, "attention_bias": True, "mlp_bias": True}),
    "llama with a head size of its own": ("llama", {**_GROUPED, "head_dim": 16}),
    "mistral": ("mistral", {**_GROUPED, "sliding_window": None}),
    "qwen2": ("qwen2", _GROUPED),
}
BUILT_OTHERWISE = {
    "gpt2": ("gpt2", _GPT2),
    "gemma2": ("gemma2", {**_GROUPED, "head_dim": 16, "sliding_window": 8}),
    "mistral with a window": ("mistral", {**_GROUPED, "sliding_window": 8}),
    "opt": ("opt", {**_SIZES, "ffn_dim": 96, "word_embed_proj_dim": 48}),
    "phi": ("phi", _SIZES),
}


def tiny_model(name: str) -> PreTrainedModel:
    """The model, with the same weights each time: large ones, so that its tokens differ in what they are worth."""
    kind, sizes = (BUILT_LIKE_LLAMA | BUILT_OTHERWISE)[name]
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **sizes)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.2)
    return model


def local(model: PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase) -> LocalModel:
    """What the engine runs, made of this model."""

    class Pipeline:
        pass

    pipeline = Pipeline()
    pipeline.model = model
    made = LocalModel(tokenizer, model.generation_config, lambda: pipeline)
    made.load()
    return made
