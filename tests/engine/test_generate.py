"""`BatchedTransformersLLM` with the real model: right tokens, right order, nothing depends on the batch."""

from __future__ import annotations

import random

import pytest
import torch

from prompt2data.engine.decoding import Request, decode
from prompt2data.engine.local_model import shared_prefix_length
from prompt2data.engine.sampling import SamplingParams
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.models import EMBEDDED
from tests.engine.conftest import conversations

GREEDY = {"do_sample": False, "max_new_tokens": 40}
SAMPLED = {"num_generations": 2, "max_new_tokens": 16, "temperature": 1.0}


def texts(outputs):
    return [output["generations"] for output in outputs]


def fresh(llm, **fields):
    """An LLM that shares the loaded model, with counters of its own."""
    other = BatchedTransformersLLM(model=EMBEDDED, **fields)
    other.local_model = llm.local_model
    return other


@pytest.mark.parametrize("penalty", [1.0, 1.2])
def test_greedy_tokens_equal_generate(llm, chats, penalty):
    tokenizer, model = llm.local_model.tokenizer, llm.local_model.model
    prompts = [tokenizer(llm.prepare_input(chat))["input_ids"] for chat in chats]
    params = SamplingParams(do_sample=False, repetition_penalty=penalty)
    generated = [
        model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=24,
            do_sample=False,
            repetition_penalty=penalty,
            eos_token_id=[2],
            pad_token_id=2,
        )[0, len(prompt) :].tolist()
        for prompt in prompts
    ]
    for stop in ([2], [2, 28, 30]):
        requests = [Request(prompt, frozenset(stop), stream=0) for prompt in prompts]
        *_before, rows = decode(llm.local_model, requests, params, 24)
        for expected, row in zip(generated, rows, strict=True):
            # What comes first does not depend on what would end the text later
            end = next((place for place, token in enumerate(expected) if token in stop), None)
            assert row.tokens == expected[:end]
            assert row.finish_reason == ("length" if end is None else "stop")


def test_the_prompt_is_the_chat_templates(llm, chats):
    tokenizer = llm.local_model.tokenizer
    for chat in chats:
        expected = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        assert llm.prepare_input(chat) == expected
        ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)["input_ids"]
        assert llm.local_model.encode(expected) == ids


@pytest.fixture(scope="module")
def together(llm):
    """The texts of all conversations in one batch."""
    return texts(fresh(llm).generate(conversations(), **SAMPLED))


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_texts_do_not_depend_on_the_batch(llm, chats, together, batch_size):
    assert texts(fresh(llm, batch_size=batch_size).generate(chats, **SAMPLED)) == together

    order = list(range(len(chats)))
    random.Random(batch_size).shuffle(order)
    if order.index(1) > order.index(5):  # equal prompts: the first to come is the first occurrence
        a, b = order.index(1), order.index(5)
        order[a], order[b] = order[b], order[a]
    shuffled = texts(fresh(llm, batch_size=batch_size).generate([chats[i] for i in order], **SAMPLED))
    assert shuffled == [together[i] for i in order]


def test_alone_or_in_company_gives_the_same_text(llm, chats):
    together = texts(fresh(llm).generate(chats, max_new_tokens=24))
    alone = fresh(llm)
    assert [texts(alone.generate([chat], max_new_tokens=24))[0] for chat in chats] == together


def test_the_same_prompt_again_gives_another_text_and_a_new_llm_starts_over(llm, chats):
    first = fresh(llm)
    once, twice = texts(first.generate(chats[2:3])), texts(first.generate(chats[2:3]))
    assert once != twice
    assert texts(fresh(llm).generate(chats[2:3])) == once


def test_seed_and_arguments_change_the_text(llm, chats):
    chat = [chats[2]]
    base = texts(fresh(llm).generate(chat))
    assert texts(fresh(llm, seed=1).generate(chat)) != base
    assert texts(fresh(llm).generate(chat, seed=1)) == texts(fresh(llm, seed=1).generate(chat))
    assert texts(fresh(llm).generate(chat, temperature=0.9)) != base


def test_a_larger_budget_goes_on_with_the_same_text(llm, chats):
    short = texts(fresh(llm).generate([chats[2]], max_new_tokens=10))[0][0]
    longer = texts(fresh(llm).generate([chats[2]], max_new_tokens=30))[0][0]
    assert longer.startswith(short)


def test_a_row_without_content_costs_only_itself(llm, chats):
    broken = [chats[0], [{"role": "user", "content": None}], chats[1]]
    outputs = fresh(llm).generate(broken, num_generations=2, max_new_tokens=8)
    whole = fresh(llm).generate([chats[0], chats[1]], num_generations=2, max_new_tokens=8)
    assert texts(outputs) == [texts(whole)[0], [None, None], texts(whole)[1]]


def test_no_rows_give_no_texts(llm):
    assert llm.generate([]) == []


def test_statistics_count_true_tokens_and_say_why_a_text_ended(llm, chats):
    outputs = fresh(llm).generate(chats, num_generations=2, max_new_tokens=12)
    for chat, output in zip(chats, outputs, strict=True):
        statistics = output["statistics"]
        assert statistics["input_tokens"] == [len(llm.local_model.encode(llm.prepare_input(chat)))] * 2
        for length, reason in zip(statistics["output_tokens"], statistics["finish_reason"], strict=True):
            assert length == 12 if reason == "length" else (reason == "stop" and length < 12)


def test_statistics_reach_the_rows_of_a_task(llm):
    from distilabel.steps.tasks import TextGeneration

    task = TextGeneration(llm=fresh(llm, generation_kwargs={"max_new_tokens": 6}), name="t", num_generations=2)
    task.load()
    rows = next(task.process([{"instruction": "Hi!"}]))
    assert len(rows) == 2
    for row in rows:
        assert row["model_name"] == EMBEDDED
        assert set(row["distilabel_metadata"]["statistics_t"]) == {"input_tokens", "output_tokens", "finish_reason"}


def test_rehearsal_caps_every_generation(llm, chats, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_REHEARSAL", "3")
    outputs = fresh(llm).generate(chats, max_new_tokens=50)
    assert max(max(output["statistics"]["output_tokens"]) for output in outputs) <= 3


def test_hidden_states_have_one_vector_a_token_whatever_the_batch(llm, chats):
    together = llm.get_last_hidden_states(chats)
    for chat, states in zip(chats, together, strict=True):
        assert states.shape == (len(llm.local_model.encode(llm.prepare_input(chat))), 576)
        (alone,) = llm.get_last_hidden_states([chat])
        assert abs(states - alone).max() < 1e-3


def test_structured_output_works_or_says_why_in_one_sentence():
    llm = BatchedTransformersLLM(model=EMBEDDED, structured_output={"format": "regex", "schema": "[0-9]{2}"})
    try:
        llm.load()
    except ImportError as error:
        assert "outlines" in str(error) and "structured_output" in str(error)
        assert "\n" not in str(error)
    else:
        (output,) = llm.generate([[{"role": "user", "content": "A number, please."}]], max_new_tokens=4)
        assert output["generations"][0].isdigit()
        llm.unload()


def test_shared_prefix_leaves_a_token_of_each():
    assert shared_prefix_length([(1, 2, 3), (1, 2, 4)]) == 2
    assert shared_prefix_length([(1, 2), (1, 2, 4)]) == 1
    assert shared_prefix_length([(5,), (6,)]) == 0
    assert shared_prefix_length([(1, 2, 3)]) == 2
    assert shared_prefix_length([[1, 2, 3], [1, 2, 4, 5], [1, 2]]) == 1
