"""One batch through a causal language model, token by token, with rows leaving as they finish.

Why not `model.generate`: it draws all rows from one random stream, so a row's text depends on its neighbours; and
a row that has ended keeps costing as much as one that still writes. Here each row brings its own random numbers,
finished rows leave the batch, and what all prompts share at their beginning is read only once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from prompt2data.engine.sampling import SamplingParams, next_tokens

# Reading a shared beginning apart pays only if it is longer than a few tokens.
_MIN_SHARED_PREFIX = 8


@dataclass
class DecodedRow:
    """What the model wrote for one prompt: token ids without the end token, and why it stopped."""

    tokens: list[int] = field(default_factory=list)
    finish_reason: str = "length"


def shared_prefix_length(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all prompts have in common at their beginning; at least one token of each is left out."""
    first, last = min(prompts), max(prompts)  # the two that differ earliest, in lexicographic order
    limit = min(len(prompt) for prompt in prompts) - 1
    common = 0
    while common < limit and first[common] == last[common]:
        common += 1
    return common


def left_pad(prompts: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, each [rows, longest prompt], the padding on the left."""
    width = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), width), pad)
    mask = torch.zeros((len(prompts), width), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids, mask


class _Forward:
    """The model with its key-value cache, as a function from new tokens to logits."""

    def __init__(self, model: torch.nn.Module, pad: int) -> None:
        self.model = model
        self.pad = pad
        self.device = model.device
        self.cache = None
        self.mask = torch.empty(0)
        accepted = inspect.signature(model.forward).parameters
        # Logits of the whole prompt are [rows, length, vocabulary]: hundreds of megabytes nobody reads.
        self.last_only = {"logits_to_keep": 1} if "logits_to_keep" in accepted else {}

    def read(self, prompts: list[list[int]]) -> torch.Tensor:
        """Read the prompts; returns the logits after each, [rows, vocabulary]. Equal prompts are read once."""
        unique = sorted({tuple(prompt) for prompt in prompts})
        place = {prompt: index for index, prompt in enumerate(unique)}
        shared = shared_prefix_length(unique)
        if shared >= _MIN_SHARED_PREFIX and len(unique) > 1:
            self.mask = torch.ones((1, shared), dtype=torch.long, device=self.device)
            self._call(torch.tensor([unique[0][:shared]]), torch.arange(shared).unsqueeze(0))
            self.cache.batch_repeat_interleave(len(unique))
        else:
            shared = 0
        ids, mask = left_pad([prompt[shared:] for prompt in unique], self.pad)
        prefix = torch.ones((len(unique), shared), dtype=torch.long)
        self.mask = torch.cat([prefix, mask], dim=1).to(self.device)
        positions = (shared + mask.cumsum(dim=1) - 1).clamp(min=0)
        logits = self._call(ids, positions)
        rows = torch.tensor([place[tuple(prompt)] for prompt in prompts], device=self.device)
        if len(unique) < len(prompts) or not torch.equal(rows, torch.arange(len(prompts), device=self.device)):
            self.keep(rows)
            logits = logits[rows]
        return logits

    def step(self, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Append one token to every row; returns the logits after it, [rows, vocabulary]."""
        self.mask = torch.cat([self.mask, self.mask.new_ones((len(tokens), 1))], dim=1)
        return self._call(tokens.unsqueeze(1), positions.unsqueeze(1))

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        self.cache.batch_select_indices(rows)
        self.mask = self.mask[rows]

    def _call(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        output = self.model(
            input_ids=ids.to(self.device),
            attention_mask=self.mask,
            position_ids=positions.to(self.device),
            past_key_values=self.cache,
            use_cache=True,
            **self.last_only,
        )
        self.cache = output.past_key_values
        return output.logits[:, -1]


def decode(*args: Any, **kwargs: Any) -> list[DecodedRow]:
    """The rows of `decode_steps`, called with the same arguments, when all have ended."""
    rows = []
    for rows in decode_steps(*args, **kwargs):  # noqa: B007
        pass
    return rows


@torch.inference_mode()
def decode_steps(
    model: torch.nn.Module,
    prompts: list[list[int]],
    params: SamplingParams,
    max_new_tokens: int,
    stop: set[int] | Sequence[set[int]],
    uniforms: Sequence[np.ndarray] | None = None,
    pad: int = 0,
    on_step: Callable[[int, int], None] | None = None,
    on_finish: Callable[[int, DecodedRow], None] | None = None,
) -> Iterator[list[DecodedRow]]:
    """Continue every prompt until a stop token or `max_new_tokens`, and give way after each token.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        prompts: token ids, one list a row, none empty.
        params: how tokens are drawn.
        max_new_tokens: the most tokens a row may get.
        stop: token ids that end a row: one set for all rows, or one a row.
        uniforms: one array of at least `max_new_tokens` numbers in [0, 1) a row; not needed for greedy decoding.
        pad: any valid token id.
        on_step: called after each step with the number of tokens it gave and of rows it finished.
        on_finish: called with a row's place in `prompts` and the row, as soon as it ends.

    Yields:
        After each step one `DecodedRow` a prompt, in the order of the prompts: the same objects, which grow.
    """
    stops = [stop] * len(prompts) if isinstance(stop, set) else list(stop)
    device = model.device
    results = [DecodedRow() for _ in prompts]
    forward = _Forward(model, pad)
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
        for place, token in enumerate(tokens.tolist()):
            row = active[place]
            if token in stops[row]:
                results[row].finish_reason = "stop"
                finished += 1
            else:
                results[row].tokens.append(token)
                going.append(place)
            if on_finish is not None and (token in stops[row] or step + 1 == max_new_tokens):
                on_finish(row, results[row])
        if on_step is not None:
            on_step(len(active), finished if step + 1 < max_new_tokens else len(active))
        yield results
        if not going or step + 1 == max_new_tokens:
            break
        if finished:
            kept = torch.tensor(going, device=device)
            forward.keep(kept)
            active = [active[place] for place in going]
            tokens, lengths = tokens[kept], lengths[kept]
            draws = None if draws is None else draws[kept]
            seen = None if seen is None else seen[kept]
        if seen is not None:
            seen.scatter_(1, tokens.unsqueeze(1), True)
        logits = forward.step(tokens, lengths)
        lengths = lengths + 1
