"""What a model makes of texts that are given: read off its next-token probabilities, with nothing generated.

One forward pass reads a batch of texts. A number that was computed once is kept in the generation cache, so that a
second run of a notebook reads nothing and need not even load the model.
"""

from __future__ import annotations

import inspect
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Any

from prompt2data import cache
from prompt2data.display.progress import progress_bar
from prompt2data.i18n import _
from prompt2data.magpie import renderer

if TYPE_CHECKING:
    from prompt2data.llm import BatchedTransformersLLM

_AT_ONCE = 1024  # tokens in one forward pass, padding included
_KIND = "score"  # in the generation cache
_MARKER = "THE ANSWER STANDS HERE"


@dataclass(frozen=True)
class AnswerScore:
    """How likely a model finds an answer.

    Attributes:
        log_likelihoods: one number for each token of the answer, in nats, 0 or less. The last is that of the token
            by which the assistant ends its turn.
        read: tokens that the model had to read, prompt and answer.
    """

    log_likelihoods: tuple[float, ...]
    read: int

    @property
    def mean(self) -> float:
        """Mean over the answer's tokens and the end of the turn, in nats."""
        return sum(self.log_likelihoods) / len(self.log_likelihoods)

    @property
    def mean_without_end(self) -> float:
        """Mean over the answer's own tokens, in nats."""
        own = self.log_likelihoods[:-1]
        return sum(own) / len(own)


@dataclass(frozen=True)
class ChoiceScore:
    """How a model divides its belief among a few possible next tokens.

    Attributes:
        probabilities: of each choice, in the order they were given, among all tokens: they add up to 1 or less.
        read: tokens of the prompt.
    """

    probabilities: tuple[float, ...]
    read: int


def score_answers(llm: BatchedTransformersLLM, pairs: Sequence[tuple[str, str]]) -> list[AnswerScore]:
    """Log-likelihood of each answer after its instruction, by the model's own chat template.

    Args:
        llm: a loaded `BatchedTransformersLLM`.
        pairs: (instruction, answer).

    Raises:
        ValueError: if an answer is empty.
    """
    tokenizer = llm._pipeline.tokenizer
    end = _end_of_turn(llm)
    rows = []
    for instruction, answer in pairs:
        prompt = llm._encode(llm.prepare_input([{"role": "user", "content": instruction}]))
        tokens = tokenizer(answer.strip(), add_special_tokens=False)["input_ids"]
        if not tokens:
            raise ValueError(_("An empty answer has no likelihood: drop it before you score."))
        targets = [*tokens, end]
        # The token at each place is predicted by the one before it.
        rows.append((prompt + tokens, [(len(prompt) - 1 + place, token) for place, token in enumerate(targets)]))
    found = _log_probabilities(llm, rows)
    return [AnswerScore(tuple(values), len(ids)) for values, (ids, _wanted) in zip(found, rows, strict=True)]


def score_choices(
    llm: BatchedTransformersLLM, conversations: Sequence[list[dict[str, str]]], choices: Sequence[str]
) -> list[ChoiceScore]:
    """Probability of each choice as the first token of the assistant's next turn.

    Args:
        llm: a loaded `BatchedTransformersLLM`.
        conversations: messages, of which the last is the user's.
        choices: texts that are one token each, such as "1" or "A".

    Raises:
        ValueError: if a choice is more than one token for this model.
    """
    tokenizer = llm._pipeline.tokenizer
    tokens = []
    for choice in choices:
        ids = tokenizer(choice, add_special_tokens=False)["input_ids"]
        if len(ids) != 1:
            raise ValueError(
                _("{choice!r} is {n} tokens for this model; choices must be one token each, such as single digits or "
                  "letters.").format(choice=choice, n=len(ids))
            )  # fmt: skip
        tokens.append(ids[0])
    prompts = [llm._encode(llm.prepare_input(messages)) for messages in conversations]
    rows = [(prompt, [(len(prompt) - 1, token) for token in tokens]) for prompt in prompts]
    found = _log_probabilities(llm, rows)
    return [
        ChoiceScore(tuple(exp(value) for value in values), len(ids))
        for values, (ids, _wanted) in zip(found, rows, strict=True)
    ]


def _end_of_turn(llm: BatchedTransformersLLM) -> int:
    """The token by which the chat template closes an assistant's turn; the end-of-sequence token where it has none."""
    tokenizer = llm._pipeline.tokenizer
    if tokenizer.chat_template is not None:
        user, said = {"role": "user", "content": "?"}, {"role": "assistant", "content": _MARKER}
        rest = renderer(tokenizer)([user, said]).rpartition(_MARKER)[2]
        ids = tokenizer(rest, add_special_tokens=False)["input_ids"]
        if ids:
            return ids[0]
    return tokenizer.eos_token_id


