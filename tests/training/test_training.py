"""`train`: the real SFTTrainer on a tiny model, nothing twice, and nothing changed around it."""

from __future__ import annotations

import copy
import json
import logging
import os
import random
import shutil
import warnings
from contextlib import contextmanager
from importlib.metadata import version

import pytest

from prompt2data import cache, models, training
from prompt2data.engine import tuning
from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.ground.whole import NotWritten
from prompt2data.models import EMBEDDED, ModelUnavailable
from prompt2data.training import Trained, train
from tests.training.children import ARGS, LORA
from tests.training.conftest import save_tiny_model

FILES = {"adapter_config.json", "adapter_model.safetensors", "training.json"}


def bytes_of(made: Trained) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in made.folder.iterdir() if path.name != "training.json"}


@pytest.fixture
def nothing_is_trained(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a training began")

    return lambda: monkeypatch.setattr(training, "tuned", refuse)


# -- what it makes ----------------------------------------------------------------------------------------------------


def test_trl_and_peft_objects_train_once(tiny, rows, folder, nothing_is_trained):
    from peft import LoraConfig
    from trl import SFTConfig

    args, lora = SFTConfig(**ARGS, bf16=False, output_dir="somewhere"), LoraConfig(**LORA)
    before = copy.deepcopy((args.to_dict(), lora.to_dict()))
    made = train(rows, args, lora, model=str(tiny), name="kitchen")
    assert (made.found, made.name, {path.name for path in made.folder.iterdir()}) == (False, "kitchen", FILES)
    assert [step for step, _loss in made.losses] == [1, 2, 3, 4]
    assert made.losses[-1][1] < made.losses[0][1]
    assert (args.to_dict(), lora.to_dict()) == before
    assert not os.path.exists("somewhere")
    nothing_is_trained()
    again = train(rows, args, lora, model=str(tiny), name="kitchen")
    assert again.found and (again.folder, again.losses, again.seconds) == (made.folder, made.losses, made.seconds)
    assert folder in made.folder.parents


def test_what_is_kept_tells_of_no_machine(tiny, rows, folder):
    made = train(rows, ARGS, LORA, model=str(tiny))
    config = json.loads((made.folder / "adapter_config.json").read_text("utf-8"))
    assert config["base_model_name_or_path"] == "tiny-llama"
    assert config["task_type"] == "CAUSAL_LM" and config["r"] == 4
    for name in FILES - {"adapter_model.safetensors"}:
        text = (made.folder / name).read_text("utf-8")
        assert str(tiny.parent) not in text and str(folder) not in text
    assert str(folder) not in repr(made)


def test_the_loss_is_that_of_the_completions(tiny, rows, folder):
    """In the first step the adapter adds nothing yet, so the loss is the model's own."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    made = train(rows, {**ARGS, "max_steps": 1, "per_device_train_batch_size": 4}, LORA, model=str(tiny))
    model, tokenizer = AutoModelForCausalLM.from_pretrained(tiny), AutoTokenizer.from_pretrained(tiny)
    losses = []
    for row in rows:
        prompt = tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template(row["prompt"] + row["completion"], tokenize=False)
        ids, start = tokenizer(whole, return_tensors="pt")["input_ids"], len(tokenizer(prompt)["input_ids"])
        with torch.inference_mode():
            logits = model(ids).logits[0, start - 1 : -1]
        losses.append(torch.nn.functional.cross_entropy(logits, ids[0, start:], reduction="none"))
    assert made.losses[0][1] == pytest.approx(torch.cat(losses).mean().item(), abs=2e-3)


def test_logits_are_computed_for_completions_alone(tiny, rows, folder, monkeypatch):
    """A prompt of some forty tokens stands before a completion of fifteen; its logits would be most of the work."""
    from transformers import AutoTokenizer
    from trl.trainer import utils

    seen = []
    real = utils._ChunkedLogProbFunction

    class Counting:
        @staticmethod
        def apply(hidden, *others):
            seen.append(len(hidden))
            return real.apply(hidden, *others)

    monkeypatch.setattr(utils, "_ChunkedLogProbFunction", Counting)
    before = utils._use_triton
    train(rows[:2], ARGS | {"max_steps": 1}, LORA, model=str(tiny))
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    learned = 0
    for row in rows[:2]:
        whole = tokenizer.apply_chat_template(row["prompt"] + row["completion"], return_dict=True)["input_ids"]
        learned += len(whole) - len(
            tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, return_dict=True)["input_ids"]
        )
    assert seen == [learned]
    assert utils._use_triton is before


def test_the_same_rows_give_the_same_bytes(tiny, rows, folder, monkeypatch):
    first = train(rows, ARGS, LORA, model=str(tiny))
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(folder.parent / "another"))
    random.seed(99)
    second = train(rows, ARGS, LORA, model=str(tiny))
    assert not second.found and second.folder != first.folder
    assert bytes_of(second) == bytes_of(first) and second.losses == first.losses


def test_without_a_cache_it_trains_each_time(tiny, rows):
    first, second = (train(rows, {**ARGS, "max_steps": 1}, LORA, model=str(tiny)) for _ in range(2))
    assert not first.found and not second.found
    assert bytes_of(first) == bytes_of(second) and first.folder != second.folder


def test_the_course_model_learns(rows, folder):
    """Three steps of the model that learners train."""
    from peft import LoraConfig
    from trl import SFTConfig

    settings = {"max_steps": 3, "per_device_train_batch_size": 4, "learning_rate": 2e-3, "bf16": False}
    made = train(rows, SFTConfig(**settings), LoraConfig(r=8, target_modules="all-linear"), model=EMBEDDED)
    assert made.losses[-1][1] < made.losses[0][1] / 2
    assert json.loads((made.folder / "adapter_config.json").read_text("utf-8"))["base_model_name_or_path"] == EMBEDDED
    assert 5_000_000 < (made.folder / "adapter_model.safetensors").stat().st_size < 15_000_000


# -- what is the same training ----------------------------------------------------------------------------------------


@pytest.fixture
def cheap(monkeypatch):
    """In place of a training: the files that it would leave."""

    class Saved:
        def save_pretrained(self, folder):
            for name in ("adapter_config.json", "adapter_model.safetensors", "README.md"):
                with open(os.path.join(folder, name), "w") as file:
                    file.write("{}")

    @contextmanager
    def fake(*_args, **_kwargs):
        yield Saved(), [(1, 0.5)]

    monkeypatch.setattr(training, "tuned", fake)


def test_what_does_not_decide_the_result(tiny, rows, folder, cheap, monkeypatch, tmp_path):
    assert not train(rows, ARGS, LORA, model=str(tiny)).found
    for other in (
        {"output_dir": "elsewhere"}, {"logging_steps": 5}, {"report_to": ["tensorboard"]}, {"run_name": "mine"},
        {"save_strategy": "epoch"}, {"disable_tqdm": False}, {"hub_token": "secret"}, {"bf16": True}, {"use_cpu": True},
    ):  # fmt: skip
        if not {"bf16", "use_cpu"} & other.keys() or training.expected_device(None) == "cpu":
            assert train(rows, {**ARGS, **other}, LORA, model=str(tiny)).found, other
    extra = [{**row, "source": "people"} for row in rows]
    assert train(extra, ARGS, {**LORA}, model=str(tiny)).found
    copied = shutil.copytree(tiny, tmp_path / "copy-of-tiny")
    assert train(rows, ARGS, LORA, model=str(copied)).found


def test_what_decides_the_result(tiny, rows, folder, cheap, monkeypatch, tmp_path):
    assert not train(rows, ARGS, LORA, model=str(tiny)).found
    assert not train(rows[::-1], ARGS, LORA, model=str(tiny)).found
    assert not train(rows[:-1], ARGS, LORA, model=str(tiny)).found
    assert not train(rows, {**ARGS, "seed": 8}, LORA, model=str(tiny)).found
    assert not train(rows, {**ARGS, "learning_rate": 1e-3}, LORA, model=str(tiny)).found
    assert not train(rows, ARGS, {**LORA, "r": 2}, model=str(tiny)).found
    other = save_tiny_model(tmp_path / "other", layers=1)
    assert not train(rows, ARGS, LORA, model=str(other)).found
    for package in ("torch", "transformers", "peft", "trl"):
        with monkeypatch.context() as patch:
            patch.setattr(training, "version", lambda name, package=package: "9" if name == package else version(name))
            assert not train(rows, ARGS, LORA, model=str(tiny)).found
    assert train(rows, ARGS, LORA, model=str(tiny)).found


def test_objects_of_peft_are_told_by_what_they_hold(tiny, rows, folder, cheap):
    from peft import LoraConfig
    from trl import SFTConfig

    def found(**lora):
        args = SFTConfig(**ARGS, bf16=False)
        return train(rows, args, LoraConfig(**{**LORA, **lora}), model=str(tiny)).found

    assert [found(), found(), found(target_modules=["q_proj"]), found(r=2)] == [False, True, False, False]


def test_another_name_needs_no_training(tiny, rows, folder, nothing_is_trained):
    args = {**ARGS, "max_steps": 1}
    made = train(rows, args, LORA, model=str(tiny), name="kitchen")
    nothing_is_trained()
    other = train(rows, args, LORA, model=str(tiny), name="cellar")
    assert other.found and other.name == "cellar" and made.folder.is_dir()
    assert bytes_of(other) == bytes_of(made) and other.losses == made.losses


def test_a_damaged_adapter_is_trained_anew(tiny, rows, folder):
    def made():
        return train(rows, {**ARGS, "max_steps": 1}, LORA, model=str(tiny))

    whole = bytes_of(made())
    for name in sorted(FILES):
        path = made().folder / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content if name.endswith(".safetensors") else content[: len(content) // 2])
        again = made()
        assert not again.found and bytes_of(again) == whole
        assert made().found


def test_clearing_the_cache_forgets_adapters_too(tiny, rows, folder, cheap):
    made = train(rows, ARGS, LORA, model=str(tiny))
    before = cache.opened().stats().bytes
    assert before > sum(path.stat().st_size for path in made.folder.iterdir())
    cache.opened().clear()
    assert not made.folder.exists() and cache.opened().stats().bytes < before
    assert not train(rows, ARGS, LORA, model=str(tiny)).found


# -- what it tells ----------------------------------------------------------------------------------------------------


def test_each_loss_is_told_also_when_it_is_found(tiny, rows, folder, monkeypatch):
    told, shown = [], {}

    @contextmanager
    def bar(total, label, unit=None):
        progress = tuning.Progress(total, unit)
        shown[label] = (total, unit)
        yield progress

    monkeypatch.setattr(tuning, "progress_bar", bar)
    made = train(rows, ARGS, LORA, model=str(tiny), on_loss=lambda step, loss: told.append((step, loss)))
    assert told == made.losses
    total, words = shown["training"]
    assert total == 4
    assert words(4, 4) == f"4 of 4 steps · loss {made.losses[-1][1]:.2f}"
    told.clear()
    train(rows, ARGS, LORA, model=str(tiny), on_loss=lambda step, loss: told.append((step, loss)))
    assert told == made.losses


def test_what_a_caller_raises_is_the_callers(tiny, rows, folder):
    def stop(step, _loss):
        raise FileNotFoundError("mine")

    with pytest.raises(FileNotFoundError, match="^mine$"):
        train(rows, ARGS, LORA, model=str(tiny), on_loss=stop)
    assert not train(rows, ARGS, LORA, model=str(tiny)).found


GOOD = {"prompt": [{"role": "user", "content": "Hi!"}], "completion": [{"role": "assistant", "content": "Hi."}]}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "There are no rows to train on"),
        ([GOOD, {"prompt": GOOD["prompt"]}], "Row 1 lacks the column completion"),
        ([{"completion": GOOD["completion"]}], "Row 0 lacks the column prompt"),
        ([GOOD, {**GOOD, "completion": None}], "The completion of row 1 is no conversation"),
        ([{**GOOD, "prompt": []}], "The prompt of row 0 is no conversation"),
        ([{**GOOD, "prompt": "Hi!"}], "The prompt of row 0 is no conversation"),
        ([{**GOOD, "prompt": [{"role": "user", "content": None}]}], "The prompt of row 0 is no conversation"),
        ([GOOD, None], "Row 1 is not a dictionary"),
        (None, "list of rows"),
    ],
)
def test_rows_that_cannot_be_used(tiny, given, sentence, nothing_is_trained):
    nothing_is_trained()
    with pytest.raises((ValueError, TypeError), match=sentence) as caught:
        train(given, ARGS, LORA, model=str(tiny))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "a@b", "."])
def test_names_that_are_none(tiny, rows, name):
    with pytest.raises(ValueError, match="no name for an adapter"):
        train(rows, ARGS, LORA, model=str(tiny), name=name)


def test_a_table_of_datasets_or_pandas_is_the_same_training(tiny, rows, folder, cheap):
    import pandas as pd
    from datasets import Dataset

    assert not train(rows, ARGS, LORA, model=str(tiny)).found
    assert train(Dataset.from_list(rows), ARGS, LORA, model=str(tiny)).found
    assert train(pd.DataFrame(rows), ARGS, LORA, model=str(tiny)).found


def test_a_model_that_is_not_there(rows, tmp_path):
    with pytest.raises(ModelUnavailable, match="does not exist"):
        train(rows, ARGS, LORA, model=str(tmp_path / "none"))


def test_a_model_that_does_not_load_is_one_sentence(rows, tiny, tmp_path):
    broken = shutil.copytree(tiny, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(ModelNotLoaded, match="^The model broken could not be loaded for training") as caught:
        train(rows, ARGS, LORA, model=str(broken))
    assert "\n" not in str(caught.value)


def test_too_little_memory_is_one_sentence(tiny, rows):
    def full(_step, _loss):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    with pytest.raises(MemoryError, match="smaller per_device_train_batch_size"):
        train(rows, ARGS, LORA, model=str(tiny), on_loss=full)


def test_a_full_disk_is_told_in_one_sentence(tiny, rows, folder):
    resource = pytest.importorskip("resource")  # Windows has no limits
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(step, _loss):
        if step == ARGS["max_steps"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, unlimited[1]))

    try:
        with pytest.raises(NotWritten, match="PROMPT2DATA_CACHE") as caught:
            train(rows, ARGS, LORA, model=str(tiny), on_loss=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert str(caught.value).startswith(f"The trained adapter cannot be kept in {folder / 'adapters'} (")
    assert "File too large" in str(caught.value) and "\n" not in str(caught.value)
    assert [path.name for path in next((folder / "adapters").iterdir()).iterdir()] == [".lock"]


# -- what it leaves as it was -----------------------------------------------------------------------------------------


def test_nothing_global_changes(tiny, rows, folder, capfd):
    import datasets
    import numpy as np
    import torch
    import transformers
    from huggingface_hub import constants

    def surroundings():
        return (
            random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist(),
            torch.get_num_threads(), transformers.logging.get_verbosity(), logging.root.manager.disable,
            transformers.utils.logging.is_progress_bar_enabled(), datasets.are_progress_bars_disabled(),
            constants.HF_HUB_OFFLINE, list(warnings.filters), dict(os.environ),
            torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(), os.getcwd(), sorted(os.listdir()),
        )  # fmt: skip

    train(rows, {**ARGS, "max_steps": 1}, LORA, model=str(tiny))  # first imports have their own filters of warnings
    transformers.logging.set_verbosity(20)
    try:
        before = surroundings()
        train(rows, ARGS, LORA, model=str(tiny))
        assert surroundings() == before
        with pytest.raises(ZeroDivisionError):
            train(rows, {**ARGS, "seed": 1}, LORA, model=str(tiny), on_loss=lambda _step, _loss: 1 / 0)
        assert surroundings() == before
    finally:
        transformers.logging.set_verbosity_error()
    assert capfd.readouterr() == ("", "")
    assert models.folders()["tiny-llama"] == str(tiny)
