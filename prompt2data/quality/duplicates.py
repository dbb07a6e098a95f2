"""Rows that repeat an earlier row: in the same words, in nearly the same, or in others.

Every function compares all rows with each other, which is right for thousands of rows and too slow for millions;
MinHash and nearest-neighbour indices exist for those. A row is only ever compared with *earlier* rows that stay, so the
first of a group is kept, and each duplicate can name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING

from prompt2data.engine.embeddings import embed
from prompt2data.quality.language import not_english
from prompt2data.quality.texts import joined
from prompt2data.quality.vocabulary import STOPWORDS, plain, words

if TYPE_CHECKING:
    import numpy as np

NEAR = 0.35  # share of common runs of five characters
PARAPHRASE = 0.61  # mean of three cosines, see `embed_rows`
SAME_ANSWER = 0.65  # cosine of two responses

_NUMBER = re.compile(r"\d+")


def topic_words(text: str | None) -> frozenset[str]:
    """The different words of a text that carry a topic, in lower case. Those that carry none are known for English."""
    return frozenset(words(text)) - STOPWORDS


def shingles(text: str | None, n: int = 5) -> frozenset[str]:
    """The runs of `n` characters in a text, ignoring case and punctuation; the text itself if it is shorter.

    In scripts without spaces, such as Chinese and Thai, one is put between any two characters.
    """
    text = plain(text)
    return frozenset(text[start : start + n] for start in range(max(1, len(text) - n + 1)))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Size of the intersection over size of the union, from 0 to 1; 0 for two empty sets."""
    return len(a & b) / len(a | b) if a | b else 0.0


def exact(texts: Sequence[str | None]) -> dict[int, int]:
    """For each text with the words of an earlier one: its index, and the index of the first of them.

    A text that is missing (None, NaN) repeats nothing, and nothing repeats it.
    """
    first: dict[str, int] = {}
    firsts = {index: first.setdefault(plain(text), index) for index, text in enumerate(texts) if isinstance(text, str)}
    return {index: other for index, other in firsts.items() if other != index}


def near(texts: Sequence[str | None], threshold: float = NEAR) -> dict[int, tuple[int, float]]:
    """For each text whose runs of characters are those of an earlier kept one: index, the other's index, Jaccard.

    A text that is missing (None, NaN) repeats nothing, and nothing repeats it.
    """
    sets = [shingles(text) if isinstance(text, str) else frozenset() for text in texts]
    return _first_of_each(len(texts), lambda a, b: jaccard(sets[a], sets[b]), threshold)


def paraphrases(
    instructions: Sequence[str], responses: Sequence[str], threshold: float = PARAPHRASE
) -> dict[int, tuple[int, float]]:
    """For each row that means what an earlier kept one means: index, the other's index, similarity.

    Sentence embeddings hardly see what a single word or number changes. So two rows never count as the same
    if their instructions name different numbers, or if they are one or two words apart and the answers do not agree:
    how to store onions is not how to store potatoes. The model of the embeddings knows English: to it, any two texts in
    Chinese are much alike. So a row with an instruction or a response in another language is no one's paraphrase.

    Args:
        instructions: one for each row.
        responses: likewise.
        threshold: of the similarity that `embed_rows` gives, from -1 to 1.
    """
    if not instructions:
        return {}
    points = embed_rows(instructions, responses)
    answers = embed(responses)
    likeness, agreement = points @ points.T, answers @ answers.T
    numbers = [frozenset(_NUMBER.findall(text)) for text in instructions]
    topics = [topic_words(text) for text in instructions]
    foreign = [any(map(not_english, row)) for row in zip(instructions, responses, strict=True)]

    def similarity(a: int, b: int) -> float:
        if foreign[a] or foreign[b]:
            return -inf
        if numbers[a] and numbers[b] and numbers[a] != numbers[b]:
            return -1.0
        if agreement[a, b] < SAME_ANSWER and _one_word_apart(topics[a], topics[b]):
            return -1.0
        return float(likeness[a, b])

    return _first_of_each(len(instructions), similarity, threshold)


def _one_word_apart(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two questions share a word and are otherwise one or two words apart, on both sides."""
    return bool(a & b) and 1 <= len(a - b) <= 2 and 1 <= len(b - a) <= 2


def _first_of_each(n: int, similarity: Callable[[int, int], float], threshold: float) -> dict[int, tuple[int, float]]:
    kept: list[int] = []
    found: dict[int, tuple[int, float]] = {}
    for index in range(n):
        scores = {other: similarity(index, other) for other in kept}
        nearest = max(kept, key=scores.__getitem__, default=index)
        if scores.get(nearest, -inf) >= threshold:
            found[index] = (nearest, scores[nearest])
        else:
            kept.append(index)
    return found


def embed_rows(instructions: Sequence[str], responses: Sequence[str]) -> np.ndarray:
    """Three embeddings of each row, of its instruction, its response and both, side by side: shape [rows, 1152].

    Each row has length 1, and the product of two rows is the mean of their three cosines. Where two people ask the
    same thing, one of the three may be low (a short answer, an unusual word), and seldom all of them.
    """
    import numpy as np

    views = (instructions, responses, joined(instructions, responses))
    return np.concatenate([embed(texts) for texts in views], axis=1) / np.sqrt(3)
