"""What the lessons measure: shares with their uncertainty, diversity, similarity, cost.

Thin wrappers around the field's own libraries, so that a lesson's cell stays three lines long.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Any

from prompt2data.engine.embeddings import cosine as cosine
from prompt2data.engine.embeddings import embed as embed
from prompt2data.ground import segmentation
from prompt2data.i18n import _

LONGEST_COMPARED = 1000  # words of either text, by ROUGE-L
_Z95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


@dataclass(frozen=True)
class Share:
    """`k` of `n`, with the 95 % interval of Wilson (1927), which stays sensible for small n and near 0 and 1."""

    k: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.k <= self.n:
            raise ValueError(f"a share needs 0 <= k <= n, got k={self.k}, n={self.n}")

    @property
    def value(self) -> float:
        """The share itself, from 0 to 1; 0 when there was nothing to count."""
        return self.k / self.n if self.n else 0.0

    @property
    def low(self) -> float:
        """Lower end of the interval, from 0 to 1."""
        return _wilson_low(self.k, self.n)

    @property
    def high(self) -> float:
        """Upper end of the interval, from 0 to 1."""
        return 1.0 - _wilson_low(self.n - self.k, self.n)

    def __str__(self) -> str:
        if self.n == 0:
            return _("0 of 0")
        message = _("{k} of {n} ({value:.0f} %, {low:.0f}–{high:.0f} %)")
        return message.format(k=self.k, n=self.n, value=100 * self.value, low=100 * self.low, high=100 * self.high)


def _wilson_low(k: int, n: int) -> float:
    if k == 0:
        return 0.0  # exact, where the formula is off by rounding
    z2 = _Z95**2
    return (k + z2 / 2 - _Z95 * sqrt(k * (n - k) / n + z2 / 4)) / (n + z2)


def share(hits: Any, n: int | None = None) -> Share:
    """A share from two counts, `share(51, 64)`, or from truth values, `share(text.endswith("?") for text in texts)`."""
    if n is not None:
        return Share(int(hits), n)
    values = [bool(hit) for hit in hits]
    return Share(sum(values), len(values))


def difference(a: Share, b: Share) -> tuple[float, float]:
    """The 95 % interval of `a.value - b.value`, from -1 to 1, for shares of independent samples.

    Method 10 of Newcombe, "Interval Estimation for the Difference Between Independent Proportions" (1998), made of the
    Wilson intervals of both shares. That these overlap does not mean that the shares do not differ.
    """
    found = a.value - b.value
    below = sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2)
    above = sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2)
    return found - below, found + above


def told_apart(a: Share, b: Share) -> bool:
    """Whether two shares differ by more than chance may explain: the interval of their difference leaves out zero."""
    if not a.n or not b.n:
        return False
    low, high = difference(a, b)
    return low > 0 or high < 0


def compare(name_a: str, a: Share, name_b: str, b: Share) -> str:
    """A sentence on two shares, which calls one higher only if the interval of their difference leaves out zero."""
    if not told_apart(a, b):
        sizes = str(a.n) if a.n == b.n else f"{a.n}, {b.n}"
        message = _("{name_a}: {a}; {name_b}: {b}: no clear difference (n = {sizes}).")
        return message.format(name_a=name_a, a=a, name_b=name_b, b=b, sizes=sizes)
    if a.value < b.value:
        name_a, a, name_b, b = name_b, b, name_a, a
    return _("{name_a} is higher than {name_b}: {a} against {b}.").format(name_a=name_a, a=a, name_b=name_b, b=b)


def ngrams(text: str | None, n: int) -> Iterator[tuple[str, ...]]:
    """The runs of `n` lower-case words in a text, words being what whitespace separates; None has none.

    In scripts without spaces, such as Chinese and Thai, every character counts as a word.
    """
    words = segmentation.pieces(text)
    return zip(*(words[start:] for start in range(n)), strict=False)


def distinct_n(texts: Iterable[str | None], n: int) -> float:
    """Share of distinct n-grams among all n-grams of `texts`, from 0 to 1 (Li et al., 2016); 0 when there are none.

    A text that is missing (None, NaN) counts for nothing. Words are those of `ngrams`, so the number says nothing
    about texts in one language against texts in another.
    """
    grams = [gram for text in texts for gram in ngrams(text, n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def unique_share(texts: Iterable[str | None]) -> float:
    """Share of different texts, ignoring case and outer spaces, from 0 to 1; 0 when there are none.

    A text that is missing (None, NaN) counts for nothing.
    """
    forms = [segmentation.same_form(text.strip()) for text in texts if isinstance(text, str)]
    return len(set(forms)) / len(forms) if forms else 0.0


class _Words:
    """The words that ROUGE-L counts, in the form that `rouge_score` takes a tokenizer."""

    def tokenize(self, text: str | None) -> list[str]:
        return segmentation.words(text)[:LONGEST_COMPARED]


@lru_cache(maxsize=1)
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # slow: it imports NLTK

    root = logging.getLogger()
    handlers = list(root.handlers)
    scorer = RougeScorer(["rougeL"], tokenizer=_Words())
    # It may log through absl, which adds a handler to the root logger: every library's warnings would be shown.
    for handler in set(root.handlers).difference(handlers):
        root.removeHandler(handler)
    return scorer


def rouge_l(a: str | None, b: str | None) -> float:
    """ROUGE-L F-measure of two texts (Lin, 2004): 1 for the same words in the same order, 0 for no word in common.

    Words are runs of letters and digits in any script, without case and punctuation; in scripts without spaces, such
    as Chinese and Thai, every character counts as a word, and so does an emoji. A text that is missing (None, NaN) has
    no word. Time grows with the product of both lengths, so only the first `LONGEST_COMPARED` words are compared.
    """
    return _scorer().score(a, b)["rougeL"].fmeasure


def nearest(candidate: str | None, pool: Sequence[str | None]) -> tuple[int, float]:
    """Index of the text in `pool` most like `candidate`, and their ROUGE-L; (-1, 0.0) for a pool without texts.

    Texts that are missing (None, NaN) are passed over.
    """
    scores = {index: rouge_l(candidate, text) for index, text in enumerate(pool) if isinstance(text, str)}
    best = max(scores, key=scores.__getitem__, default=-1)
    return best, scores.get(best, 0.0)


def _output_tokens(value: Any, counts: bool = False) -> int:
    """Sum of the numbers below "output_tokens" in a row's statistics: a number, a list of numbers, or nested lists."""
    if isinstance(value, Mapping):
        return sum(_output_tokens(item, counts or key == "output_tokens") for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(_output_tokens(item, counts) for item in value)
    return int(value or 0) if counts else 0


def generated_tokens(rows: Iterable[Mapping[str, Any]]) -> int:
    """Tokens that the model wrote for these rows, over all tasks, from `distilabel_metadata`."""
    metadata = (row.get("distilabel_metadata") or {} for row in rows)
    return sum(
        _output_tokens(statistics)
        for tasks in metadata
        for key, statistics in tasks.items()
        if key.startswith("statistics_")
    )


def tokens_per_kept_row(rows: Sequence[Mapping[str, Any]], kept: Sequence[Any] | int) -> str:
    """A sentence: what one kept row cost in generated tokens. The last line of every lesson."""
    n_kept = kept if isinstance(kept, int) else len(kept)
    total = generated_tokens(rows)
    if n_kept == 0:
        return _("0 of {n} rows kept; {total} tokens generated.").format(n=len(rows), total=total)
    message = _("{kept} of {n} rows kept; {cost:.0f} generated tokens per kept row.")
    return message.format(kept=n_kept, n=len(rows), cost=total / n_kept)
