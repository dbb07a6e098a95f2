"""Preference rows: nothing that cannot teach gets through."""

from __future__ import annotations

from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt2data.quality.preferences import group, to_preferences, why_drop


def row(generations, ratings, instruction="Why salt?"):
    return {"instruction": instruction, "generations": generations, "ratings": ratings}


REASONS = [
    (row(["a", "b"], [4, 2]), None),
    (row(["a", "b", "c"], [-0.5, None, -2.5]), None),
    (row(["a", "b"], [4, 3]), None),
    (row(["a", "b"], [4, 2], " "), "empty"),
    (row(["a", "b"], [4, 2], None), "empty"),
    (row(["a", "b", "c"], [4, 2]), "mismatch"),
    (row(["a"], [4, 2]), "mismatch"),
    (row(["a", "b"], None), "mismatch"),
    (row([], []), "unrated"),
    (row(None, None), "unrated"),
    (row(["a"], [4]), "unrated"),
    (row(["a", "b"], [4, None]), "unrated"),
    (row(["a", "b"], [4, nan]), "unrated"),
    (row(["a", "b"], [4, -inf]), "unrated"),
    (row(["a", "b"], [4, "1"]), "unrated"),
    (row(["a", "b"], [4, True]), "unrated"),
    (row(["a", " \n"], [4, 1]), "unrated"),
    (row(["a", None], [4, 1]), "unrated"),
    (row(["a", "b"], [3, 3.0]), "tie"),
    (row(["a", "b"], [3, 2.5]), "margin"),
    (row(["Salt. ", "salt."], [4, 1]), "identical"),
]


@pytest.mark.parametrize(("given_row", "reason"), REASONS)
def test_reasons(given_row, reason):
    assert why_drop(given_row, margin=1) == reason
    assert len(to_preferences([given_row], margin=1)) == (reason is None)


@pytest.mark.parametrize("margin", [0, -1, nan, inf, None, True, "1"])
def test_a_margin_must_be_above_zero(margin):
    with pytest.raises(ValueError, match="above 0"):
        to_preferences([row(["a", "b"], [4, 2])], margin)


def test_the_pair_and_who_wrote_it():
    rated = row(["worst", "best", "middle"], [1, 5, 3]) | {"generation_models": ["x", "y", "z"]}
    assert to_preferences([rated], margin=2) == [
        {
            "prompt": [{"role": "user", "content": "Why salt?"}],
            "chosen": [{"role": "assistant", "content": "best"}],
            "rejected": [{"role": "assistant", "content": "worst"}],
            "chosen_rating": 5.0,
            "rejected_rating": 1.0,
            "chosen_model": "y",
            "rejected_model": "x",
        }
    ]
    assert "chosen_model" not in to_preferences([rated | {"generation_models": ["x"]}], margin=2)[0]


RATINGS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=2))
ANSWERS = st.one_of(
    st.none(), st.sampled_from(["", " ", "a", "A ", " a", "b", "B", "a b", "a  b"]), st.text(max_size=3)
)
ROWS = st.fixed_dictionaries(
    {
        "instruction": st.one_of(st.none(), st.sampled_from(["", " ", "Why?"])),
        "generations": st.one_of(st.none(), st.lists(ANSWERS, max_size=4)),
        "ratings": st.one_of(st.none(), st.lists(RATINGS, max_size=4)),
    }
)


@given(st.lists(ROWS, max_size=6), st.floats(min_value=1e-9, max_value=10))
def test_no_tie_no_missing_rating_no_empty_and_no_identical_pair(rows, margin):
    for pair in to_preferences(rows, margin):
        texts = [pair[column][0]["content"] for column in ("prompt", "chosen", "rejected")]
        assert [len(pair[column]) for column in ("prompt", "chosen", "rejected")] == [1, 1, 1]
        assert all(isinstance(text, str) and text.strip() for text in texts)
        assert texts[1].split() != texts[2].split()
        assert isfinite(pair["chosen_rating"]) and isfinite(pair["rejected_rating"])
        assert pair["chosen_rating"] > pair["rejected_rating"]


GENERATED = st.fixed_dictionaries(
    {
        "instruction": st.sampled_from(["Why?", "How?"]),
        "generation": st.one_of(st.none(), st.sampled_from(["", " ", "a", " a ", "b", "c"])),
        "model_name": st.sampled_from(["x", "y"]),
    }
)


@given(st.lists(GENERATED, max_size=10), st.data())
def test_the_whole_path_from_generated_rows(rows, data):
    """Generated rows, grouped, rated by whatever a judge says, and made into pairs."""
    grouped = group(rows)
    for row in grouped:
        assert len(set(row["generations"])) == len(row["generations"]) == len(row["generation_models"])
        assert all(answer.strip() == answer != "" for answer in row["generations"])
    rated = [row | {"ratings": [data.draw(RATINGS) for _answer in row["generations"]]} for row in grouped]
    for pair in to_preferences(rated, margin=0.5):
        assert pair["chosen"][0]["content"] != pair["rejected"][0]["content"]
        assert pair["chosen_rating"] - pair["rejected_rating"] >= 0.5
        assert {pair["chosen_model"], pair["rejected_model"]} <= {"x", "y"}


def test_group_keeps_order_and_the_first_author():
    rows = [
        {"instruction": "B?", "generation": "b1", "model_name": "x"},
        {"instruction": "A?", "generation": None, "model_name": "x"},
        {"instruction": "B?", "generation": "b2", "model_name": "y"},
        {"instruction": "B?", "generation": " b1\n", "model_name": "y"},
    ]
    assert group(rows) == [
        {"instruction": "B?", "generations": ["b1", "b2"], "generation_models": ["x", "y"]},
        {"instruction": "A?", "generations": [], "generation_models": []},
    ]
