"""Rows that give away an evaluation set: training on them makes its score say nothing.

Two nets. Common runs of words find a question that was copied, whole or with a frame around it (13 words for GPT-3,
Brown et al., 2020, arXiv:2005.14165, appendix C; 8 here, since the questions are short). Neighbours in the space of
sentence embeddings find one that was asked in other words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prompt2data.quality.duplicates import embed_once, plain

RUN = 8  # words
NEIGHBOUR = 0.75  # cosine


def word_runs(text: str, n: int = RUN) -> set[str]:
    """The runs of `n` words in a text, case and punctuation aside; a shorter text is one run."""
    words = plain(text).split()
    if len(words) <= n:
        return {" ".join(words)} if words else set()
    return {" ".join(words[start : start + n]) for start in range(len(words) - n + 1)}


def common_run(text: str, question: str, n: int = RUN) -> bool:
    """Whether a text holds `n` words of a question in a row, or the whole question if it is shorter."""
    size = min(n, len(plain(question).split()))
    return bool(size) and not word_runs(question, size).isdisjoint(word_runs(text, size))


def by_words(texts: Sequence[str], questions: Sequence[str], n: int = RUN) -> dict[int, int]:
    """For each text that shares a run of words with a question: its index, and the index of the first such question."""
    found = {}
    for index, text in enumerate(texts):
        hit = next((place for place, question in enumerate(questions) if common_run(text, question, n)), None)
        if hit is not None:
            found[index] = hit
    return found


def by_neighbours(
    texts: Sequence[str], questions: Sequence[str], threshold: float = NEIGHBOUR
) -> dict[int, tuple[int, float]]:
    """For each text whose nearest question is near enough: its index, the question's index, their cosine.

    Question and answer together part better than questions alone, on both sides.
    """
    if not texts or not questions:
        return {}
    likeness = embed_once(texts) @ embed_once(questions).T
    nearest = likeness.argmax(axis=1)
    return {
        index: (int(place), float(likeness[index, place]))
        for index, place in enumerate(nearest)
        if likeness[index, place] >= threshold
    }


def memorised(rows: Sequence[Mapping[str, Any]], evaluation: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether a parrot answers each evaluation question rightly, after "training" on `rows`.

    The parrot learns nothing: it looks up the row whose instruction is nearest to the question and says its response.
    The answer counts if it holds the question's `key`. What it scores is what memory alone can score.

    Args:
        rows: with `instruction` and `response`.
        evaluation: with `question` and `key`.
    """
    if not rows:
        return [False] * len(evaluation)
    known = embed_once([row["instruction"] for row in rows])
    asked = embed_once([row["question"] for row in evaluation])
    nearest = (asked @ known.T).argmax(axis=1) if len(evaluation) else []
    return [
        row["key"].lower() in rows[int(place)]["response"].lower()
        for row, place in zip(evaluation, nearest, strict=True)
    ]
