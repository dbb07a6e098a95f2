"""One batch through a causal language model, token by token, with rows leaving as they finish.

Why not `model.generate`: it draws all rows from one random stream, so a row's text depends on its neighbours; and
a row that has ended keeps costing as much as one that still writes. Here each row brings its own random numbers,
finished rows leave the batch, and what all prompts share at their beginning is read only once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from prompt2data.engine.local_model import LocalModel, shared_prefix_length
from prompt2data.engine.sampling import SamplingParams, next_tokens

# Reading a shared beginning apart pays only if it is longer than a few tokens.
_MIN_SHARED_PREFIX = 8


@dataclass
class DecodedRow:
    """What the model wrote for one prompt: token ids without the end token, and why it stopped."""

    tokens: list[int] = field(default_factory=list)
    finish_reason: str = "length"


class _Forward:
    """The model with its key-value cache, as a function from new tokens to logits."""

    def __init__(self, model: LocalModel) -> None:
        self.model = model
        self.cache: Any = None
        self.mask = torch.empty(0)

    def read(self, prompts: list[list[int]]) -> torch.Tensor:
        """Read the prompts; returns the logits after each, [rows, vocabulary]. Equal prompts are read once."""
        unique = sorted({tuple(prompt) for prompt in prompts})
        index = {prompt: row for row, prompt in enumerate(unique)}
        shared = shared_prefix_length(unique) if len(unique) > 1 else 0
        output, self.mask = self.model.read(unique, shared if shared >= _MIN_SHARED_PREFIX else 0)
        self.cache, logits = output.past_key_values, output.logits[:, -1]
        rows = torch.tensor([index[tuple(prompt)] for prompt in prompts], device=logits.device)
        if len(unique) < len(prompts) or not torch.equal(rows, torch.arange(len(prompts), device=logits.device)):
            self.keep(rows)
            logits = logits[rows]
        return logits

    def step(self, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Append one token to every row; returns the logits after it, [rows, vocabulary]."""
        self.mask = torch.cat([self.mask, self.mask.new_ones((len(tokens), 1))], dim=1)
        output = self.model.forward(
            tokens.unsqueeze(1),
            attention_mask=self.mask,
            position_ids=positions.unsqueeze(1),
            past_key_values=self.cache,
            use_cache=True,
        )
        self.cache = output.past_key_values
        return output.logits[:, -1]

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        self.cache.batch_select_indices(rows)
        self.mask = self.mask[rows]


@torch.inference_mode()
def decode(
    model: LocalModel,
    prompts: list[list[int]],
    params: SamplingParams,
    max_new_tokens: int,
    stop: Sequence[Collection[int]],
    uniforms: Sequence[np.ndarray] = (),
    on_step: Callable[[int, int], None] | None = None,
    on_finish: Callable[[int, DecodedRow], None] | None = None,
) -> Iterator[list[DecodedRow]]:
    """Continue every prompt until a stop token or `max_new_tokens`, and yield after each token.

    Args:
        model: the model to decode with.
        prompts: token ids, one list a row, none empty.
        params: how tokens are drawn.
        max_new_tokens: the most tokens a row may get.
        stop: the token ids that end each row.
        uniforms: one array of at least `max_new_tokens` numbers in [0, 1) a row; not needed for greedy decoding.
        on_step: called after each step with the number of tokens it gave and of rows it finished.
        on_finish: called with a row's index in `prompts` and the row, as soon as it ends.

    Yields:
        After each step one `DecodedRow` a prompt, in the order of the prompts: the same objects, which grow.
    """
    device = model.device
    results = [DecodedRow() for _ in prompts]
    forward = _Forward(model)
    logits = forward.read(prompts)

    active = list(range(len(prompts)))
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
    draws = None if params.greedy else torch.tensor(np.stack(uniforms)[:, :max_new_tokens], device=device)
    seen = None
    if params.repetition_penalty != 1.0:
        seen = torch.zeros((len(prompts), logits.shape[-1]), dtype=torch.bool, device=device)
        for row, prompt in enumerate(prompts):
            seen[row, torch.tensor(prompt, device=device)] = True

    for step in range(max_new_tokens):
        tokens = next_tokens(logits, None if draws is None else draws[:, step], params, seen)
        going, finished = [], 0
        for index, token in enumerate(tokens.tolist()):
            row = active[index]
            if token in stop[row]:
                results[row].finish_reason = "stop"
                finished += 1
            else:
                results[row].tokens.append(token)
                going.append(index)
            if on_finish is not None and (token in stop[row] or step + 1 == max_new_tokens):
                on_finish(row, results[row])
        if on_step is not None:
            on_step(len(active), finished if step + 1 < max_new_tokens else len(active))
        yield results
        if not going or step + 1 == max_new_tokens:
            break
        if finished:
            kept = torch.tensor(going, device=device)
            forward.keep(kept)
            active = [active[index] for index in going]
            tokens, lengths = tokens[kept], lengths[kept]
            draws = None if draws is None else draws[kept]
            seen = None if seen is None else seen[kept]
        if seen is not None:
            seen.scatter_(1, tokens.unsqueeze(1), True)
        logits = forward.step(tokens, lengths)
        lengths = lengths + 1
