"""What a model makes of texts that are given: read off its next-token probabilities, with nothing generated.

One forward pass reads a batch of texts. A number that was computed once is kept in the generation cache, so that a
second run of a notebook reads nothing and need not even load the model.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

from prompt2data.display.progress import progress_bar
from prompt2data.engine.local_model import LocalModel, shared_prefix_length
from prompt2data.i18n import _
from prompt2data.magpie import renderer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

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
    model = llm.local_model
    end = _end_of_turn(model.tokenizer)
    rows = []
    for instruction, answer in pairs:
        prompt = model.encode(llm.prepare_input([{"role": "user", "content": instruction}]))
        tokens = model.tokenizer(answer.strip(), add_special_tokens=False)["input_ids"]
        if not tokens:
            raise ValueError(_("An empty answer has no likelihood: drop it before you score."))
        targets = [*tokens, end]
        # Each token is predicted at the position before it.
        rows.append((prompt + tokens, list(enumerate(targets, start=len(prompt) - 1))))
    results = _log_probabilities(llm, rows)
    return [AnswerScore(tuple(values), len(ids)) for values, (ids, _requested) in zip(results, rows, strict=True)]


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
    model, tokens = llm.local_model, []
    for choice in choices:
        ids = model.tokenizer(choice, add_special_tokens=False)["input_ids"]
        if len(ids) != 1:
            raise ValueError(
                _("{choice!r} is {n} tokens for this model; choices must be one token each, such as single digits or "
                  "letters.").format(choice=choice, n=len(ids))
            )  # fmt: skip
        tokens.append(ids[0])
    prompts = [model.encode(llm.prepare_input(messages)) for messages in conversations]
    rows = [(prompt, [(len(prompt) - 1, token) for token in tokens]) for prompt in prompts]
    results = _log_probabilities(llm, rows)
    return [
        ChoiceScore(tuple(exp(value) for value in values), len(ids))
        for values, (ids, _requested) in zip(results, rows, strict=True)
    ]


def _end_of_turn(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token by which the chat template closes an assistant's turn; the end-of-sequence token where it has none."""
    if tokenizer.chat_template is not None:
        user, assistant = {"role": "user", "content": "?"}, {"role": "assistant", "content": _MARKER}
        rest = renderer(tokenizer)([user, assistant]).rpartition(_MARKER)[2]
        ids = tokenizer(rest, add_special_tokens=False)["input_ids"]
        if ids:
            return ids[0]
    return tokenizer.eos_token_id


Row = tuple[list[int], list[tuple[int, int]]]  # token ids; (position, token): how likely is this token after it?


def _log_probabilities(llm: BatchedTransformersLLM, rows: Sequence[Row]) -> list[list[float]]:
    """The log-probability of every requested token of every row, in nats."""
    values = llm.value_cache(_KIND)
    keys = [values.key(log_probabilities=requested, prompt=ids) for ids, requested in rows]
    results: dict[str | int, list[float]] = {key: _unpack(payload) for key, payload in values.get(keys).items()}
    names = [key or index for index, key in enumerate(keys)]  # without a cache each row goes by its index
    missing = {name: row for name, row in zip(names, rows, strict=True) if name not in results}
    if missing:
        with progress_bar(len(missing), _("scoring")) as bar:
            before = len(results)
            for batch in _batches(missing):
                log_probabilities = _forward(llm.local_model, [missing[name] for name in batch])
                for name, numbers in zip(batch, log_probabilities, strict=True):
                    results[name] = numbers
                    values.put(name if isinstance(name, str) else None, _pack(numbers))
                bar.update(len(results) - before)
    return [results[name] for name in names]


def _pack(values: Sequence[float]) -> bytes:
    """Numbers as the generation cache keeps them: float64, little-endian."""
    return struct.pack(f"<{len(values)}d", *values)


def _unpack(payload: bytes) -> list[float]:
    return [value for (value,) in struct.iter_unpack("<d", payload)]


def _batches(rows: dict[str | int, Row]) -> list[list[str | int]]:
    """Rows of similar length together, at most `_AT_ONCE` tokens in a batch where a row is not longer than that."""
    batches: list[list[str | int]] = [[]]
    for name in sorted(rows, key=lambda name: len(rows[name][0])):  # so the one that comes now is the longest
        if batches[-1] and (len(batches[-1]) + 1) * len(rows[name][0]) > _AT_ONCE:
            batches.append([])
        batches[-1].append(name)
    return batches


def _forward(model: LocalModel, rows: Sequence[Row]) -> list[list[float]]:
    import torch  # seconds at start-up

    # What all rows begin with, a system message for instance, is read once, up to the first position asked about.
    positions = [position for _ids, requested in rows for position, _token in requested]
    shared = min(shared_prefix_length([ids for ids, _requested in rows]), *positions) if len(rows) > 1 else 0
    last = max(len(ids) - position for ids, requested in rows for position, _token in requested)
    with torch.inference_mode():
        output, _mask = model.read([ids for ids, _requested in rows], shared, last)
        results = []
        for logits, (ids, requested) in zip(output.logits, rows, strict=True):
            shift = len(logits) - len(ids)
            columns = torch.tensor([shift + position for position, _token in requested], device=logits.device)
            tokens = torch.tensor([token for _position, token in requested], device=logits.device)
            unique, inverse = columns.unique(return_inverse=True)
            results.append(logits[unique].float().log_softmax(dim=-1)[inverse, tokens].tolist())
    return results
