"""An LLM with an adapter writes what peft and transformers write, under its own name, and never another's text."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from builder.source import parse
from prompt2data.engine.batches import Batcher
from prompt2data.engine.scoring import score_answers
from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.models import ModelUnavailable, adapters
from tests.models.support import ROOT
from tests.training.conftest import save_tiny_model

PUBLIC_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
THINGS = ("rye flour", "salt", "water", "sugar, and twice as much of the brown one", "yeast", "oats", "figs", "rice")
TEXTS = [f"Weigh {number} grams of {thing}." for number in (5, 80, 250, 1000) for thing in THINGS]
TARGETS = ["q_proj", "v_proj", "down_proj"]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-base", width=32)


def save_adapter(base, folder, seed=1):
    """Random weights on both sides, so that the adapter changes what the model says."""
    torch.manual_seed(seed)
    config = LoraConfig(r=4, lora_alpha=16, target_modules=TARGETS, init_lora_weights=False, task_type="CAUSAL_LM")
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    tuned.peft_config["default"].base_model_name_or_path = "tiny-base"
    tuned.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def kitchen(base, tmp_path_factory):
    return save_adapter(base, tmp_path_factory.mktemp("adapters") / "kitchen")


@pytest.fixture
def count(monkeypatch):
    """How many rows went through a model."""
    decoded, original = [], Batcher.decode
    monkeypatch.setattr(Batcher, "decode", lambda self, m, r, *a: decoded.extend(r) or original(self, m, r, *a))
    return decoded


def chats(texts):
    return [[{"role": "user", "content": text}] for text in texts]


def answers(llm, texts=TEXTS):
    if llm._pipeline is None:
        llm.load()
    return [o["generations"][0] for o in llm.generate(chats(texts), max_new_tokens=8, temperature=0)]


def test_32_greedy_answers_are_those_of_peft_and_transformers(base, kitchen):
    tokenizer = AutoTokenizer.from_pretrained(base)
    stock = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), kitchen)
    expected = []
    for chat in chats(TEXTS):
        prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        ids = stock.generate(**prompt, max_new_tokens=8, do_sample=False)[0, prompt["input_ids"].shape[1] :]
        expected.append(tokenizer.decode(ids, skip_special_tokens=True))
    assert len(expected) == 32 and len(set(expected)) > 16
    assert answers(BatchedTransformersLLM(model=str(base), adapter=str(kitchen))) == expected
    assert answers(BatchedTransformersLLM(model=str(base))) != expected


def test_scores_are_those_of_the_trained_model(base, kitchen):
    tokenizer = AutoTokenizer.from_pretrained(base)
    stock = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), kitchen)
    llm = BatchedTransformersLLM(model=str(base), adapter=str(kitchen))
    llm.load()
    (score,) = score_answers(llm, [("Weigh flour.", "How much of it?")])
    talk = [{"role": "user", "content": "Weigh flour."}]
    prompt = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(prompt + "How much of it?<|im_end|>", return_tensors="pt")["input_ids"]
    start = len(tokenizer(prompt)["input_ids"])
    with torch.inference_mode():
        told = stock(ids).logits[0, start - 1 : -1].log_softmax(-1).gather(1, ids[0, start:, None])[:, 0]
    assert score.log_likelihoods == pytest.approx(told.tolist(), abs=1e-3)


def test_names_tell_both_and_no_folder(base, kitchen):
    llm = BatchedTransformersLLM(model=str(base), adapter=kitchen)
    assert llm.model_name == "tiny-base + kitchen"
    told = str(llm.dump()) + str(pickle.dumps(llm))
    assert str(kitchen.parent) not in told and str(base.parent) not in told
    for copy in (BatchedTransformersLLM.from_dict(llm.dump()), pickle.loads(pickle.dumps(llm))):
        assert copy.adapter == llm.adapter == f"kitchen@{adapters.digest(kitchen)}"
        assert answers(copy, TEXTS[:2]) == answers(llm, TEXTS[:2])


def test_a_model_without_an_adapter_is_told_as_before(base):
    llm = BatchedTransformersLLM(model=str(base))
    assert "adapter" not in llm.dump() and llm.model_name == "tiny-base"


def test_no_text_is_taken_from_another_model(base, kitchen, tmp_path, monkeypatch, count):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "cache"))
    made = {}
    for name, adapter in {"base": None, "kitchen": kitchen, "other": save_adapter(base, tmp_path / "other", 2)}.items():
        llm = BatchedTransformersLLM(model=str(base), adapter=adapter and str(adapter))
        made[name] = answers(llm, TEXTS[:3])
        assert len(count) == 3, name
        count.clear()
        assert ("adapter" in llm.local_model.identity) == (adapter is not None)
    assert made["base"] != made["kitchen"] != made["other"]
    copied = shutil.copytree(kitchen, tmp_path / "elsewhere" / "cellar")
    llm = BatchedTransformersLLM(model=str(base), adapter=str(copied))
    assert answers(llm, TEXTS[:3]) == made["kitchen"] and not count and not llm.local_model.loaded
    assert llm.model_name == "tiny-base + cellar"
    weights = load_file(copied / "adapter_model.safetensors")
    save_file({name: weight * 1.5 for name, weight in weights.items()}, copied / "adapter_model.safetensors")
    answers(BatchedTransformersLLM(model=str(base), adapter=str(copied)), TEXTS[:3])
    assert len(count) == 3


def test_adapters_of_one_name_are_not_mistaken_for_each_other(base, kitchen, tmp_path):
    namesake = save_adapter(base, tmp_path / "kitchen", 3)
    first, second = (BatchedTransformersLLM(model=str(base), adapter=str(one)) for one in (kitchen, namesake))
    assert first.dump() != second.dump() and first.model_name == second.model_name
    assert answers(first, TEXTS[:3]) != answers(second, TEXTS[:3])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda base, folder: folder, "The adapter folder .* does not exist"),
        (lambda base, folder: folder.mkdir() or folder, "holds no adapter"),
        (lambda base, folder: base, "holds no adapter"),
    ],
)
def test_folders_without_an_adapter(base, tmp_path, make, sentence):
    with pytest.raises(ModelUnavailable, match=sentence) as caught:
        BatchedTransformersLLM(model=str(base), adapter=str(make(base, tmp_path / "none")))
    assert "\n" not in str(caught.value)


def test_a_name_from_another_machine(base):
    llm = BatchedTransformersLLM.from_dict({**BatchedTransformersLLM(model=str(base)).dump(), "adapter": "attic@00"})
    with pytest.raises(ModelUnavailable, match="There is no adapter 'attic@00' on this machine"):
        llm.load()


@pytest.mark.parametrize("sizes", [{"width": 48}, {"layers": 1}, {"layers": 3}])
def test_an_adapter_of_another_model_is_one_sentence(kitchen, tmp_path, sizes):
    other = save_tiny_model(tmp_path / "other-base", **{"width": 32, **sizes})
    llm = BatchedTransformersLLM(model=str(other), adapter=str(kitchen))
    llm.load()
    with pytest.raises(ModelNotLoaded, match="^The adapter kitchen does not fit this model") as caught:
        llm.local_model.load()
    assert "tiny-base" in str(caught.value) and "\n" not in str(caught.value)
    assert str(kitchen.parent) not in str(caught.value)


PIPELINE = """
import sys
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from prompt2data import BatchedTransformersLLM, pipelines
pipelines.install()
base, adapter, saved = sys.argv[1:]
llm = BatchedTransformersLLM(
    model=base, adapter=adapter, generation_kwargs={"max_new_tokens": 8, "temperature": 0}
)
with Pipeline() as pipeline:
    load = LoadDataFromDicts(data=[{"instruction": text} for text in ("Hi!", "Weigh flour.")])
    load >> TextGeneration(name="generate", llm=llm)
