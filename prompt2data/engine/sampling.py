"""From logits to the next token: repetition penalty, temperature, top-k, top-p, and a random stream for every row.

The definitions are those of transformers' logits processors, in the same order, so that greedy decoding gives the
same tokens as `model.generate`. What differs is where the randomness comes from: each row draws from a stream of
its own, keyed by everything its text may depend on. So a text never depends on which rows shared its batch.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
import torch

# With top-p alone, this many of the most likely tokens nearly always hold the mass asked for. Sorting the whole
# vocabulary instead costs hundreds of milliseconds a step.
_TOP_P_CANDIDATES = 1024
_BLOCK = 64  # logits


@dataclass(frozen=True)
class SamplingParams:
    """How the next token is drawn. Names and meanings as in transformers' `GenerationConfig`."""

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 50
    repetition_penalty: float = 1.0
    do_sample: bool = True

    @property
    def greedy(self) -> bool:
        """Whether the most likely token is always taken."""
        return not self.do_sample or self.temperature == 0.0


def stream_key(**parts: object) -> int:
    """A 128-bit key for a random stream, from everything the row's text may depend on.

    Two streams are equal only if every part is equal.
    """
    parts = {name: asdict(part) if isinstance(part, SamplingParams) else part for name, part in parts.items()}
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")


def uniforms(key: int, length: int) -> np.ndarray:
    """The first `length` numbers in [0, 1) of the stream with this key. A longer call only appends to a shorter one.

    Philox is counter-based (Salmon et al., 2011): independent streams for every key at no set-up cost.
    """
    return np.random.Generator(np.random.Philox(key=key)).random(length)


def text_streams(row: int, occurrence: int, number: int) -> list[int]:
    """Keys for the random streams of a row's `number` texts.

    Args:
        row: the key of everything else the texts depend on.
        occurrence: how often the row has come by now, from 1: the same prompt twice gives two texts.
        number: how many texts to generate.
    """
    row = stream_key(row=row, occurrence=occurrence)
    return [stream_key(row=row, generation=generation) for generation in range(number)]


def next_tokens(
    logits: torch.Tensor,
    uniform: torch.Tensor | None,
    params: SamplingParams,
    seen: torch.Tensor | None = None,
) -> torch.Tensor:
    """Draw the next token of every row.

    Args:
        logits: shape [rows, vocabulary].
        uniform: shape [rows], one number in [0, 1) a row; not read when `params.greedy`.
        params: how to draw.
        seen: shape [rows, vocabulary], True where the row's context has the token; for the repetition penalty.

    Returns:
        Token ids, shape [rows].
    """
    logits = logits.float()
    if params.repetition_penalty != 1.0 and seen is not None:
        penalty = params.repetition_penalty  # CTRL, Keskar et al., 2019
        logits = torch.where(seen, torch.where(logits < 0, logits * penalty, logits / penalty), logits)
    if params.greedy:
        return logits.argmax(dim=-1)

    logits = logits / params.temperature
    vocabulary = logits.shape[-1]
    top_k = min(params.top_k, vocabulary) if params.top_k > 0 else 0
    if top_k:
        values, tokens = _topk(logits, top_k)
        probabilities = values.double().softmax(dim=-1)
    elif params.top_p < 1.0:
        values, tokens = logits.topk(min(_TOP_P_CANDIDATES, vocabulary), dim=-1)
        total = logits.double().logsumexp(dim=-1, keepdim=True)
        probabilities = (values.double() - total).exp()
        if (probabilities.sum(dim=-1) < params.top_p).any():  # a flat distribution: take the slow, exact way
            values, tokens = logits.sort(dim=-1, descending=True)
            probabilities = (values.double() - total).exp()
    else:
        return _inverse_cdf(logits.double().softmax(dim=-1), uniform)

    if params.top_p < 1.0:
        mass_before = probabilities.cumsum(dim=-1) - probabilities
        probabilities = probabilities.masked_fill(mass_before >= params.top_p, 0.0)

    # Walk the kept tokens in the order of their ids, not of their logits: two tokens that are almost equally likely
    # may swap places when the batch changes in the last float bit, and a text must not notice.
    tokens, order = tokens.sort(dim=-1)
    position = _inverse_cdf(probabilities.gather(-1, order), uniform)
    return tokens.gather(-1, position.unsqueeze(-1)).squeeze(-1)


def probabilities(logits: torch.Tensor, params: SamplingParams) -> torch.Tensor:
    """How likely each token is to be drawn, after temperature, top-k and top-p; for looking at, not for speed.

    Args:
        logits: shape [vocabulary].
        params: how tokens are drawn; the repetition penalty is left out.

    Returns:
        Shape [vocabulary], in double precision: 0 for what is cut off, 1 in sum.
    """
    if params.greedy:
        return torch.nn.functional.one_hot(logits.argmax(), len(logits)).double()
    values, tokens = (logits.double() / params.temperature).sort(descending=True)
    if params.top_k > 0:
        values[params.top_k :] = -torch.inf
    kept = values.softmax(dim=-1)
    if params.top_p < 1.0:
        kept[kept.cumsum(dim=-1) - kept >= params.top_p] = 0.0
    return torch.zeros_like(kept).scatter_(0, tokens, kept / kept.sum())


def _topk(logits: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`logits.topk(k)`, looking first for the blocks that hold the k largest: several times as fast on a CPU."""
    rows, vocabulary = logits.shape
    if vocabulary % _BLOCK or vocabulary // _BLOCK < 2 * k:
        return logits.topk(k, dim=-1)
    blocks = logits.view(rows, -1, _BLOCK)
    best = blocks.amax(dim=-1).topk(k, dim=-1, sorted=False).indices
    candidates = blocks.gather(1, best.unsqueeze(-1).expand(-1, -1, _BLOCK)).view(rows, -1)
    values, index = candidates.topk(k, dim=-1)
    return values, best.gather(1, index // _BLOCK) * _BLOCK + index % _BLOCK


def _inverse_cdf(weights: torch.Tensor, uniform: torch.Tensor | None) -> torch.Tensor:
    """The index at which the running sum of `weights` [rows, n] passes `uniform` [rows] of its total."""
    assert uniform is not None, "only greedy decoding needs no random numbers"
    cumulative = weights.cumsum(dim=-1)
    target = uniform.to(cumulative).unsqueeze(-1) * cumulative[:, -1:]
    index = torch.searchsorted(cumulative, target, right=True).squeeze(-1)
    return index.clamp(max=weights.shape[-1] - 1)