Row = tuple[list[int], list[tuple[int, int]]]  # token ids; (place, token): how likely is this token after that place?


def _log_probabilities(llm: BatchedTransformersLLM, rows: Sequence[Row]) -> list[list[float]]:
    """The log-probability of every wanted token of every row, in nats."""
    store = llm._store()
    identity = llm._pipeline.identity if store is not None else None
    keys = [_key(row, identity) if identity is not None else "" for row in rows]
    kept = store.get(list(dict.fromkeys(keys)), _KIND) if identity is not None else {}
    found: dict[str | int, list[float]] = {key: _unpack(payload) for key, payload in kept.items()}
    places = [key or place for place, key in enumerate(keys)]  # without a cache each row goes by its place
    missing = {place: row for place, row in zip(places, rows, strict=True) if place not in found}
    if missing:
        waiting = sorted(missing, key=lambda place: len(missing[place][0]))
        with progress_bar(len(waiting), _("scoring")) as bar:
            for batch in _batches(waiting, missing):
                for place, values in zip(batch, _forward(llm, [missing[place] for place in batch]), strict=True):
                    found[place] = values
                    if isinstance(place, str):
                        store.put(place, _KIND, _pack(values))
                bar.update(len(found) - len(kept))
    return [found[place] for place in places]


def _key(row: Row, identity: dict[str, str]) -> str:
    ids, wanted = row
    return cache.entry_key(log_probabilities=wanted, prompt=ids, model=identity)


def _pack(values: Sequence[float]) -> bytes:
    """Numbers as the generation cache keeps them: float64, little-endian."""
    return struct.pack(f"<{len(values)}d", *values)


def _unpack(payload: bytes) -> list[float]:
    return [value for (value,) in struct.iter_unpack("<d", payload)]


def _batches(waiting: list, rows: dict[Any, Row]) -> list[list]:
    """Rows of similar length together, at most `_AT_ONCE` tokens in a batch where a row is not longer than that."""
    batches: list[list] = [[]]
    for place in waiting:  # the shortest first, so the one that comes now is the longest
        if batches[-1] and (len(batches[-1]) + 1) * len(rows[place][0]) > _AT_ONCE:
            batches.append([])
        batches[-1].append(place)
    return batches


def _forward(llm: BatchedTransformersLLM, rows: Sequence[Row]) -> list[list[float]]:
    import torch

    model, tokenizer = llm._pipeline.model, llm._pipeline.tokenizer
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    # What all rows begin with, a system message for instance, is read once. Each keeps the places it is asked about.
    shared = min(_common([ids for ids, _wanted in rows]), *(place for _ids, wanted in rows for place, _t in wanted))
    shared = shared if len(rows) > 1 else 0
    tails = [ids[shared:] for ids, _wanted in rows]
    longest = max(map(len, tails))
    ids = torch.tensor([[pad] * (longest - len(tail)) + tail for tail in tails])
    mask = torch.tensor([[1] * shared + [0] * (longest - len(tail)) + [1] * len(tail) for tail in tails])
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, shared:]
    # Logits of places nobody asks about are many megabytes; nearly every model can leave them out.
    first = min(longest - len(row_ids) + place for row_ids, wanted in rows for place, _token in wanted) + shared
    known = inspect.signature(model.forward).parameters
    fewer = {"logits_to_keep": longest - max(first - shared, 0)} if "logits_to_keep" in known else {}
    with torch.inference_mode():
        inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
        inputs = {name: tensor.to(model.device) for name, tensor in inputs.items()}
        if shared:
            head = torch.tensor([rows[0][0][:shared]], device=model.device)
            past = model(input_ids=head, use_cache=True).past_key_values
            past.batch_repeat_interleave(len(rows))
            inputs["past_key_values"] = past
        logits = model(**inputs, use_cache=bool(shared), **fewer).logits
        values = []
        for row, (row_ids, wanted) in enumerate(rows):
            shift = logits.shape[1] - len(row_ids)
            places = torch.tensor([shift + place for place, _token in wanted], device=logits.device)
            tokens = torch.tensor([token for _place, token in wanted], device=logits.device)
            kept, at = places.unique(return_inverse=True)
            log_probabilities = logits[row, kept].float().log_softmax(dim=-1)
            values.append(log_probabilities[at, tokens].tolist())
    return values


def _common(rows: Sequence[list[int]]) -> int:
    """How many tokens all rows begin with, at most all but one of the shortest."""
    shortest, longest = min(rows), max(rows)  # in the order of lists, the two that differ first
    same = next((place for place, pair in enumerate(zip(shortest, longest, strict=False)) if pair[0] != pair[1]), None)
    return min(map(len, rows)) - 1 if same is None else min(same, min(map(len, rows)) - 1)
