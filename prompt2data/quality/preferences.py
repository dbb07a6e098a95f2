"""Lesson 06's part of the chain: why instructions with rated answers make no preference pair, and the pairs they make.

`FormatTextGenerationDPO` of distilabel 1.5.3 takes the best and the worst rating as they come: a tie gives the same
answer twice, a missing rating stops the run. Neither gets through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from numbers import Real
from typing import Any

from prompt2data.ground.rows import as_list, records
from prompt2data.i18n import _
from prompt2data.untrusted import is_blank, look, whole

_NUMBER = re.compile(r"\s*[-+]?(\d{1,15}([.]\d{1,15})?)\s*")


def group(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each instruction, with all its answers.

    Args:
        rows: one row for each answer: `instruction`, `generation`, `model_name`.

    Returns:
        Rows with `instruction`, `generations` and `generation_models`, in the order in which instructions and answers
        first came. Empty answers are left out, and one that came before for the same instruction as well; what is not
        a text is an empty answer, or no instruction (`None`).

    Raises:
        TypeError: if `rows` is not a table.
    """
    groups: dict[str | None, dict[str, Any]] = {}
    for row in records(rows):
        instruction, answer = row.get("instruction"), row.get("generation")
        answers = groups.setdefault(str(instruction) if isinstance(instruction, str) else None, {})
        if isinstance(answer, str) and not is_blank(answer):
            answers.setdefault(str(answer.strip()), row.get("model_name"))
    return [
        {"instruction": instruction, "generations": list(answers), "generation_models": list(answers.values())}
        for instruction, answers in groups.items()
    ]


def why_drop(row: Mapping[str, Any], margin: float) -> str | None:
    """Why an instruction with rated answers makes no pair, or None.

    Args:
        row: `instruction`, `generations`, `ratings`; the lists may be arrays, as pandas reads them, and a rating a
            number or its text, such as "4.5".
        margin: how far best and worst rating must be apart, in units of the rating; more than 0.

    Returns:
        The first of these reasons that fits: `"empty"`: no instruction that can be seen. `"mismatch"`: not as many
        ratings as answers, so nobody can tell whose they are. `"unrated"`: fewer than two answers that have a text and
        a finite rating. `"tie"`: best and worst rating are equal. `"margin"`: they are closer than `margin`.
        `"identical"`: the best and the worst answer look the same, apart from capitals and spaces. `None`: none of
        these.

    Raises:
        TypeError: if the row is not a dictionary.
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
        `chosen_rating`, `rejected_rating`, and `chosen_model`, `rejected_model` where the models are known. Half a
        surrogate pair in a text becomes U+FFFD, since no file could hold it.

    Raises:
        TypeError: if `rows` is not a table.
        ValueError: if `margin` is not a finite number above 0.
    """
    pairs = []
    for row in records(rows):
        judged = _judged(row, margin)
        if isinstance(judged, str):
            continue
        (chosen, chosen_rating, best), (rejected, rejected_rating, worst) = judged
        pair = {
            "prompt": [{"role": "user", "content": whole(row["instruction"])}],
            "chosen": [{"role": "assistant", "content": whole(chosen)}],
            "rejected": [{"role": "assistant", "content": whole(rejected)}],
            "chosen_rating": chosen_rating,
            "rejected_rating": rejected_rating,
        }
        models = as_list(row.get("generation_models")) or []
        if models and len(models) == len(as_list(row["generations"]) or []):
            pair |= {"chosen_model": models[best], "rejected_model": models[worst]}
        pairs.append(pair)
    return pairs


def _judged(row: Mapping[str, Any], margin: float) -> str | tuple[tuple[str, float, int], tuple[str, float, int]]:
    """The reason to drop a row, or else its best and its worst answer: text, rating, index."""
    if isinstance(margin, str) or (limit := _number(margin)) is None or limit <= 0:
        raise ValueError(_("The margin must be a number above 0: with 0, a tie would become a pair."))
    if not callable(getattr(row, "get", None)):
        raise TypeError(_("The row should be a dictionary with an instruction, its answers and their ratings."))
    if is_blank(row.get("instruction")):
        return "empty"
    answers, ratings = as_list(row.get("generations")), as_list(row.get("ratings"))
    if answers is None or ratings is None or len(answers) != len(ratings):
        return "mismatch"
    numbers = map(_number, ratings)
    usable = [
        (answer, number, index)
        for index, (answer, number) in enumerate(zip(answers, numbers, strict=True))
        if number is not None and not is_blank(answer)
    ]
    if len(usable) < 2:
        return "unrated"
    best, worst = max(usable, key=lambda one: one[1]), min(usable, key=lambda one: one[1])
    if best[1] == worst[1]:
        return "tie"
    if best[1] - worst[1] < limit:
        return "margin"
    if look(best[0]).casefold() == look(worst[0]).casefold():
        return "identical"
    return best, worst


def _number(value: Any) -> float | None:
    """A rating as a finite number; `None` where it is none."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    if not isinstance(value, Real | Decimal) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):  # a signalling NaN, a whole number of hundreds of digits
        return None
    return number if isfinite(number) else None
