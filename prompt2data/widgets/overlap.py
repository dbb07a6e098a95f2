"""The words that two texts share as ROUGE-L counts them: the model behind one number of `metrics.rouge_l`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prompt2data.ground.segmentation import word_spans
from prompt2data.metrics import LONGEST_COMPARED

Span = tuple[str, bool]  # a stretch of text, and whether it is a word of the common subsequence


@dataclass(frozen=True)
class Overlap:
    """Two texts, and one of their longest common subsequences of words."""

    candidate: list[Span]  # joined, they are the first text
    reference: list[Span]  # joined, they are the second text
    common: list[str]  # the subsequence without case; each word is one marked span of either text
    candidate_words: int  # number of words in the first text, `LONGEST_COMPARED` at most
    reference_words: int  # number of words in the second text, likewise

    @property
    def precision(self) -> float:
        """Share of the candidate's words that are common, from 0 to 1."""
        return len(self.common) / self.candidate_words if self.candidate_words else 0.0

    @property
    def recall(self) -> float:
        """Share of the reference's words that are common, from 0 to 1."""
        return len(self.common) / self.reference_words if self.reference_words else 0.0

    @property
    def rouge_l(self) -> float:
        """The F-measure of the two, from 0 to 1: what `metrics.rouge_l` returns."""
        from rouge_score.scoring import fmeasure

        return fmeasure(self.precision, self.recall)


def overlap(candidate: str, reference: str) -> Overlap:
    """The words that `candidate` and `reference` have in common, in the same order in both (Lin, 2004).

    If several subsequences are longest, it is one of them.
    """
    from rouge_score.rouge_scorer import lcs_ind

    spans, other_spans = (word_spans(text)[:LONGEST_COMPARED] for text in (candidate, reference))
    words, other_words = [word for *_span, word in spans], [word for *_span, word in other_spans]
    marked = lcs_ind(words, other_words) if words and other_words else []
    common = [words[index] for index in marked]
    # In the other text each word is marked as late as possible, which is also what `lcs_ind` does.
    backwards = reversed(list(enumerate(other_words)))
    other_marked = [next(index for index, other in backwards if other == word) for word in reversed(common)][::-1]
    return Overlap(
        _split(candidate, spans, marked),
        _split(reference, other_spans, other_marked),
        common,
        len(words),
        len(other_words),
    )


def _split(text: str, words: Sequence[tuple[int, int, str]], marked: Sequence[int]) -> list[Span]:
    """The whole text in spans, with the marked ones of its words on their own."""
    spans, end = [], 0
    for start, stop, _word in (words[index] for index in marked):
        spans += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [span for span in [*spans, (text[end:], False)] if span[0]]
