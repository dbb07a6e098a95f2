"""Rows that say what an earlier row has said: in the same words, in nearly the same, or in others.

Every function compares all rows with each other, which is right for thousands of rows and too slow for millions;
MinHash and nearest-neighbour indices exist for those. A row is only ever compared with *earlier* rows that stay, so the
first of a group is kept, and each duplicate can name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from prompt2data import metrics

if TYPE_CHECKING:
    import numpy as np

NEAR = 0.35  # share of common runs of five characters
PARAPHRASE = 0.72  # cosine

_NUMBER = re.compile(r"\d+")

_known: dict[str, np.ndarray] = {}
_MOST_KNOWN = 20_000  # texts, about 30 MB


def plain(text: str) -> str:
    """The words of a text in lower case, parted by single spaces, without punctuation."""
    return " ".join(re.findall(r"\w+", text.lower()))


def shingles(text: str, n: int = 5) -> frozenset[str]:
    """The runs of `n` characters in a text, case and punctuation aside; the text itself if it is shorter."""
    text = plain(text)
    return frozenset(text[start : start + n] for start in range(max(1, len(text) - n + 1)))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Size of the intersection over size of the union, from 0 to 1; 0 for two empty sets."""
    return len(a & b) / len(a | b) if a | b else 0.0


def exact(texts: Sequence[str]) -> dict[int, int]:
    """For each text with the words of an earlier one: its index, and the index of the first of them."""
    first: dict[str, int] = {}
    found = {}
    for index, text in enumerate(map(plain, texts)):
        if first.setdefault(text, index) != index:
            found[index] = first[text]
    return found


def near(texts: Sequence[str], threshold: float = NEAR) -> dict[int, tuple[int, float]]:
    """For each text whose runs of characters are those of an earlier kept one: index, the other's index, Jaccard."""
    sets = [shingles(text) for text in texts]
    return _first_of_each(len(texts), lambda a, b: jaccard(sets[a], sets[b]), threshold)


def paraphrases(
    embeddings: np.ndarray, instructions: Sequence[str], threshold: float = PARAPHRASE
) -> dict[int, tuple[int, float]]:
    """For each row that means what an earlier kept one means: index, the other's index, cosine.

    Two instructions that both name numbers, and not the same ones, ask different things, whatever their cosine:
    sentence embeddings hardly see a number.

    Args:
        embeddings: of instruction and response together, of length 1, shape [rows, dimensions].
        instructions: one for each row.
        threshold: from -1 to 1.
    """
    likeness = embeddings @ embeddings.T
    numbers = [frozenset(_NUMBER.findall(text)) for text in instructions]

    def similarity(a: int, b: int) -> float:
        differ = numbers[a] and numbers[b] and numbers[a] != numbers[b]
        return -1.0 if differ else float(likeness[a, b])

    return _first_of_each(len(instructions), similarity, threshold)


def _first_of_each(n: int, similarity: Callable[[int, int], float], threshold: float) -> dict[int, tuple[int, float]]:
    kept: list[int] = []
    found: dict[int, tuple[int, float]] = {}
    for index in range(n):
        scores = [similarity(index, other) for other in kept]
        best = max(range(len(kept)), key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= threshold:
            found[index] = (kept[best], scores[best])
        else:
            kept.append(index)
    return found


def embed_once(texts: Sequence[str]) -> np.ndarray:
    """What `metrics.embed` gives, with each text embedded once in a process: several filters look at the same ones."""
    import numpy as np

    new = list(dict.fromkeys(text for text in texts if text not in _known))
    if len(_known) + len(new) > _MOST_KNOWN:
        _known.clear()
        new = list(dict.fromkeys(texts))
    _known.update(zip(new, metrics.embed(new), strict=True))
    return np.stack([_known[text] for text in texts]) if len(texts) else metrics.embed([])


def embed_rows(instructions: Sequence[str], responses: Sequence[str]) -> np.ndarray:
    """Embeddings of instruction and response together, by MiniLM: shape [rows, 384], each of length 1."""
    return embed_once([f"{asked}\n{said}" for asked, said in zip(instructions, responses, strict=True)])
