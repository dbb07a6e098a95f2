"""The next token's distribution is that of transformers' own logits processors; streams are what they promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from prompt2data.engine.sampling import SamplingParams, next_tokens, stream_key, uniforms

DRAWS = 20_000


def reference(logits: torch.Tensor, context: torch.Tensor, params: SamplingParams) -> torch.Tensor:
    """Probabilities after transformers' processors, in `generate`'s order."""
    scores = RepetitionPenaltyLogitsProcessor(params.repetition_penalty)(context, logits.clone())
    scores = TemperatureLogitsWarper(params.temperature)(context, scores)
    if params.top_k:
        scores = TopKLogitsWarper(params.top_k)(context, scores)
    if params.top_p < 1.0:
        scores = TopPLogitsWarper(params.top_p)(context, scores)
    return scores.softmax(dim=-1)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7])
@pytest.mark.parametrize("top_k, top_p", [(0, 1.0), (5, 1.0), (0, 0.8), (7, 0.6), (50, 0.9)])
@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_draws_follow_the_reference_distribution(temperature, top_k, top_p, penalty):
    params = SamplingParams(temperature, top_p, top_k, penalty)
    logits = 3 * torch.randn(1, 40, generator=torch.Generator().manual_seed(7))
    context = torch.tensor([[1, 2, 3, 3]])
    seen = torch.zeros(1, 40, dtype=torch.bool)
    seen[0, [1, 2, 3]] = True

    # Evenly spread numbers instead of random ones: the shares must then agree to within 1 / DRAWS each.
    even = (torch.arange(DRAWS) + 0.5) / DRAWS
    tokens = next_tokens(logits.expand(DRAWS, -1), even, params, seen.expand(DRAWS, -1))

    shares = torch.bincount(tokens, minlength=40) / DRAWS
    assert torch.allclose(shares, reference(logits, context, params)[0], atol=2 / DRAWS)


def test_a_flat_distribution_takes_the_exact_way():
    # Of 3,000 equally likely tokens the 1,024 kept in advance hold far less than the mass asked for.
    logits, even = torch.zeros(1, 3000), (torch.arange(3000) + 0.5) / 3000
    tokens = next_tokens(logits.expand(3000, -1), even, SamplingParams(1.0, top_p=0.9, top_k=0))
    assert len(tokens.unique()) == pytest.approx(2700, abs=2)


def test_temperature_zero_and_do_sample_false_take_the_most_likely_token():
    logits = torch.tensor([[0.0, 3.0, 1.0], [2.0, 0.0, 1.0]])
    for params in (SamplingParams(temperature=0.0), SamplingParams(do_sample=False)):
        assert next_tokens(logits, None, params).tolist() == [1, 0]


def test_swapping_two_nearly_equal_logits_does_not_change_the_draw():
    uniform = torch.rand(1000, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    logits = torch.tensor([[1.0, 1.0 + 1e-7, 0.5, 0.2]])
    swapped = torch.tensor([[1.0 + 1e-7, 1.0, 0.5, 0.2]])
    params = SamplingParams(temperature=1.0, top_p=0.95, top_k=3)
    first = next_tokens(logits.expand(1000, -1), uniform, params)
    second = next_tokens(swapped.expand(1000, -1), uniform, params)
    assert torch.equal(first, second)


PARTS = st.fixed_dictionaries(
    {
        "prompt": st.text(max_size=8),
        "seed": st.integers(0, 3),
        "step": st.sampled_from(["", "a", "b"]),
        "occurrence": st.integers(0, 3),
        "params": st.builds(SamplingParams, temperature=st.sampled_from([0.5, 0.7]), top_k=st.sampled_from([0, 50])),
    }
)


@settings(max_examples=300, deadline=None)
@given(PARTS, PARTS)
def test_keys_are_equal_only_if_every_part_is(a, b):
    assert (stream_key(**a) == stream_key(**b)) == (a == b)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**128 - 1), st.integers(1, 64), st.integers(0, 64))
def test_a_longer_stream_begins_with_the_shorter_one(key, length, more):
    assert np.array_equal(uniforms(key, length + more)[:length], uniforms(key, length))
