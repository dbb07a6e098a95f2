"""What a response looks like: does it refuse? Learned from texts, not written down.

A logistic regression over runs of two to five characters, for English, Vietnamese, Chinese, Japanese and Korean.
`scripts/looks.py` trains it on the texts in `scripts/looks/`; its weights are `prompt2data/data/looks.safetensors`.
Rules of words were tried before: each new writer found ways to refuse that no rule foresaw. Method: n-gram features as
in Joulin et al., "Bag of Tricks for Efficient Text Classification" (2016), https://arxiv.org/abs/1607.01759
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np

from prompt2data.quality.vocabulary import lowered

KINDS = ("refusal",)

SHA256 = "f9b157af72591a9f08deff2c7bd093c6914877ec4b5ebdf2f90ba5976f91b3d0"  # of the weights
BUCKETS = 1 << 16  # into which the runs are hashed
_LENGTHS = (2, 3, 4, 5)  # characters of a run
_START, _END = 1_500, 500  # characters: what a text looks like shows where it begins and where it ends
_EDGE = 48  # characters at either end, whose runs count on their own as well
_ASKED = 400  # characters of the instruction that a response answers
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def features(text: str, asked: str = "") -> tuple[np.ndarray, np.ndarray]:
    """The runs of a text as buckets, and their weights.

    Args:
        text: the text to look at.
        asked: the instruction that it answers, if it is a response. Its runs have buckets of their own, so that an
            apology that was asked for can be told from one that was not.

    Returns:
        Two arrays of the same length: buckets, whole numbers below `BUCKETS` in rising order, and weights, float32,
        whose squares sum to 1 for the text, and to 1/4 for the instruction.
    """
    low = _spaced(text)
    if len(low) > _START + _END:
        low = f"{low[:_START]} {low[-_END:]}"
    own = [_runs(f" {low} ", 1), _runs(f" {low[:_EDGE]}", 2), _runs(f"{low[-_EDGE:]} ", 3)]
    parts = [(np.concatenate(own), 1.0)]
    if asked:
        parts.append((_runs(f" {_spaced(asked[: 4 * _ASKED])[:_ASKED]} ", 4), 0.5))
    buckets, weights = [], []
    for found, norm in parts:
        names, counts = np.unique(found, return_counts=True)
        values = 1.0 + np.log(counts.astype(np.float32))
        buckets.append(names)
        weights.append(values * norm / max(float(np.linalg.norm(values)), 1e-9))
    names, places = np.unique(np.concatenate(buckets), return_inverse=True)
    return names, np.bincount(places, np.concatenate(weights), len(names)).astype(np.float32)


def _spaced(text: str) -> str:
    """A text in lower case, each run of spaces as one space; where a line ends shows."""
    return "\n".join(line for part in lowered(text).splitlines() if (line := " ".join(part.split())))


def _runs(text: str, place: int) -> np.ndarray:
    """The bucket of every run of a text; `place` keeps those of different places apart."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    found = []
    for length in _LENGTHS:
        if len(codes) < length:
            break
        hashed = np.full(len(codes) - length + 1, place * 31 + length, dtype=np.uint64)
        for offset in range(length):
            hashed = (hashed ^ codes[offset : len(codes) - length + 1 + offset]) * _PRIME
            hashed ^= hashed >> np.uint64(29)
        found.append(hashed % np.uint64(BUCKETS))
    return np.concatenate(found).astype(np.int64) if found else np.zeros(0, dtype=np.int64)


@cache
def _weights() -> dict[str, tuple[np.ndarray, float]]:
    from safetensors.numpy import load

    kept = load(resources.files("prompt2data").joinpath("data", "looks.safetensors").read_bytes())
    found = {}
    for kind in KINDS:
        scale, bias = kept[f"{kind}.scale"]
        found[kind] = (kept[f"{kind}.weights"].astype(np.float32) * scale, float(bias))
    return found


def likelihood(kind: str, text: str, asked: str = "") -> float:
    """How likely a text is of a kind, 0 to 1, for a reader who expects as many that are as that are not.

    Args:
        kind: one of `KINDS`.
        text: the text to look at; of a long one the beginning and the end.
        asked: the instruction that it answers, if it is a response.

    Raises:
        KeyError: if the kind is not one of these.
    """
    weights, bias = _weights()[kind]
    names, values = features(text, asked)
    return float(1 / (1 + np.exp(-np.clip(weights[names] @ values + bias, -60, 60))))
