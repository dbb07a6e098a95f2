"""Whole rows by people who had not read the rules: faulty ones go, and good ones that look like them stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prompt2data.quality.chain import run_chain, standard_filters

FOLDER = Path(__file__).parent / "looks"


def rows_of(name: str) -> list[dict[str, str]]:
    return json.loads((FOLDER / f"rows_{name}.json").read_text("utf-8"))


ROWS = [row for name in "abc" for row in rows_of(name)]
FILTERS = [one for one in standard_filters() if one.name not in ("contamination", "paraphrases")]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['label']}-{number}" for number, row in enumerate(ROWS)])
def test_faulty_rows_go_and_good_rows_stay(row):
    assert is_kept(row) == (row["label"] == "good")


@pytest.mark.parametrize("name", ["d", "e", "f", "g", "h"])
def test_of_forty_rows_hardly_any_is_misjudged(name):
    """Sets of 30 faulty and 10 good rows; what is misjudged in them was left as it is."""
    rows = rows_of(name)
    good = [row for row in rows if row["label"] == "good"]
    assert sum(map(is_kept, good)) >= 0.9 * len(good)
    faulty = [row for row in rows if row["label"] != "good"]
    assert sum(not is_kept(row) for row in faulty) >= 0.9 * len(faulty)


def is_kept(row: dict[str, str]) -> bool:
    return run_chain([{name: row[name] for name in ("instruction", "response")}], FILTERS).verdicts[0] is None
