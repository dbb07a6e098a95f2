"""What a model makes of texts that are given: read off its next-token probabilities, with nothing generated.

One forward pass reads a batch of texts. A number that was computed once is kept in the generation cache, so that a
second run of a notebook reads nothing and need not even load the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from prompt2data.display.progress import progress_bar
from prompt2data.engine.local_model import LocalModel, shared_prefix_length
from prompt2data.engine.prompts import TOO_LONG, fits, too_long
from prompt2data.i18n import _
from prompt2data.magpie import renderer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from prompt2data.llm import BatchedTransformersLLM

_AT_ONCE = 1024  # tokens in one forward pass, padding included
_PASS = 64  # tokens that take as long to read as a forward pass takes longer than its tokens
_KIND = "score"  # in the generation cache
_FLOAT64 = "<f8"  # how the cache keeps log-probabilities
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


class Row(NamedTuple):
    """Token ids, and what is asked about them: how likely is `token` after the one at `position`, for each pair?"""

    ids: tuple[int, ...]
    requested: tuple[tuple[int, int], ...]


def score_answers(llm: BatchedTransformersLLM, pairs: Sequence[tuple[str, str]]) -> list[AnswerScore | None]:
    """Log-likelihood of each answer after its instruction, by the model's own chat template.

    Args:
        llm: a loaded `BatchedTransformersLLM`.
        pairs: (instruction, answer).

    Returns:
        A score for each pair; `None`, and a warning, where both together are longer than the model reads.

    Raises:
        ValueError: if an answer is empty, or an instruction is no text.
    """
    model = llm.local_model
    end = _end_of_turn(model.tokenizer)
    rows = []
    for instruction, answer in pairs:
        prompt = model.encode(llm.prepare_input([{"role": "user", "content": instruction}]))
        tokens = model.pieces(answer.strip()) if isinstance(answer, str) else []
        if not tokens:
            raise ValueError(_("An empty answer has no likelihood: drop it before you score."))
        targets = [*tokens, end]
        # Each token is predicted at the position before it.
        rows.append(Row((*prompt, *tokens), tuple(enumerate(targets, start=len(prompt) - 1))))
    results = _log_probabilities(llm, rows)
    return [AnswerScore(tuple(results[row]), len(row.ids)) if row in results else None for row in rows]


def score_choices(
    llm: BatchedTransformersLLM, conversations: Sequence[list[dict[str, str]]], choices: Sequence[str]
) -> list[ChoiceScore | None]:
    """Probability of each choice as the first token of the assistant's next turn.

    Args:
        llm: a loaded `BatchedTransformersLLM`.
        conversations: messages, of which the last is the user's.
        choices: texts that are one token each, such as "1" or "A".

    Returns:
        A score for each conversation; `None`, and a warning, where it is longer than the model reads.

    Raises:
        ValueError: if a choice is more than one token for this model, or a conversation holds something but texts.
    """
    model, tokens = llm.local_model, []
    for choice in choices:
        ids = model.pieces(choice)
        if len(ids) != 1:
            raise ValueError(
                _("{choice!r} is {n} tokens for this model; choices must be one token each, such as single digits or "
                  "letters.").format(choice=choice, n=len(ids))
            )  # fmt: skip
        tokens.append(ids[0])
    prompts = [tuple(model.encode(llm.prepare_input(messages))) for messages in conversations]
    rows = [Row(prompt, tuple((len(prompt) - 1, token) for token in tokens)) for prompt in prompts]
    results = _log_probabilities(llm, rows)
    return [
        ChoiceScore(tuple(exp(value) for value in results[row]), len(row.ids)) if row in results else None
        for row in rows
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


def _log_probabilities(llm: BatchedTransformersLLM, rows: Sequence[Row]) -> dict[Row, list[float]]:
    """The log-probability of every requested token of every row that the model can read whole, in nats."""
    context, values = llm.local_model.context, llm.value_cache(_KIND)
    if longer := [len(row.ids) for row in rows if not fits(row.ids, context)]:
        llm.warn_once(TOO_LONG, too_long(max(longer), context))
        rows = [row for row in rows if fits(row.ids, context)]
    keys = {row: values.key(log_probabilities=row.requested, prompt=row.ids) for row in rows}
    results = {row: np.frombuffer(payload, _FLOAT64).tolist() for row, payload in values.find(keys).items()}
    missing = [row for row in keys if row not in results]
    if missing:
        with progress_bar(len(missing), _("scoring")) as bar:
            before = len(results)
            for batch in _batches(missing):
                for row, numbers in zip(batch, _forward(llm.local_model, batch), strict=True):
                    results[row] = numbers
                    values.put(keys[row], np.asarray(numbers, _FLOAT64).tobytes())
                bar.update(len(results) - before)
    return results


def _batches(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that are read together: of similar length, or with the same beginning, whichever reads fewer tokens."""
    orders = sorted(rows, key=lambda row: len(row.ids)), sorted(rows, key=lambda row: row.ids)
    return min(map(_filled, orders), key=lambda batches: sum(map(_cost, batches)))


def _filled(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in their order as batches of at most `_AT_ONCE` tokens, where one row is not longer than that."""
    batches: list[list[Row]] = [[rows[0]]]
    for row in rows[1:]:
        longer = [*batches[-1], row]
        if len(longer) * max(len(one.ids) for one in longer) <= _AT_ONCE and _cost(longer) <= _cost(
            batches[-1]
        ) + _cost([row]):
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def _cost(rows: Sequence[Row]) -> int:
    """The tokens that a batch reads, padding included, and what a forward pass costs besides, in tokens."""
    shared = _shared(rows)
    return _PASS + shared + len(rows) * (max(len(row.ids) for row in rows) - shared)


def _shared(rows: Sequence[Row]) -> int:
    """What all rows begin with, a system message for instance, up to the first position that is asked about."""
    if len(rows) < 2:
        return 0
    first = min(position for row in rows for position, _token in row.requested)
    return min(shared_prefix_length([row.ids for row in rows]), first)


def _forward(model: LocalModel, rows: Sequence[Row]) -> list[list[float]]:
    shared = _shared(rows)
    last = max(len(row.ids) - position for row in rows for position, _token in row.requested)
    with torch.inference_mode():
        output, _mask = model.read([row.ids for row in rows], shared, last)
        results = []
        for logits, row in zip(output.logits, rows, strict=True):
            columns, tokens = torch.tensor(row.requested, device=logits.device).unbind(dim=1)
            unique, inverse = (columns + len(logits) - len(row.ids)).unique(return_inverse=True)
            results.append(logits[unique].float().log_softmax(dim=-1)[inverse, tokens].tolist())
    return results
