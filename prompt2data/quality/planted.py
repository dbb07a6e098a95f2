"""Rows with planted faults, so that every count of a filter can be compared with the truth.

Four sets, with no text in common: `"given"`, on which the chain's thresholds were chosen; `"held out"`, which was
looked at while the chain was built, and on which rules were mended; `"untouched"`, written by others who did not know
the chain, on which nothing was chosen or changed; `"free"`, whose paraphrases hardly share a word with their originals.
Their texts were written for this course. From the first set, paraphrases that MiniLM does not see were left out.

Exact and near duplicates are made here, by edits that `seed` draws; all other faults stand in `data/planted/`. The
column `planted` says what is wrong with a row, and `of` which row or question it repeats. No filter reads either.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

from prompt2data.i18n import _

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
        as "empty" may lack a column, or hold something else than text.

    Raises:
        ValueError: if there is no such set.
    """
    rows = _read(name)
    rng = random.Random(_SEEDS[name] if seed is None else seed)
    good = [row for row in rows if row["planted"] is None]
    repeated = {row["of"] for row in rows if row["of"]}
    chosen = rng.sample([row for row in good if row["id"] not in repeated], 2 * _COPIES[name])
    edits = (("exact duplicate", _same_words), ("near duplicate", _edited))
    for number, row in enumerate(chosen):
        kind, edit = edits[number % 2]
        ident = f"{row['id']}-{number % 2 + 1}"
        rows.append({**row, **edit(row, rng), "id": ident, "planted": kind, "of": row["id"]})
    place = {row["id"]: rng.random() for row in rows}
    for row in rows:
        if row["of"] in place:  # a copy stands somewhere after its original
            place[row["id"]] = rng.uniform(place[row["of"]], 1.0)
    return sorted(rows, key=lambda row: place[row["id"]])


def evaluation_rows(name: str = "given") -> list[Row]:
    """The small evaluation set that belongs to a set: rows with `id`, `question`, `key` and `answer`.

    An answer is counted as right if it holds `key`, whatever its case.
    """
    _check(name)
    return _load(f"{name.replace(' ', '_')}_evaluation.jsonl")


def _read(name: str) -> list[Row]:
    _check(name)
    return _load(f"{name.replace(' ', '_')}.jsonl")


def _check(name: str) -> None:
    if name not in SETS:
        raise ValueError(
            _("There is no set '{name}': choose one of {sets}.").format(name=name, sets=", ".join(map(repr, SETS)))
        )


def _load(file: str) -> list[Row]:
    return [json.loads(line) for line in (_FOLDER / file).read_text(encoding="utf-8").splitlines()]


# -- edits --------------------------------------------------------------------------------------------------------


def _same_words(row: Row, rng: random.Random) -> Row:
    """The same words; case, spaces or punctuation may differ."""
    change = rng.choice([str, str.lower, str.upper, lambda text: f" {text} ", lambda text: text.replace("?", " ?")])
    return {column: change(row[column]) for column in ("instruction", "response")}


def _edited(row: Row, rng: random.Random) -> Row:
    """A hurried copy: an opening, a slip of the pen, a filler word, a word left out."""
    instruction = _slip(row["instruction"], rng)
    return {
        "instruction": rng.choice(_OPENINGS) + instruction[0].lower() + instruction[1:],
        "response": _filled(_slip(row["response"], rng), rng),
    }


def _slip(text: str, rng: random.Random) -> str:
    """Two neighbouring letters inside one longer word change places."""
    long = [match for match in re.finditer(r"[a-z]{5,}", text)]
    if not long:
        return text
    match = rng.choice(long)
    place = rng.randrange(match.start() + 1, match.end() - 2)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _filled(text: str, rng: random.Random) -> str:
    words = text.split()
    words.insert(rng.randrange(1, len(words)), rng.choice(_FILLERS))
    if len(words) > 8:
        del words[rng.randrange(1, len(words) - 1)]
    return " ".join(words)
