"""Judges of answers, and the exam that a judge has to pass before it may rate.

A **judge** is a callable. It is given triples (instruction, first answer, second answer) and returns for each of them
1 or 2, the position of the better answer, or None where it does not decide. A judge that rates answers one by one
(`RatingJudge`) has a method `rate` as well. It cannot prefer a position, because it never sees two answers at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from prompt2data.engine.scoring import score_answers, score_choices
from prompt2data.metrics import Share

if TYPE_CHECKING:
    from prompt2data.llm import BatchedTransformersLLM

Triple = tuple[str, str, str]
Judge = Callable[[Sequence[Triple]], list[int | None]]
PASS_MARK = 0.6  # what the lower end of the interval has to be above
KINDS_TO_PASS = 3

RATING_PROMPT = "Grade the answer from 1 (bad) to 5 (excellent). Reply with one digit."
CHOICE_PROMPT = "Which answer is better? Reply with one letter, A or B."


class RatingJudge:
    """A judge by ratings: the answer with the higher one is better, equal ratings decide nothing.

    Args:
        rate: a function from an instruction and an answer to a number, higher is better; None for "cannot say".

    Attributes:
        tokens: tokens that a model read and wrote for it so far.
    """

    tokens = 0

    def __init__(self, rate: Callable[[str, str], float | None]) -> None:
        self._rate_one = rate

    def rate(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """A rating for each (instruction, answer)."""
        return [self._rate_one(instruction, answer) for instruction, answer in pairs]

    def __call__(self, triples: Sequence[Triple]) -> list[int | None]:
        pairs = [(instruction, answer) for instruction, *answers in triples for answer in answers]
        unique = list(dict.fromkeys(filter(_are_texts, pairs)))  # an answer that comes twice is rated once
        ratings = dict(zip(unique, self.rate(unique), strict=True))
        known = [ratings[pair] if _are_texts(pair) else None for pair in pairs]
        return [_higher(first, second) for first, second in zip(known[::2], known[1::2], strict=True)]


def _higher(first: float | None, second: float | None) -> int | None:
    if first is None or second is None or not (isfinite(first) and isfinite(second)) or first == second:
        return None
    return 1 if first > second else 2


class LikelihoodJudge(RatingJudge):
    """Rates an answer by its mean log-likelihood under a model, in nats per token.

    Args:
        llm: a loaded `BatchedTransformersLLM`.
        end: whether the token that ends the turn counts. An answer that stops too early is then an unlikely one.
    """

    def __init__(self, llm: BatchedTransformersLLM, end: bool = True) -> None:
        self.llm, self.end = llm, end

    def rate(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """The mean log-likelihood of each answer; None for an empty one, and for a pair that is too long to read."""
        filled = [index for index, pair in enumerate(pairs) if _are_texts(pair) and pair[1].strip()]
        scores = dict(zip(filled, score_answers(self.llm, [pairs[index] for index in filled]), strict=True))
        self.tokens += sum(score.read for score in scores.values() if score)
        ratings = {
            index: score.mean if self.end else score.mean_without_end for index, score in scores.items() if score
        }
        return [ratings.get(index) for index in range(len(pairs))]


class WithRules(RatingJudge):
    """Another judge's ratings, lowered for every fault that a program finds.

    Args:
        judge: a rating judge.
        faults: how many faults an answer has, by rules that need no model.
        penalty: what one fault costs, in units of the judge's rating. More than two ratings ever differ by, it puts
            every faulty answer below every sound one.
    """

    def __init__(self, judge: RatingJudge, faults: Callable[[str], int], penalty: float = 5.0) -> None:
        self.judge, self.faults, self.penalty = judge, faults, penalty

    def rate(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """The rating of each (instruction, answer), penalties taken off; None where the judge has none."""
        before = self.judge.tokens
        ratings = self.judge.rate(pairs)
        self.tokens += self.judge.tokens - before
        return [
            None if rating is None else rating - self.penalty * self.faults(answer)
            for rating, (_instruction, answer) in zip(ratings, pairs, strict=True)
        ]


class ExpectedRatingJudge(RatingJudge):
    """Rates an answer by what a model expects: the mean of 1 to 5, weighted by the probability of each digit.

    Args:
        llm: a loaded `BatchedTransformersLLM`.
        prompt: the system prompt, which says what is asked for.
    """

    DIGITS = ("1", "2", "3", "4", "5")

    def __init__(self, llm: BatchedTransformersLLM, prompt: str = RATING_PROMPT) -> None:
        self.llm, self.prompt = llm, prompt

    def conversation(self, instruction: str, answer: str) -> list[dict[str, str]]:
        """What the model gets to read."""
        text = f"Question: {instruction}\nAnswer: {answer}\nGrade from 1 to 5:"
        return [{"role": "system", "content": self.prompt}, {"role": "user", "content": text}]

    def distributions(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, ...]]:
        """For each (instruction, answer) the probabilities of "1" to "5", scaled to a sum of 1.

        None of them for a pair that is too long to read, or not of texts.
        """
        return [
            tuple(p / sum(score.probabilities) for p in score.probabilities) if score else ()
            for score in _choices(self, pairs, self.DIGITS)
        ]

    def rate(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """The expected rating of each answer, from 1 to 5; None where there are no probabilities."""
        rows = self.distributions(pairs)
        return [sum(int(d) * p for d, p in zip(self.DIGITS, row, strict=True)) if row else None for row in rows]


class ChoiceJudge:
    """Shows a model both answers, called A and B, and takes the letter that it finds more probable.

    Attributes:
        tokens: tokens that the model read so far.
    """

    tokens = 0

    def __init__(self, llm: BatchedTransformersLLM, prompt: str = CHOICE_PROMPT) -> None:
        self.llm, self.prompt = llm, prompt

    def conversation(self, instruction: str, first: str, second: str) -> list[dict[str, str]]:
        """What the model gets to read."""
        text = f"Question: {instruction}\nAnswer A: {first}\nAnswer B: {second}\nThe better answer, A or B:"
        return [{"role": "system", "content": self.prompt}, {"role": "user", "content": text}]

    def __call__(self, triples: Sequence[Triple]) -> list[int | None]:
        return [_higher(*score.probabilities) if score else None for score in _choices(self, triples, ("A", "B"))]


def _are_texts(row: Sequence[Any]) -> bool:
    return all(isinstance(text, str) for text in row)


def _choices(judge: ExpectedRatingJudge | ChoiceJudge, rows: Sequence[Any], choices: Sequence[str]) -> list[Any]:
    """A `ChoiceScore` for each pair or triple, counted among the judge's tokens; None where there is none."""
    asked = [index for index, row in enumerate(rows) if _are_texts(row)]
    scores = score_choices(judge.llm, [judge.conversation(*rows[index]) for index in asked], choices)
    judge.tokens += sum(score.read for score in scores if score)
    found = dict(zip(asked, scores, strict=True))
    return [found.get(index) for index in range(len(rows))]


