"""Scores by the real model: the batched ones are those of one text at a time, and a second look reads nothing."""

from __future__ import annotations

import pytest

from prompt2data import cache
from prompt2data.engine import scoring
from prompt2data.engine.scoring import score_answers, score_choices
from prompt2data.judges import ChoiceJudge, ExpectedRatingJudge, LikelihoodJudge

PAIRS = [
    ("Why does bread need salt?", "It slows the yeast down, and it gives the bread its taste."),
    ("Why does bread need salt?", "No."),
    ("How long does a loaf bake?", "About forty-five minutes in a hot oven, the first half of them in a closed pot."),
    ("Hi!", "Bread."),
]


@pytest.fixture
def uncached(llm, monkeypatch):
    monkeypatch.setattr(llm, "cache", False)
    return llm


def one_by_one(llm, instruction, answer):
    """The plain way: render the whole conversation, one forward pass, no batch, no cache."""
    import torch

    tokenizer, model = llm.local_model.tokenizer, llm.local_model.model
    user = {"role": "user", "content": instruction}
    whole = tokenizer.apply_chat_template([user, {"role": "assistant", "content": answer}], tokenize=False)
    prompt = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
    assert whole.startswith(prompt + answer)
    ids = tokenizer(whole, return_tensors="pt")["input_ids"].to(model.device)
    start = len(tokenizer(prompt)["input_ids"])
    with torch.inference_mode():
        log_probabilities = model(ids).logits[0].float().log_softmax(dim=-1)
    end = ids[0].tolist().index(tokenizer.eos_token_id, start) + 1  # the end of the assistant's turn included
    return [log_probabilities[place - 1, ids[0, place]].item() for place in range(start, end)], end - 1


def test_batched_scores_equal_one_by_one(uncached):
    for (instruction, answer), score in zip(PAIRS, score_answers(uncached, PAIRS), strict=True):
        expected, read = one_by_one(uncached, instruction, answer)
        assert score.log_likelihoods == pytest.approx(expected, abs=1e-3)
        assert score.read == read
        assert score.mean == pytest.approx(sum(expected) / len(expected), abs=1e-3)
        assert score.mean_without_end == pytest.approx(sum(expected[:-1]) / len(expected[:-1]), abs=1e-3)


def test_batches_do_not_change_scores(uncached, monkeypatch):
    together = score_answers(uncached, PAIRS)
    monkeypatch.setattr(scoring, "_AT_ONCE", 1)
    for a, b in zip(together, score_answers(uncached, PAIRS), strict=True):
        assert a.log_likelihoods == pytest.approx(b.log_likelihoods, abs=1e-3)


def test_what_rows_begin_with_is_read_once(uncached, monkeypatch):
    """Several answers to each of a few long questions: batches by question read less than batches by length."""
    source = "Bread is flour and water, and time does the rest of the work. " * 8
    pairs = [(f"{word} {source}", "Salt, " * n + "salt.") for n in range(4) for word in ("Rye", "Oats", "Salt")]
    read, model = [], uncached.local_model
    real = model.read

    def counted(rows, shared, last):
        read.append(shared + len(rows) * (max(map(len, rows)) - shared))
        return real(rows, shared, last)

    monkeypatch.setattr(model, "read", counted)
    together = score_answers(uncached, pairs)
    assert sum(read) < sum(score.read for score in together) / 2
    monkeypatch.setattr(scoring, "_batches", lambda rows: [[row] for row in rows])
    for a, b in zip(together, score_answers(uncached, pairs), strict=True):
        assert a.log_likelihoods == pytest.approx(b.log_likelihoods, abs=1e-3)


def test_choices_equal_the_next_token_probabilities(uncached):
    import torch

    tokenizer, model = uncached.local_model.tokenizer, uncached.local_model.model
    talks = [[{"role": "user", "content": text}] for text in ("Say 1, 2 or 3.", "Which letter, A or B? Say A.")]
    scores = score_choices(uncached, talks, ["1", "A"])
    for talk, score in zip(talks, scores, strict=True):
        prompt = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"].to(model.device)
        with torch.inference_mode():
            probabilities = model(ids).logits[0, -1].float().softmax(dim=-1)
        wanted = [probabilities[tokenizer.convert_tokens_to_ids(choice)].item() for choice in ("1", "A")]
        assert score.probabilities == pytest.approx(wanted, abs=1e-4)
        assert score.read == ids.shape[1]


def test_a_second_look_computes_nothing(llm, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path))
    first = score_answers(llm, PAIRS)
    kinds = cache.opened().stats().kinds
    assert (kinds["score"], kinds.get("text")) == (len(PAIRS), None)
    monkeypatch.setattr(scoring, "_forward", lambda *args: pytest.fail("computed again"))
    second = score_answers(llm, PAIRS)
    for a, b in zip(first, second, strict=True):
        assert a.log_likelihoods == b.log_likelihoods
        assert a.read == b.read


def test_the_same_pair_twice_is_one_row(llm, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path))
    rows = []
    real = scoring._forward
    monkeypatch.setattr(scoring, "_forward", lambda model, batch: rows.extend(batch) or real(model, batch))
    a, b = score_answers(llm, [PAIRS[0], PAIRS[0]])
    assert a == b and len(rows) == 1


def test_what_cannot_be_scored_is_named(llm):
    with pytest.raises(ValueError, match="empty answer"):
        score_answers(llm, [("Why?", "  ")])
    with pytest.raises(ValueError, match="one token each"):
        score_choices(llm, [[{"role": "user", "content": "?"}]], ["excellent indeed"])
    assert score_answers(llm, []) == []


def test_model_judges_count_what_they_read(uncached):
    likelihood, expected, choice = LikelihoodJudge(uncached), ExpectedRatingJudge(uncached), ChoiceJudge(uncached)
    instruction, good = PAIRS[0]
    triple = (instruction, good, "the and of")
    assert likelihood([triple]) == [1]
    assert likelihood.rate([(instruction, " ")]) == [None]
    (rating,) = expected.rate([(instruction, good)])
    assert 1 <= rating <= 5
    assert sum(expected.distributions([(instruction, good)])[0]) == pytest.approx(1)
    assert choice([triple])[0] in (1, 2)
    assert min(likelihood.tokens, expected.tokens, choice.tokens) > 20


def test_the_end_of_the_turn_is_the_templates(llm):
    assert llm.local_model.tokenizer.decode([scoring._end_of_turn(llm.local_model.tokenizer)]) == "<|im_end|>"
