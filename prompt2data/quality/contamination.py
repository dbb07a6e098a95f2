"""Rows that leak an evaluation set: training on them makes its score meaningless.

Two nets. Shared runs of words find a question that was copied, whole or with a frame around it (13 words for GPT-3,
Brown et al., 2020, arXiv:2005.14165, appendix C; 8 here, since the questions are short). Neighbours in the space of
sentence embeddings find one that was asked in other words; a response that holds the answer adds to the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prompt2data.engine.embeddings import embed
from prompt2data.ground.segmentation import pieces, word_count, words
from prompt2data.quality.language import not_english
from prompt2data.quality.texts import columns, joined
from prompt2data.quality.texts import text as text_in

RUN = 8  # words
NEIGHBOUR, WITH_ANSWER = 0.75, 0.5  # mean of two cosines, see `by_neighbours`


def common_run(text: str | None, question: str | None, n: int = RUN) -> bool:
    """Whether a text holds `n` consecutive words of a question, or the whole question if it is shorter.

    Case and punctuation are ignored. In scripts without spaces a run has as many characters as `n` words have there.
    """
    return by_words([text], [question], n) == {0: 0}


def by_words(texts: Sequence[str | None], questions: Sequence[str | None], n: int = RUN) -> dict[int, int]:
    """For each text that shares a run of words with a question: its index, and the index of the first such question."""
    asked: dict[int, dict[tuple[str, ...], int]] = {}  # for each length of a run: the runs, and who has each first
    for other, question in enumerate(questions):
        found = words(question)
        size = min(round(n * len(pieces(question)) / max(1, word_count(question))), len(found))
        for run in _runs(found, size):
            asked.setdefault(size, {}).setdefault(run, other)
    hits = {}
    for index, text in enumerate(texts):
        found = words(text)
        others = [known[run] for size, known in asked.items() for run in _runs(found, size) if run in known]
        if others:
            hits[index] = min(others)
    return hits


def _runs(found: list[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(found[start:] for start in range(size)), strict=False)


def by_neighbours(
    rows: Sequence[Mapping[str, Any]], evaluation: Sequence[Mapping[str, Any]], threshold: float = NEIGHBOUR
) -> dict[int, tuple[int, float]]:
    """For each row that is near enough to a question: its index, the index of the nearest such question, similarity.

    The similarity is the mean of two cosines: of instruction and question, and of both with what answers them. It is
    `threshold` or more, or `WITH_ANSWER` where the response holds the question's answer. The model of the embeddings
    knows English, so rows and questions in other languages are left to `by_words`.

    Args:
        rows: with `instruction` and `response`.
        evaluation: with `question`, `answer` and `key`.
        threshold: for rows that do not hold the answer, from -1 to 1.
    """
    if not rows or not evaluation:
        return {}
    instructions, responses = columns(rows)
    questions, pairs = [test["question"] for test in evaluation], joined(instructions, responses)
    tests = joined(questions, (test["answer"] for test in evaluation))
    likeness = (embed(instructions) @ embed(questions).T + embed(pairs) @ embed(tests).T) / 2
    foreign = {other for other, question in enumerate(questions) if not_english(question)}
    found = {}
    for index, row in enumerate(rows):
        if not_english(instructions[index]):
            continue
        near = [
            (other, float(score))
            for other, (test, score) in enumerate(zip(evaluation, likeness[index], strict=True))
            if other not in foreign and score >= (min(WITH_ANSWER, threshold) if answers(row, test) else threshold)
        ]
        if near:
            found[index] = max(near, key=lambda entry: entry[1])
    return found


def answers(row: Mapping[str, Any], test: Mapping[str, Any]) -> bool:
    """Whether a row's response holds the `key` of an evaluation question, at the beginning of a word or number."""
    return bool(re.search(rf"(?<!\w){re.escape(test['key'])}(?!\d)", text_in(row, "response"), re.IGNORECASE))


def memorised(rows: Sequence[Mapping[str, Any]], evaluation: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether a parrot answers each evaluation question correctly, after "training" on `rows`.

    The parrot learns nothing: it looks up the row whose instruction is nearest to the question and repeats its
    response. The answer counts if it holds the question's `key`, as `answers` sees it. What it scores is what memory
    alone can score.

    Args:
        rows: with `instruction` and `response`.
        evaluation: with `question` and `key`.
    """
    if not rows:
        return [False] * len(evaluation)
    known = embed([row["instruction"] for row in rows])
    asked = embed([row["question"] for row in evaluation])
    nearest = (asked @ known.T).argmax(axis=1)
    return [answers(rows[int(index)], test) for test, index in zip(evaluation, nearest, strict=True)]
