"""The best k rows, after Deita (Liu et al., 2023, arXiv:2312.15685): complexity, quality, diversity.

Deita lets trained models score complexity and quality. Here stand-ins do, and are named so: they see words and
embeddings, not meaning. The selection itself is the paper's: from the best row down, each that is far enough from all
that were taken before.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from prompt2data.engine.embeddings import embed
from prompt2data.i18n import _
from prompt2data.quality.duplicates import topic_words

if TYPE_CHECKING:
    import numpy as np

RowT = TypeVar("RowT")


def complexity_stand_in(instruction: str) -> int:
    """How many different words with a topic an instruction has. It stands in for a trained complexity scorer."""
    return len(topic_words(instruction))


def quality_stand_in(instructions: Sequence[str], responses: Sequence[str]) -> np.ndarray:
    """Cosine of each instruction with its response, 0 where it is negative: shape [rows], from 0 to 1.

    It stands in for a trained quality scorer. It sees whether a response keeps to the subject, not whether it is true.
    """
    import numpy as np

    both = embed([*instructions, *responses])
    cosines = np.einsum("ij,ij->i", both[: len(instructions)], both[len(instructions) :])
    return np.clip(cosines, 0.0, None)


def select(embeddings: np.ndarray, quality: Sequence[float | None], k: int, min_distance: float) -> list[int]:
    """Indices of at most `k` rows: from the highest quality down, each far enough from all that were taken.

    Args:
        embeddings: of length 1, shape [rows, dimensions].
        quality: one number per row; a row with None or NaN is never taken. Of equal rows the earlier one comes first.
        k: the most rows to take.
        min_distance: cosine distance (1 minus cosine, 0 to 2) that two taken rows have at least.
    """
    scored = [(-score, index) for index, score in enumerate(quality) if score is not None and not math.isnan(score)]
    chosen: list[int] = []
    for _score, index in sorted(scored):
        if len(chosen) >= k:
            break
        if all(1 - float(embeddings[index] @ embeddings[other]) >= min_distance for other in chosen):
            chosen.append(index)
    return chosen


def percentile(
    measure: Callable[[Sequence[RowT]], float],
    chosen: Sequence[RowT],
    pool: Sequence[RowT],
    draws: int = 1000,
    seed: int = 0,
) -> float:
    """Where a selection stands among random ones of its size: the percentage that it beats, ties counted half.

    Args:
        measure: a number for a list of rows, higher for better.
        chosen: the rows that were selected.
        pool: the rows to draw from, without replacement.
        draws: how many random subsets.
        seed: of the draws; the global random state is not touched.

    Returns:
        From 0 (worse than all) through 50 (like a typical random one) to 100 (better than all).

    Raises:
        ValueError: if the pool is smaller than the selection.
    """
    if len(chosen) > len(pool):
        message = _("{n} rows cannot be drawn from {pool}: give a larger pool.")
        raise ValueError(message.format(n=len(chosen), pool=len(pool)))
    rng = random.Random(seed)
    own = measure(chosen)
    drawn = [measure(rng.sample(list(pool), len(chosen))) for _draw in range(draws)]
    return 100 * sum((value < own) + (value == own) / 2 for value in drawn) / draws


def topics(rows: Sequence[Any]) -> int:
    """How many different topics rows have, by their column `topic`."""
    return len({row["topic"] for row in rows})