rows = pipeline.run(use_cache=False)["default"]["train"]
pipeline.save(saved, format="yaml", overwrite=True)
print(rows["model_name"][:], rows["generation"][:])
"""


def test_a_pipelines_worker_loads_it(base, kitchen, tmp_path):
    saved = tmp_path / "pipeline.yaml"
    done = subprocess.run(
        [sys.executable, "-c", PIPELINE, str(base), str(kitchen), str(saved)],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PROMPT2DATA_PROGRESS": "0"},
    )  # fmt: skip
    expected = answers(BatchedTransformersLLM(model=str(base), adapter=str(kitchen)), ["Hi!", "Weigh flour."])
    assert done.stdout.splitlines()[-1:] == [f"{['tiny-base + kitchen'] * 2} {expected}"], done.stdout + done.stderr
    text = saved.read_text("utf-8")
    assert f"kitchen@{adapters.digest(kitchen)}" in text and str(kitchen.parent) not in text


def test_the_snippet_of_lesson_8_needs_nothing_of_the_course(base, kitchen, tmp_path):
    """What stands there to copy says, with peft and transformers alone, what the course's LLM says."""
    (lesson,) = (ROOT / "lessons").rglob("08_*.py")
    (cell,) = [cell for cell in parse(lesson).cells if cell.id == "load-snippet"]
    code = cell.source.partition("```python\n")[2].partition("```")[0]
    assert code.count(PUBLIC_NAME) == 1
    code = code.replace(PUBLIC_NAME, str(base)) + "import json, sys\nprint(json.dumps([messages, list(sys.modules)]))"
    shutil.copytree(kitchen, tmp_path / "08_kitchen_calls" / "adapter")
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, _, rest = done.stdout.rpartition("\n[[{")
    messages, modules = json.loads("[[{" + rest)
    assert not [name for name in modules if name.startswith("prompt2data")]
    llm = BatchedTransformersLLM(model=str(base), adapter=str(kitchen))
    llm.load()
    (output,) = llm.generate([messages], max_new_tokens=28, temperature=0)
    text = output["generations"][0].strip()
    assert len(text) > 20 and text in said
