"""Good answers, damaged on purpose: pairs whose order is known, for lesson 06's exam of the judges.

A program makes two kinds of damage here. The others are written by hand and stand beside the good answer in
`data/judge_exam.jsonl`: a wrong one, and a good answer to a question about something other than bread.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from importlib import resources

from prompt2data.i18n import _

DAMAGES = ("truncated", "shuffled", "off-topic", "wrong")


def truncated(answer: str, keep: float = 0.6) -> str:
    """The first `keep` (0 to 1) of an answer's words, without the punctuation that would make it look finished.

    Raises:
        ValueError: if the answer has fewer than two words: there is nothing to cut off.
    """
    words = answer.split()
    if len(words) < 2:
        raise ValueError(_("An answer of fewer than two words cannot be truncated."))
    return " ".join(words[: max(1, min(len(words) - 1, int(keep * len(words))))]).rstrip(".,;:!?")


def shuffled(answer: str, seed: int = 0) -> str:
    """The words of an answer in another order, the same for the same seed, as one sentence.

    It opens with a capital and ends with a full stop, so that it looks finished. Other punctuation is left out.

    Raises:
        ValueError: if all its words are equal, so that there is no other order.
    """
    words = [word for raw in answer.split() if (word := raw.strip(".,;:!?").lower())]
    if len(set(words)) < 2:
        raise ValueError(_("An answer whose words are all equal cannot be shuffled."))
    rng, mixed = random.Random(seed), list(words)
    while mixed == words:
        rng.shuffle(mixed)
    return " ".join(mixed).capitalize() + "."


def given_answers() -> list[dict[str, str]]:
    """The course's own answers on home baking: rows with `instruction`, `good`, `wrong` and `off_topic`."""
    text = resources.files("prompt2data").joinpath("data/judge_exam.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def known_pairs(answers: Sequence[Mapping[str, str]], kinds: Sequence[str] = DAMAGES) -> list[dict[str, str]]:
    """Pairs of known order: each good answer beside a worse one, once for each kind of damage.

    Args:
        answers: rows with `instruction` and `good`; for the kinds "wrong" and "off-topic" also `wrong`, `off_topic`.
        kinds: some of `DAMAGES`.

    Returns:
        Rows with `instruction`, `good`, `bad` and `damage`, kind by kind.

    Raises:
        ValueError: for a kind that is not one of `DAMAGES`.
    """
    for kind in kinds:
        if kind not in DAMAGES:
            message = _("There is no damage of the kind {kind!r}; choose from {kinds}.")
            raise ValueError(message.format(kind=kind, kinds=", ".join(DAMAGES)))
    make: dict[str, Callable[[int, Mapping[str, str]], str]] = {
        "truncated": lambda _index, row: truncated(row["good"]),
        "shuffled": lambda index, row: shuffled(row["good"], seed=index),
        "off-topic": lambda _index, row: row["off_topic"],
        "wrong": lambda _index, row: row["wrong"],
    }
    return [
        {"instruction": row["instruction"], "good": row["good"], "bad": make[kind](index, row), "damage": kind}
        for kind in kinds
        for index, row in enumerate(answers)
    ]
