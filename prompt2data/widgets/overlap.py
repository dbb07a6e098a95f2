"""The words that two texts share as ROUGE-L counts them: what stands behind one number of `metrics.rouge_l`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Piece = tuple[str, bool]  # a stretch of a text, and whether it is a word of the common subsequence

_WORD = re.compile(r"[a-z0-9]+")  # rouge_score's tokens, found in lower case; everything else parts them


@dataclass(frozen=True)
class Overlap:
    """Two texts, and one of their longest common subsequences of words.

    Attributes:
        candidate: the first text in pieces; joined, they are the text.
        reference: the second text in pieces.
        common: the words of the subsequence in order, lower case; each is one marked piece of either text.
        candidate_words: how many words the first text has.
        reference_words: how many words the second text has.
    """

    candidate: list[Piece]
    reference: list[Piece]
    common: list[str]
    candidate_words: int
    reference_words: int

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

    Time grows with the product of their lengths. Where several subsequences are longest, it is one of them.
    """
    from rouge_score.rouge_scorer import lcs_ind

    spans, other_spans = _words(candidate), _words(reference)
    words, other_words = [word for *_span, word in spans], [word for *_span, word in other_spans]
    marked = lcs_ind(words, other_words) if words and other_words else []
    common = [words[place] for place in marked]
    return Overlap(
        _pieces(candidate, spans, marked),
        _pieces(reference, other_spans, _places(common, other_words)),
        common,
        len(words),
        len(other_words),
    )


def _words(text: str) -> list[tuple[int, int, str]]:
    """Start, end and lower-case form of each word."""
    lower, places = [], []
    for place, character in enumerate(text):
        for small in character.lower():  # İ becomes two characters, so positions may shift
            lower.append(small)
            places.append(place)
    matches = _WORD.finditer("".join(lower))
    return [(places[match.start()], places[match.end() - 1] + 1, match[0]) for match in matches]


def _places(common: Sequence[str], words: Sequence[str]) -> list[int]:
    """Where the words of a subsequence stand, the last possible place for each, as `lcs_ind` does it."""
    found, place = [], len(words)
    for word in reversed(common):
        place -= 1
        while words[place] != word:
            place -= 1
        found.append(place)
    return found[::-1]


def _pieces(text: str, spans: Sequence[tuple[int, int, str]], marked: Sequence[int]) -> list[Piece]:
    pieces, end = [], 0
    for start, stop, _word in (spans[place] for place in marked):
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]
