"""Preference rows: nothing that cannot teach gets through."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from importlib.util import find_spec
from math import inf, isfinite, nan

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasets import Dataset
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
    (row(["a", "b"], [4, "N/A"]), "unrated"),
    (row(["a", "b"], ["4", "1"]), None),
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


FORMS = {
    "arrays": (np.array(["a", "b"]), np.array([5.0, 2.0])),
    "arrays of objects": (np.array(["a", "b"], dtype=object), np.array([5, 2], dtype=object)),
    "tuples": (("a", "b"), (5, 2)),
    "series": (pd.Series(["a", "b"]), pd.Series([5, 2])),
    "texts": (["a", "b"], ["5", " 2.0 "]),
    "texts of numpy": (["a", "b"], np.array(["5", "2"])),
    "decimals": (["a", "b"], [Decimal("5"), Decimal("2.0")]),
    "fractions": (["a", "b"], [Fraction(5), Fraction(2)]),
    "numbers of numpy": ([np.str_("a"), np.str_("b")], [np.float32(5), np.int8(2)]),
}


@pytest.mark.parametrize(("answers", "ratings"), FORMS.values(), ids=FORMS)
def test_lists_and_ratings_in_any_form(answers, ratings):
    odd = row(answers, ratings) | {"generation_models": np.array(["x", "y"])}
    assert why_drop(odd, 1) is None and why_drop(odd, 3) is None and why_drop(odd, 3.5) == "margin"
    (pair,) = to_preferences([odd], 1)
    expected = row(["a", "b"], [5.0, 2.0]) | {"generation_models": ["x", "y"]}
    assert [pair] == to_preferences([expected], 1)
    assert [type(pair[name][0]["content"]) for name in ("chosen", "rejected")] == [str, str]
    assert type(pair["chosen_rating"]) is float


def test_rows_read_back_from_a_file_give_the_same_pairs(tmp_path):
    rows = [row(["a", "b"], [4.0, 2.0]), row(["a", "b"], [4.0, None]), row(["a"], None), row(None, None)]
    Dataset.from_list(rows).to_parquet(tmp_path / "rows.parquet")
    frame = pd.read_parquet(tmp_path / "rows.parquet")
    assert [why_drop(one, 1) for one in frame.to_dict("records")] == [why_drop(one, 1) for one in rows]
    assert to_preferences(frame, 1) == to_preferences(frame.to_dict("records"), 1) == to_preferences(rows, 1)
    pairs = Dataset.from_list(to_preferences([row(["a \ud83d", "b"], [4, 2], "why \ud83d?")], 1))
    assert pairs[0]["chosen"][0]["content"] == "a \ufffd" and pairs[0]["prompt"][0]["content"] == "why \ufffd?"


ODD = [
    (row("ab", [5, 2]), "mismatch"),
    (row(["a", "b"], "52"), "mismatch"),
    (row("ab", "5"), "unrated"),
    (row({"a": 1, "b": 2}, [5, 2]), "mismatch"),
    (row({"a"}, [5, 2]), "mismatch"),
    (row(["a", "b"], {"x": 5, "y": 2}), "mismatch"),
    (row(7, [5]), "unrated"),
    (row(nan, nan), "unrated"),
    (row(["a", nan], [5, 2]), "unrated"),
    (row([["a"], "b"], [5, 2]), "unrated"),
    (row(["a", "\u200b\ufeff"], [5, 2]), "unrated"),
    (row(["a", "b"], [5, pd.NA]), "unrated"),
    (row(["a", "b"], [5, Decimal("NaN")]), "unrated"),
    (row(["a", "b"], [5, Decimal("sNaN")]), "unrated"),
    (row(["a", "b"], [5, 10**400]), "unrated"),
    (row(["a", "b"], [5, 1j]), "unrated"),
    (row(["a", "b"], [5, [2]]), "unrated"),
    *((row(["a", "b"], [5, text]), "unrated") for text in ("N/A", "", "nan", "inf", "1_0", "2/5", "two", "1e400")),
    *(
        (row(["a", "b"], [5, 2], odd), "empty")
        for odd in ("\u200b", " \ufeff\u2060", "\u3164", "\x00", nan, 7, [], "\ud83d")
    ),
]


@pytest.mark.parametrize(("odd", "reason"), ODD, ids=lambda value: ascii(value)[:60])
def test_odd_values_have_a_reason(odd, reason):
    assert why_drop(odd, 1) == reason and to_preferences([odd], 1) == []


ALIKE = [
    "Taste\u200b.",
    "Ta\u00adste.",
    "\ufeffTaste.",
    "Taste.\u2028",
    "TASTE.\u00a0",
    "Taste.\u200e",
    "\u202aTaste.\u202c",
    "Taste.\u200d",
    "Tas\u200cte.",
    "Taste.\x00",
    "Taste.\ufe0f",
]
UNLIKE = ["Tast.", "Taste", "Taste?", "Taste. \ufffd", "T aste."]


@pytest.mark.parametrize("other", ALIKE, ids=ascii)
def test_answers_that_look_the_same_make_no_pair(other):
    assert why_drop(row(["Taste.", other], [5, 2]), 1) == "identical"


@pytest.mark.parametrize(
    "pair",
    [
        ("Caf\u00e9.", "Cafe\u0301."),
        ("\u304c", "\u304b\u3099"),
        ("\ud55c", "\u1112\u1161\u11ab"),
        ("1\u2764", "1\u2764\ufe0f"),
        ("a\nb", "a\u2028b"),
        ("ế", "e\u0302\u0301"),
    ],
)
def test_composed_and_decomposed_letters_look_the_same(pair):
    assert why_drop(row(pair, [5, 2]), 1) == "identical"


@pytest.mark.parametrize(
    "pair",
    [
        *(("Taste.", other) for other in UNLIKE),
        ("می\u200cخواهم", "میخواهم"),
        ("👩\u200d🍳", "👩🍳"),
        ("10²", "102"),
        ("क्\u200dष", "क्ष"),
    ],
)
def test_answers_that_look_different_make_a_pair(pair):
    assert why_drop(row(pair, [5, 2]), 1) is None


def test_a_table_of_any_library_is_read():
    rows = [row(["a", "b"], [5, 2])]
    tables = [Dataset.from_list(rows), pd.DataFrame(rows), pa.Table.from_pylist(rows), iter(rows)]
    if find_spec("polars"):
        import polars

        tables += [polars.DataFrame(rows)]
    for table in tables:
        assert to_preferences(table, 1) == to_preferences(rows, 1) != []


@pytest.mark.parametrize("rows", [None, 7, "rows", {"instruction": "Why?"}, ["row"], [None], [["a"]]])
def test_what_is_no_table_is_refused_in_one_sentence(rows):
    for function in (group, lambda given: to_preferences(given, 1)):
        with pytest.raises(TypeError, match=r"^(This should be a list of rows.*|Row 0 is not a dictionary\.)$"):
            function(rows)


def test_answers_of_any_kind_are_grouped():
    odd = [None, nan, 7, ["a"], np.array(["a"]), "\u200b", " "]
    rows = [{"instruction": "Why?", "generation": answer, "model_name": "m"} for answer in [*odd, np.str_(" a "), "a"]]
    rows += [{"instruction": ["no text"], "generation": "b"}, {"generation": "c"}]
    assert group(rows) == [
        {"instruction": "Why?", "generations": ["a"], "generation_models": ["m"]},
        {"instruction": None, "generations": ["b", "c"], "generation_models": [None, None]},
    ]
    assert group(pd.DataFrame(rows[:9])) == group(rows[:9])


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
