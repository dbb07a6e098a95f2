"""Rows as they come: whatever one of them holds costs that row, and no other one anything."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

from prompt2data import constrained, judges, models
from prompt2data.engine import embeddings, scoring
from prompt2data.engine.decoding import DecodedRow, Request, decode
from prompt2data.engine.prompts import NoPrompt, readable
from prompt2data.engine.sampling import SamplingParams
from prompt2data.llm import BatchedTransformersLLM
from tests.engine.tiny import BUILT_LIKE_LLAMA, BUILT_OTHERWISE, local, tiny_model

CONTEXT = 96  # tokens
SMALL = {"max_new_tokens": 6}


def said(content: object, **more: object) -> list[dict]:
    return [{"role": "user", "content": content, **more}]


GOOD = [said("Why salt?"), said("How long does dough rise?")]
LONG = said("How long does dough rise? " * 40)


@pytest.fixture(scope="module")
def small():
    """A model of random weights and a short context, behind the course's tokenizer."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.LlamaConfig(vocab_size=49_152, max_position_embeddings=CONTEXT, **sizes)
    return transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


@pytest.fixture
def llm(small):
    made = BatchedTransformersLLM(model=models.EMBEDDED)
    made.load()
    made.local_model = local(small, made.local_model.tokenizer)
    return made


def outcome(output: dict) -> tuple[list[str | None], list[str]]:
    return output["generations"], output["statistics"]["finish_reason"]


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING, logger="distilabel.llm")
    return lambda: [record.getMessage() for record in caplog.records if record.name.startswith("distilabel")]


# -- longer than the context ------------------------------------------------------------------------------------------


def test_a_prompt_beyond_the_context_costs_its_row_and_one_warning(llm, warnings):
    expected = llm.generate(GOOD, **SMALL)
    llm.begin_batch(0)
    llm._batch = None
    outputs = llm.generate([GOOD[0], LONG, LONG, GOOD[1]], num_generations=1, **SMALL)
    llm.generate([LONG], num_generations=2, **SMALL)
    assert [outputs[0], outputs[3]] == expected
    assert outcome(outputs[1]) == ([None], ["too long"]) and outputs[1]["statistics"]["output_tokens"] == [0]
    (sentence,) = warnings()
    tokens = len(llm.local_model.encode(llm.prepare_input(LONG)))
    assert f"{tokens} tokens" in sentence and "96" in sentence and "Shorten it" in sentence


def test_no_model_is_needed_to_see_that_a_prompt_is_too_long(warnings):
    fresh = BatchedTransformersLLM(model=models.EMBEDDED)
    fresh.load()
    (output,) = fresh.generate([said("dough " * 9_000)], num_generations=2)
    assert outcome(output) == ([None, None], ["too long"] * 2)
    assert not fresh.local_model.loaded and "8,192" in warnings()[0]


def test_what_fits_is_written(llm):
    room = 5
    prompt = said("dough")
    while len(llm.local_model.encode(llm.prepare_input(prompt))) < CONTEXT - room:
        prompt = said(prompt[0]["content"] + " dough")
    whole = llm.generate([prompt, GOOD[0]], max_new_tokens=room)
    llm._occurrences.clear()
    outputs = llm.generate([prompt, GOOD[0]], max_new_tokens=40)
    assert outputs[0] == whole[0] and outcome(outputs[0])[1] == ["length"]
    assert outputs[0]["statistics"]["output_tokens"] == [room]
    assert outputs[1]["statistics"]["output_tokens"][0] > room
    for _more in range(room):
        prompt = said(prompt[0]["content"] + " dough")
        (output,) = llm.generate([prompt], max_new_tokens=40)
        left = CONTEXT - len(llm.local_model.encode(llm.prepare_input(prompt)))
        assert output["statistics"]["output_tokens"] == [left]
        assert outcome(output)[1] == (["length"] if left else ["too long"])


