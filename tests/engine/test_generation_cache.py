"""What the generation cache may change: the time. Never a text."""

from __future__ import annotations

import random
import signal
from collections import Counter

import pytest
from distilabel.steps.tasks import TextGeneration
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import GenerationConfig

from prompt2data import cache
from prompt2data.engine.batches import Batcher
from prompt2data.engine.local_model import LocalModel
from prompt2data.engine.sampling import SamplingParams
from prompt2data.engine.value_cache import ValueCache
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.models import EMBEDDED

TEXTS = [
    "Hi!",
    "Name three kinds of bread.",
    "Explain in two sentences why bread dough rises, to somebody who has never baked anything in their life.",
    "What does salt do?",
    "Name three kinds of bread.",
    "Write one question about ovens.",
    "Hi!",
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of this test's own, empty."""
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fresh(llm, **fields) -> BatchedTransformersLLM:
    """A new LLM that counts anew, on the model that is in memory already."""
    made = BatchedTransformersLLM(model=EMBEDDED, **fields)
    made.local_model = llm.local_model
    return made


def generations(llm, texts, **arguments) -> list[str]:
    chats = [[{"role": "user", "content": text}] for text in texts]
    outputs = llm.generate(chats, max_new_tokens=arguments.pop("max_new_tokens", 12), **arguments)
    return [text for output in outputs for text in output["generations"]]


def decoded(monkeypatch) -> Counter:
    """Counts the rows that really go through the model."""
    count = Counter()
    original = Batcher.decode

    def counting(self, model, requests, *args):
        count["rows"] += len(requests)
        return original(self, model, requests, *args)

    monkeypatch.setattr(Batcher, "decode", counting)
    return count


def test_off_cold_half_warm_and_warm_give_the_same_texts(llm, folder, monkeypatch):
    count = decoded(monkeypatch)
    off = generations(fresh(llm, cache=False), TEXTS, num_generations=2)
    assert count["rows"] == 2 * len(TEXTS) and len(set(off)) > len(TEXTS)
    half = generations(fresh(llm), TEXTS[:3], num_generations=2)
    before = count["rows"]
    half_warm = generations(fresh(llm), TEXTS, num_generations=2)
    assert count["rows"] - before == 2 * len(TEXTS[3:])
    before = count["rows"]
    warm = generations(fresh(llm), TEXTS, num_generations=2)
    assert count["rows"] == before, "a warm cache needs no forward pass"
    assert off == half_warm == warm and off[: len(half)] == half
    cache.opened().clear()
    assert generations(fresh(llm), TEXTS, num_generations=2) == off


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_the_batch_and_the_order_do_not_matter(llm, folder, batch_size):
    """Two equal prompts keep their own texts, in the order in which they come."""
    straight = generations(fresh(llm, cache=False), TEXTS)
    order = list(range(len(TEXTS)))
    random.Random(batch_size).shuffle(order)
    shuffled = fresh(llm, batch_size=batch_size)
    parts = [order[:2], order[2:3], order[3:]]
    found = [text for part in parts for text in generations(shuffled, [TEXTS[place] for place in part])]
    by_prompt, expected = {}, {}
    for place, text in zip(order, found, strict=True):
        by_prompt.setdefault(TEXTS[place], []).append(text)
    for prompt, text in zip(TEXTS, straight, strict=True):
        expected.setdefault(prompt, []).append(text)
    assert by_prompt == expected


def test_a_cell_run_again_gives_new_texts_and_a_notebook_run_again_the_same(llm, folder):
    first = fresh(llm)
    cell, cell_again = generations(first, TEXTS[2:4]), generations(first, TEXTS[2:4])
    assert not set(cell) & set(cell_again)
    restarted = fresh(llm)
    assert [generations(restarted, TEXTS[2:4]), generations(restarted, TEXTS[2:4])] == [cell, cell_again]


@pytest.mark.parametrize(
    "changed",
    [
        {"max_new_tokens": 13},
        {"temperature": 0.9},
        {"top_p": 0.8},
        {"top_k": 40},
        {"repetition_penalty": 1.2},
        {"do_sample": False},
        {"seed": 1},
    ],
    ids=str,
)
def test_other_arguments_are_other_entries(llm, folder, monkeypatch, changed):
    generations(fresh(llm), TEXTS[:1])
    count = decoded(monkeypatch)
    generations(fresh(llm), TEXTS[:1])
    assert count["rows"] == 0
    generations(fresh(llm), TEXTS[:1], **changed)
    assert count["rows"] == 1


def test_a_larger_budget_goes_on_with_the_text_that_is_kept(llm, folder):
    short = generations(fresh(llm), TEXTS[2:3], max_new_tokens=6)[0]
    longer = generations(fresh(llm), TEXTS[2:3], max_new_tokens=12)[0]
    assert longer.startswith(short) and longer != short


def test_the_same_texts_from_a_model_of_another_name_and_place_but_not_of_other_files(
    llm, folder, tmp_path, monkeypatch
):
    """The fingerprint is of the content: a copy of the model is the same model, one with another template is not."""
    from prompt2data import models

    source = models.resolve(EMBEDDED)
    twin, other = tmp_path / "twin", tmp_path / "other"
    for copy in (twin, other):
        copy.mkdir()
        for path in source_files(source):
            (copy / path.name).symlink_to(path)
    template = (other / "chat_template.jinja").read_text()
    (other / "chat_template.jinja").unlink()
    (other / "chat_template.jinja").write_text(template + "{# another #}")
    texts = generations(fresh(llm), TEXTS[:2])
    count = decoded(monkeypatch)

    def on(folder):
        made = BatchedTransformersLLM(model=str(folder))
        made.load()
        return generations(made, TEXTS[:2])

    assert on(twin) == texts and count["rows"] == 0
    on(other)
    assert count["rows"] == 2


def source_files(folder):
    from pathlib import Path

    return [path for path in Path(folder).iterdir() if path.name != "prompt2data.json"]


def test_two_tasks_with_equal_settings_write_different_texts(llm, folder):
    rows = [{"instruction": text} for text in TEXTS[1:3]]
    made = {}
    for name in ("left", "right"):
        task = TextGeneration(name=name, llm=fresh(llm, generation_kwargs={"max_new_tokens": 12}))
        task.load()
        made[name] = [row["generation"] for row in next(task.process(rows))]
    assert made["left"] != made["right"]


def test_an_interrupted_call_keeps_what_was_finished_and_goes_on_from_there(llm, folder, monkeypatch):
    expected = generations(fresh(llm, cache=False), TEXTS)
    made = fresh(llm, batch_size=2)
    original, kept = ValueCache.put, []

    def interrupted(self, key, value):
        original(self, key, value)
        kept.append(key)
        if len(kept) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ValueCache, "put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        generations(made, TEXTS)
    monkeypatch.setattr(ValueCache, "put", original)
    count = decoded(monkeypatch)
    assert generations(made, TEXTS) == expected
    assert 3 <= len(kept) < len(TEXTS)
    assert count["rows"] == len(TEXTS) - len(kept)


def test_the_model_is_loaded_with_the_first_text_that_is_missing(llm, folder):
    texts = generations(fresh(llm), TEXTS[:2])
    late = BatchedTransformersLLM(model=EMBEDDED)
    late.load()
    assert not late.local_model.loaded
    assert generations(late, TEXTS[:2]) == texts
    assert not late.local_model.loaded, "everything was in the cache"
    generations(late, ["Something new."], max_new_tokens=2)
    assert late.local_model.loaded
    late.unload()


def test_a_model_put_in_by_hand_is_not_taken_for_the_one_in_the_files(llm, folder, monkeypatch):
    generations(fresh(llm), TEXTS[:1])
    made = BatchedTransformersLLM(model=EMBEDDED)
    made.load()
    made.local_model.model = llm.local_model.model
    count = decoded(monkeypatch)
    generations(made, TEXTS[:1])
    assert count["rows"] == 1


def test_replicas_that_share_batches_agree_on_the_occurrence(llm, folder):
    """Whichever replica takes a batch, and whatever it did before, the batch's texts are the same."""
    busy, idle = fresh(llm), fresh(llm)
    busy.begin_batch(0)
    first = generations(busy, TEXTS[:2])
    busy.begin_batch(1)
    second = generations(busy, TEXTS[:2])
    idle.begin_batch(1)
    assert generations(idle, TEXTS[:2]) == second != first


def test_no_text_of_a_row_without_content_and_no_entry_for_it(llm, folder):
    made = fresh(llm)
    outputs = made.generate(
        [[{"role": "user", "content": None}], [{"role": "user", "content": "Hi!"}]], max_new_tokens=3
    )
    assert outputs[0]["generations"] == [None] and outputs[1]["generations"][0]
    assert cache.opened().stats().entries == 1


# What a row's place in the cache depends on: two values for each part.
PARTS = {
    "text": st.sampled_from(["Hi!", "Hi"]),
    "temperature": st.sampled_from([0.7, 0.8]),
    "top_p": st.sampled_from([0.9, 1.0]),
    "top_k": st.sampled_from([50, 0]),
    "repetition_penalty": st.sampled_from([1.0, 1.1]),
    "do_sample": st.booleans(),
    "budget": st.integers(1, 2),
    "seed": st.integers(0, 1),
    "step": st.sampled_from(["", "left"]),
    "batch": st.sampled_from([None, 0, 1]),
    "before": st.integers(0, 2),
    "generation": st.integers(0, 2),
    "stop": st.sampled_from([2, 5]),
    "model": st.sampled_from(["one", "other"]),
    "dtype": st.sampled_from(["torch.float32", "torch.bfloat16"]),
    "device": st.sampled_from(["cpu", "cuda"]),
}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=st.fixed_dictionaries(PARTS), changes=st.dictionaries(st.sampled_from(sorted(PARTS)), st.data(), max_size=2))
def test_rows_share_an_entry_only_if_all_they_depend_on_is_equal(llm, folder, one, changes):
    other = one | {part: data.draw(PARTS[part]) for part, data in changes.items()}
    assert (entry(llm, **one) == entry(llm, **other)) == (one == other)


def entry(llm, text, budget, seed, step, batch, before, generation, stop, **parts) -> str:
    """Where the cache keeps the row; the model stays idle."""

    class Known(LocalModel):
        identity = {name: parts.pop(name) for name in ("model", "dtype", "device")}

    made = BatchedTransformersLLM(model=EMBEDDED)
    made.local_model = Known(llm.local_model.tokenizer, GenerationConfig(eos_token_id=stop), load=None)
    if batch is not None:
        made.begin_batch(batch)
    chat = [{"role": "user", "content": text}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("prompt2data.llm.calling_step", lambda: step)
        for _time in range(before + 1):
            requests = made._requests(chat, 3, SamplingParams(**parts), budget, seed, made.value_cache("text"))
    return requests[generation].entry
