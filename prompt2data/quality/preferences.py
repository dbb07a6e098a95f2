"""Lesson 06's part of the chain: why instructions with rated answers make no preference pair, and the pairs they make.

`FormatTextGenerationDPO` of distilabel 1.5.3 takes the best and the worst rating as they come: a tie gives the same
answer twice, a missing rating stops the run. Neither gets through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from numbers import Real
from typing import Any

from prompt2data.i18n import _


def group(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each instruction, with all its answers.

    Args:
        rows: one row for each answer: `instruction`, `generation`, `model_name`.

    Returns:
        Rows with `instruction`, `generations` and `generation_models`, in the order in which instructions and answers
        first came. Empty answers are left out, and one that came before for the same instruction as well.
    """
    groups: dict[str, dict[str, str]] = {}
    for row in rows:
        answers = groups.setdefault(row["instruction"], {})
        answer = (row["generation"] or "").strip()
        if answer:
            answers.setdefault(answer, row["model_name"])
    return [
        {"instruction": instruction, "generations": list(answers), "generation_models": list(answers.values())}
        for instruction, answers in groups.items()
    ]


def why_drop(row: Mapping[str, Any], margin: float) -> str | None:
    """Why an instruction with rated answers makes no pair, or None.

    Args:
        row: `instruction`, `generations`, `ratings`.
        margin: how far best and worst rating must be apart, in units of the rating; more than 0.

    Returns:
        The first of these reasons that fits: `"empty"`: no instruction. `"mismatch"`: not as many ratings as answers,
        so nobody can tell whose they are. `"unrated"`: fewer than two answers that have a text and a finite rating.
        `"tie"`: best and worst rating are equal. `"margin"`: they are closer than `margin`. `"identical"`: the best and
        the worst answer say the same, apart from capitals and spaces. `None`: none of these.

    Raises:
        ValueError: if `margin` is not a finite number above 0.
    """
    judged = _judged(row, margin)
    return judged if isinstance(judged, str) else None


def to_preferences(rows: Iterable[Mapping[str, Any]], margin: float) -> list[dict[str, Any]]:
    """Preference pairs as TRL's `DPOTrainer` takes them: the best answer of each instruction against its worst.

    Args:
        rows: `instruction`, `generations`, `ratings`, and `generation_models` where it is there.
        margin: how far the two ratings must be apart, in units of the rating; more than 0.

    Returns:
        For each row that has no reason to be dropped: `prompt`, `chosen`, `rejected` (lists of one message),
        `chosen_rating`, `rejected_rating`, and `chosen_model`, `rejected_model` where the models are known.

    Raises:
        ValueError: if `margin` is not a finite number above 0.
    """
    pairs = []
    for row in rows:
        judged = _judged(row, margin)
        if isinstance(judged, str):
            continue
        best, worst = judged
        pair = {
            "prompt": [{"role": "user", "content": row["instruction"]}],
            "chosen": [{"role": "assistant", "content": row["generations"][best]}],
            "rejected": [{"role": "assistant", "content": row["generations"][worst]}],
            "chosen_rating": float(row["ratings"][best]),
            "rejected_rating": float(row["ratings"][worst]),
        }
        models = row.get("generation_models")
        if models is not None and len(models) == len(row["generations"]):
            pair |= {"chosen_model": models[best], "rejected_model": models[worst]}
        pairs.append(pair)
    return pairs


def _judged(row: Mapping[str, Any], margin: float) -> str | tuple[int, int]:
    """The reason to drop a row, or else the indices of its best and worst answer."""
    if not (_is_number(margin) and margin > 0):
        raise ValueError(_("The margin must be a number above 0: with 0, a tie would become a pair."))
    if not _has_text(row.get("instruction")):
        return "empty"
    answers: Sequence[Any] = row.get("generations") or []
    ratings: Sequence[Any] = row.get("ratings") or []
    if len(answers) != len(ratings):
        return "mismatch"
    usable = [index for index, answer in enumerate(answers) if _has_text(answer) and _is_number(ratings[index])]
    if len(usable) < 2:
        return "unrated"
    best, worst = max(usable, key=ratings.__getitem__), min(usable, key=ratings.__getitem__)
    if ratings[best] == ratings[worst]:
        return "tie"
    if ratings[best] - ratings[worst] < margin:
        return "margin"
    if answers[best].casefold().split() == answers[worst].casefold().split():
        return "identical"
    return best, worst


def _has_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