@pytest.mark.parametrize("name", [*BUILT_LIKE_LLAMA, *BUILT_OTHERWISE])
def test_each_row_ends_where_its_room_ends(name, llm):
    model = local(tiny_model(name), llm.local_model.tokenizer)
    prompts = [[5, 6, 7], [9, 8], [4] * 12]

    def rows(rooms):
        requests = [Request(prompt, frozenset(), 7, room=room) for prompt, room in zip(prompts, rooms, strict=True)]
        *_before, last = decode(model, requests, SamplingParams(), 10, slots=lambda _room: 2)
        return last

    free, bound = rows([None] * 3), rows([3, None, 1])
    expected = [DecodedRow(row.tokens[:room], "length") for row, room in zip(free, (3, 10, 1), strict=True)]
    assert bound == expected


def test_a_model_without_a_limit_reads_everything(llm):
    config = transformers.BloomConfig(vocab_size=49_152, hidden_size=32, n_layer=1, n_head=2)  # positions as biases
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    llm.local_model = local(model, llm.local_model.tokenizer)
    assert llm.local_model.context is None
    (output,) = llm.generate([LONG], **SMALL)
    assert outcome(output)[0] != [None]


def test_a_text_of_the_cache_is_cut_to_the_room(tmp_path, monkeypatch, llm, small):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path))
    model = llm.local_model
    monkeypatch.setattr(type(model), "identity", {"model": "tiny"})
    (free,) = llm.generate([GOOD[0]], max_new_tokens=12)
    room = 4
    monkeypatch.setattr(small.config, "max_position_embeddings", len(model.encode(llm.prepare_input(GOOD[0]))) + room)
    again = BatchedTransformersLLM(model=models.EMBEDDED)
    again.local_model = model
    monkeypatch.setattr(type(model), "load", lambda self: pytest.fail("it is in the cache"))
    (bound,) = again.generate([GOOD[0]], max_new_tokens=12)
    assert bound["statistics"]["output_tokens"] == [room] and outcome(bound)[1] == ["length"]
    assert free["generations"][0].startswith(bound["generations"][0].rstrip("\ufffd"))


def test_scores_of_what_cannot_be_read_are_none(llm, warnings):
    pairs = [("Why salt?", "For taste."), ("Why salt?", "For taste. " * 60), ("Why steam?", "A crust.")]
    first, none, last = scoring.score_answers(llm, pairs)
    assert none is None and [first, last] == scoring.score_answers(llm, [pairs[0], pairs[2]])
    chosen = scoring.score_choices(llm, [GOOD[0], LONG], ["1", "A"])
    assert chosen[0] is not None and chosen[1] is None
    assert constrained.generate_matching(llm, [LONG, GOOD[0]], "(yes|no)", 4)[0] is None
    assert len(warnings()) == 1


def test_judges_leave_open_what_they_cannot_read(llm):
    long = "For taste. " * 60
    pairs = [("Why salt?", "For taste."), ("Why salt?", long), ("Why salt?", None), (None, "Yes."), ("Why salt?", " ")]
    for judge in (judges.LikelihoodJudge(llm), judges.ExpectedRatingJudge(llm)):
        ratings = judge.rate(pairs)
        assert ratings[0] is not None and ratings[1:4] == [None] * 3
    triples = [("Why salt?", "For taste.", long), ("Why salt?", None, "For taste."), (["a"], "b", np.nan)]
    for judge in (judges.LikelihoodJudge(llm), judges.ExpectedRatingJudge(llm), judges.ChoiceJudge(llm)):
        assert judge(triples) == [None] * 3


def test_minilm_reads_the_beginning_and_says_so():
    start = "How long does dough rise in a cold kitchen? " * 40
    assert np.allclose(*embeddings.embed([start + "And why salt?", start + "Nothing else."]), atol=1e-6)
    assert "256" in embeddings.embed.__doc__


# -- messages ---------------------------------------------------------------------------------------------------------

UNREADABLE = [
    said(7),
    said(2.5),
    said(True),
    said(b"bytes"),
    said({"text": "no type", "audio": 1, "nothing": None} | {"text": None}),
    said([{"type": "image", "image": "a.png"}, {"type": "text", "text": "What is it?"}]),
    said([]),
    said([7]),
    said(object()),
    [{"content": "no role"}],
    [{"role": None, "content": "x"}],
    ["no message"],
    "a text",
    {"role": "user", "content": "one message alone"},
    7,
    [None],
]
MISSING = [said(None), said(np.nan), said(float("nan")), said(pd.NA), [{"role": "user"}], None]


