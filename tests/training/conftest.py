"""A tiny model in a folder, rows for it, and a cache of each test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prompt2data import models
from tests.training.children import ROWS

os.environ.setdefault("PROMPT2DATA_PROGRESS", "0")


def save_tiny_model(folder: Path, layers: int = 2, width: int = 16) -> Path:
    """A Llama with random weights and the course's tokenizer, as `save_pretrained` leaves it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = models.load_tokenizer(models.EMBEDDED)
    sizes = {"hidden_size": width, "intermediate_size": 2 * width, "num_attention_heads": 2, "num_key_value_heads": 2}
    special = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), num_hidden_layers=layers, **sizes, **special))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() > 1:
                    parameter.normal_(std=0.2)  # so that its tokens differ in what they are worth
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A cache of this test's own, empty."""
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def rows():
    return [dict(row) for row in ROWS]
