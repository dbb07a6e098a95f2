"""The rows of lesson 06 go into TRL's `DPOTrainer`: two real steps on a tiny model with the course's tokenizer."""

from __future__ import annotations

import copy
import math

import pytest
from datasets import Dataset

from prompt2data import models
from prompt2data.quality.preferences import to_preferences

RATED = [
    {
        "instruction": "Why does bread need salt?",
        "generations": ["It slows the yeast down.", "Because the sea is blue.", "It gives flavour."],
        "generation_models": ["a", "b", "a"],
        "ratings": [4.5, 1.0, 3.0],
    },
    {
        "instruction": "How long does a loaf bake?",
        "generations": ["About 45 minutes in a hot oven.", "No."],
        "generation_models": ["a", "b"],
        "ratings": [5, 2],
    },
    {"instruction": "A tie?", "generations": ["Yes.", "No."], "generation_models": ["a", "b"], "ratings": [3, 3]},
]


@pytest.fixture(scope="module")
def tokenizer():
    return models.load_tokenizer(models.EMBEDDED)


@pytest.fixture
def tiny(tokenizer):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    special = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), num_key_value_heads=2, **sizes, **special))


def train(model, tokenizer, rows, folder):
    from trl import DPOConfig, DPOTrainer

    settings = DPOConfig(
        output_dir=str(folder),
        max_steps=2,
        per_device_train_batch_size=2,
        learning_rate=1e-2,
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
    )
    trainer = DPOTrainer(
        model=model,
        ref_model=copy.deepcopy(model),  # a model made from its name would be looked up at the hub
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    before = [parameter.detach().clone() for parameter in trainer.model.parameters()]
    trainer.train()
    moved = sum(
        float((old - new.detach()).abs().sum()) for old, new in zip(before, trainer.model.parameters(), strict=True)
    )
    return trainer.state, moved


def test_two_steps_of_dpo_on_the_lessons_rows(tiny, tokenizer, tmp_path):
    rows = to_preferences(RATED, margin=1)
    assert len(rows) == 2
    state, moved = train(tiny, tokenizer, rows, tmp_path)
    losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
    assert state.global_step == 2
    assert len(losses) == 2 and all(map(math.isfinite, losses))
    assert moved > 0


def test_distilabels_own_rows_need_their_prompt_taken_out(tiny, tokenizer, tmp_path):
    """`FormatTextGenerationDPO` puts the question into chosen and rejected as well, and the prompt as a bare string."""
    from distilabel.steps import FormatTextGenerationDPO

    step = FormatTextGenerationDPO()
    step.load()
    rows = next(step.process([dict(row) for row in RATED[:2]]))
    state, _moved = train(tiny, tokenizer, [{k: r[k] for k in ("chosen", "rejected")} for r in rows], tmp_path)
    assert state.global_step == 2
    with pytest.raises(
        (AttributeError, TypeError), match="list"
    ):  # it takes the answers for texts, as the prompt is one
        train(tiny, tokenizer, [{k: r[k] for k in ("prompt", "chosen", "rejected")} for r in rows], tmp_path)
