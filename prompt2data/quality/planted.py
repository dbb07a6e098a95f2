"""Rows with planted faults, so that every count of a filter can be compared with the truth.

Four sets, with no text in common: `"given"`, on which the chain's thresholds were chosen; `"held out"`, which was
looked at while the chain was built, and on which rules were fixed; `"untouched"`, written by others who did not know
the chain, on which nothing was chosen or changed; `"free"`, whose paraphrases hardly share a word with their originals.
Their texts were written for this course. From the first set, paraphrases that MiniLM does not see were left out.

Exact and near duplicates are made here, by edits that `seed` draws; all other faults stand in `data/planted/`. The
column `planted` says what is wrong with a row, and `of` which row or question it repeats. No filter reads either.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prompt2data.i18n import _
from prompt2data.quality.texts import COLUMNS

Row = dict[str, Any]

SETS = ("given", "held out", "untouched", "free")
_FOLDER = Path(__file__).parents[1] / "data" / "planted"
_COPIES = {"given": 13, "held out": 12, "untouched": 15, "free": 0}  # exact ones, and as many near ones
_SEEDS = {"given": 7, "held out": 11, "untouched": 13, "free": 17}

_OPENINGS = ("Quick question: ", "Please tell me: ", "I would like to know: ", "Another thing: ")
_FILLERS = ("really", "also", "usually", "then")


def planted_rows(name: str = "given", seed: int | None = None) -> list[Row]:
    """The rows of a set in a drawn order, each copy after its original.

    Args:
        name: one of `SETS`.
        seed: another one gives other copies, other edits and another order; None is the set's own.

    Returns:
        Rows with `id`, `topic`, `instruction`, `response`, `planted` (None for a good row) and `of`. Rows planted
        as "empty" may lack a column, or hold something other than text.

    Raises:
        ValueError: if there is no such set.
    """
    rows = _load(name)
    rng = random.Random(_SEEDS[name] if seed is None else seed)
    good = [row for row in rows if row["planted"] is None]
    repeated = {row["of"] for row in rows if row["of"]}
    chosen = rng.sample([row for row in good if row["id"] not in repeated], 2 * _COPIES[name])
    for number, row in enumerate(chosen):
        copy = {"id": f"{row['id']}-{number % 2 + 1}", "of": row["id"]}
        if number % 2:
            rows.append(row | copy | _edited(row, rng) | {"planted": "near duplicate"})
        else:
            rows.append(row | copy | _same_words(row, rng) | {"planted": "exact duplicate"})
    position = {row["id"]: rng.random() for row in rows}
    for row in rows:
        if row["of"] in position:  # a copy stands somewhere after its original
            position[row["id"]] = rng.uniform(position[row["of"]], 1.0)
    return sorted(rows, key=lambda row: position[row["id"]])


def evaluation_rows(name: str = "given") -> list[Row]:
    """The small evaluation set that belongs to a set: rows with `id`, `question`, `key` and `answer`.

    An answer counts as correct if it holds `key`, whatever its case.
    """
    return _load(name, "_evaluation")


def _load(name: str, suffix: str = "") -> list[Row]:
    if name not in SETS:
        message = _("There is no set '{name}': choose one of {sets}.")
        raise ValueError(message.format(name=name, sets=", ".join(map(repr, SETS))))
    file = _FOLDER / f"{name.replace(' ', '_')}{suffix}.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _same_words(row: Row, rng: random.Random) -> Row:
    """The same words; case, spaces or punctuation may differ."""
    changes: list[Callable[[str], str]] = [
        str, str.lower, str.upper, lambda text: f" {text} ", lambda text: text.replace("?", " ?"),
    ]  # fmt: skip
    change = rng.choice(changes)
    return {column: change(row[column]) for column in COLUMNS}


def _edited(row: Row, rng: random.Random) -> Row:
    """A hurried copy: an opening, a slip of the pen, a filler word, a word left out."""
    instruction = _slip(row["instruction"], rng)
    return {
        "instruction": rng.choice(_OPENINGS) + instruction[0].lower() + instruction[1:],
        "response": _filled(_slip(row["response"], rng), rng),
    }


def _slip(text: str, rng: random.Random) -> str:
    """Swap two neighbouring letters inside one longer word."""
    long = list(re.finditer(r"[a-z]{5,}", text))
    if not long:
        return text
    match = rng.choice(long)
    start = rng.randrange(match.start() + 1, match.end() - 2)
    return text[:start] + text[start + 1] + text[start] + text[start + 2 :]


def _filled(text: str, rng: random.Random) -> str:
    words = text.split()
    words.insert(rng.randrange(1, len(words)), rng.choice(_FILLERS))
    if len(words) > 8:
        del words[rng.randrange(1, len(words) - 1)]
    return " ".join(words)