@pytest.mark.parametrize("odd", UNREADABLE, ids=lambda odd: repr(odd).split(" at 0x")[0][:60])
def test_what_is_no_text_costs_its_row(llm, odd, warnings):
    outputs = llm.generate([GOOD[0], odd, GOOD[1]], **SMALL)
    llm._occurrences.clear()
    assert [outputs[0], outputs[2]] == llm.generate(GOOD, **SMALL)
    assert outcome(outputs[1]) == ([None], ["unreadable"])
    (sentence,) = warnings()
    assert sentence.endswith("Its row gets no text.") and "\n" not in sentence


@pytest.mark.parametrize("odd", MISSING, ids=lambda odd: repr(odd).split(" at 0x")[0][:60])
def test_what_is_missing_costs_its_row_and_no_warning(llm, odd, warnings):
    outputs = llm.generate([GOOD[0], odd], num_generations=2, **SMALL)
    assert outcome(outputs[1]) == ([None, None], ["none", "none"])
    assert outputs[0]["generations"] != [None, None] and warnings() == []


def test_messages_may_come_from_a_table_or_in_parts(llm):
    plain = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why\nsalt?"}]
    forms = [
        np.array(plain, dtype=object),
        tuple(plain),
        pd.DataFrame({"messages": [plain]})["messages"].to_numpy()[0],
        [{**plain[0], "content": np.str_("Be brief.")}, plain[1]],
        [plain[0], {"role": "user", "content": [{"type": "text", "text": "Why"}, {"type": "text", "text": "salt?"}]}],
        [plain[0], {"role": "user", "content": np.array([{"type": "text", "text": "Why\nsalt?"}], dtype=object)}],
        [plain[0], {"role": "user", "content": {"type": "text", "text": "Why\nsalt?"}}],
    ]
    for form in forms:
        assert readable(form) == plain
        assert llm.prepare_input(form) == llm.prepare_input(plain)


def test_a_conversation_that_the_template_refuses_costs_its_row(llm, monkeypatch, warnings):
    template = "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools here') }}{% endif %}"
    monkeypatch.setattr(llm.local_model.tokenizer, "chat_template", template + "{{ m.content }}{% endfor %}")
    outputs = llm.generate([[{"role": "tool", "content": "x"}], GOOD[0]], **SMALL)
    assert outcome(outputs[0]) == ([None], ["unreadable"]) and outcome(outputs[1])[0] != [None]
    assert "no tools here" in warnings()[0]


def test_a_prompt_of_no_conversation_is_refused_in_one_sentence(llm):
    with pytest.raises(NoPrompt, match="type int"):
        llm.prepare_input(said(7))
    with pytest.raises(ValueError, match="cannot be read"):
        scoring.score_answers(llm, [(7, "x")])
    with pytest.raises(ValueError, match="empty answer"):
        scoring.score_answers(llm, [("Why?", None)])


# -- half a surrogate pair --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "whole"),
    [("half \ud83d", "half \ufffd"), ("\udc00 half", "\ufffd half"), ("\ud83d\ude00", "😀"), ("a\ud83db", "a\ufffdb"),
     ("nul \x00", "nul \x00"), ("line \u2028 \u2029 \x85", "line \u2028 \u2029 \x85")],
)  # fmt: skip
def test_half_a_surrogate_pair_is_read_as_the_replacement_character(llm, broken, whole):
    outputs = llm.generate([said(broken), GOOD[0]], **SMALL)
    llm._occurrences.clear()
    assert outputs == llm.generate([said(whole), GOOD[0]], **SMALL)
    assert llm.prepare_input(said([{"type": "text", "text": broken}])) == llm.prepare_input(said(whole))
    assert scoring.score_answers(llm, [(broken, broken + "!")]) == scoring.score_answers(llm, [(whole, whole + "!")])
    assert (embeddings.embed([broken]) == embeddings.embed([whole])).all()


@pytest.mark.parametrize("odd", [None, 7, float("nan"), ["a"], np.array(["a", "b"]), b"a"])
def test_what_is_no_text_is_not_embedded(odd):
    with pytest.raises(TypeError, match="Text 1 .*drop its row"):
        embeddings.embed(["bread", odd])