@dataclass(frozen=True)
class Report:
    """What an exam found out about a judge.

    Attributes:
        right: for each kind of damage, the share of pairs in which the good answer won in *both* orders.
        first: share of pairs in which the first position won in both orders, over all kinds.
        second: the same for the second position.
        undecided: share of pairs in which at least one order was left open.
        tokens: tokens read and written for the exam.
    """

    right: Mapping[str, Share]
    first: Share
    second: Share
    undecided: Share
    tokens: int = 0

    @property
    def passed_kinds(self) -> list[str]:
        """The kinds of damage that the judge sees: the lower end of the interval is above the pass mark."""
        return [kind for kind, share in self.right.items() if share.low > PASS_MARK]

    @property
    def passed(self) -> bool:
        """Whether the judge may rate: it sees at least three kinds of damage."""
        return len(self.passed_kinds) >= KINDS_TO_PASS


def take_exam(judge: Judge, pairs: Sequence[Mapping[str, str]]) -> Report:
    """Examine a judge on pairs of known order (`damage.known_pairs`), each shown in both orders.

    By guessing, a judge that compares is right in both orders one time in four, and one that rates answers one by one
    one time in two. One that always takes the same position never is.
    """
    before = getattr(judge, "tokens", 0)
    forward = [(row["instruction"], row["good"], row["bad"]) for row in pairs]
    backward = [(row["instruction"], row["bad"], row["good"]) for row in pairs]
    verdicts = judge([*forward, *backward])
    both = list(zip(verdicts[: len(pairs)], verdicts[len(pairs) :], strict=True))
    right = {}
    for kind in dict.fromkeys(row["damage"] for row in pairs):
        mine = [verdict for verdict, row in zip(both, pairs, strict=True) if row["damage"] == kind]
        right[kind] = Share(sum(verdict == (1, 2) for verdict in mine), len(mine))
    return Report(
        right=right,
        first=Share(sum(verdict == (1, 1) for verdict in both), len(both)),
        second=Share(sum(verdict == (2, 2) for verdict in both), len(both)),
        undecided=Share(sum(None in verdict for verdict in both), len(both)),
        tokens=getattr(judge, "tokens", 0) - before,
    )
