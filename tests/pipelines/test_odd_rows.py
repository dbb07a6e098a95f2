"""Rows as they come, through a run: no value ends it, and no row is lost."""

import datetime
import math
import pathlib
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts, StepInput, step
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prompt2data.pipelines import PipelineError, storable
from tests.pipelines.threads import steps_in_threads


@pytest.fixture(autouse=True, scope="module")
def in_threads() -> Iterator[None]:
    with steps_in_threads():
        yield


@step(inputs=["x"], outputs=[])
def Same(inputs: StepInput):
    yield inputs


@step(inputs=["x"], outputs=[], step_type="global")
def Every(inputs: StepInput):
    yield inputs


def through_a_run(values: list[Any], kind: Any = Same, **options: Any) -> list[Any]:
    folder = {"cache_dir": options["cache_dir"]} if "cache_dir" in options else {}
    with Pipeline(name="odd", **folder) as pipeline:
        rows = [{"n": n, "x": value} for n, value in enumerate(values)]
        LoadDataFromDicts(name="load", data=rows) >> kind(name="odd")
    rows = pipeline.run(use_cache=bool(folder))["default"]["train"].to_list()
    assert [row["n"] for row in rows] == list(range(len(values)))
    return [row["x"] for row in rows]


class Thing:
    def __str__(self) -> str:
        return "a thing"


UTC = datetime.UTC
ODD: dict[str, tuple[list[Any], list[Any]]] = {
    "a text among numbers, late": ([1] * 55 + ["n/a"], ["1"] * 55 + ["n/a"]),
    "a text among numbers, first": (["n/a"] + [1] * 120, ["n/a"] + ["1"] * 120),
    "a text among lists": ([["a", 1], "a"], ['["a", 1]', "a"]),
    "a text among records": ([{"a": "é"}, "a", None], ['{"a": "é"}', "a", None]),
    "a record among lists": ([{"a": 1}, ["a"]], ['{"a": 1}', '["a"]']),
    "truth and numbers": ([True, 1], ["true", "1"]),
    "numbers, one in a text": ([1, 2.5, "3"], ["1", "2.5", "3"]),
    "whole and broken numbers": ([1] * 60 + [0.5], [1.0] * 60 + [0.5]),
    "mixed in records": ([{"s": 1}, {"s": "n/a"}, None], [{"s": "1"}, {"s": "n/a"}, None]),
    "mixed in records, late": ([{"s": 1}] * 60 + [{"s": "n/a"}], [{"s": "1"}] * 60 + [{"s": "n/a"}]),
    "mixed in lists": ([[1], ["a"], [None], []], [["1"], ["a"], [None], []]),
    "messages with parts": (
        [[{"role": "user", "content": "a"}], [{"role": "user", "content": [{"type": "text", "text": "b"}]}]],
        [[{"role": "user", "content": "a"}], [{"role": "user", "content": '[{"type": "text", "text": "b"}]'}]],
    ),
    "half a surrogate pair": (["half \ud83d", "\udc00", "🍞"], ["half \ufffd", "\ufffd", "🍞"]),
    "the same, further in": ([{"\ud83d": ["\udfff"]}], [{"\ufffd": ["\ufffd"]}]),
    "NUL and line separators": (["a\0b", "\u2028", "\u200b"], ["a\0b", "\u2028", "\u200b"]),
    "None only": ([None] * 60, [None] * 60),
    "None first": ([None] * 60 + ["a"], [None] * 60 + ["a"]),
    "what pandas has for None": (["a", float("nan"), pd.NA, pd.NaT], ["a", None, None, None]),
    "arrays": ([np.array([1, 2]), np.array([3])], [[1, 2], [3]]),
    "arrays of texts and numbers": ([np.array(["a"]), np.array([3])], [["a"], ["3"]]),
    "arrays of arrays": ([np.zeros((1, 2))], [[[0.0, 0.0]]]),
    "arrays of objects": ([np.array([{"a": 1}, None], dtype=object)], [[{"a": 1}, None]]),
    "numbers of numpy": ([np.int64(1), np.int64(2), 3], [1, 2, 3]),
    "decimals": ([Decimal("1.50"), Decimal("2.25")], [Decimal("1.50"), Decimal("2.25")]),
    "decimals among numbers": ([Decimal("1.50"), 0.5], ["1.50", "0.5"]),
    "large numbers": ([2**70, 1], ["1180591620717411303424", "1"]),
    "records without fields": ([{}, {}], ["{}", "{}"]),
    "records without fields, further in": ([{"m": {}, "n": 1}], [{"m": "{}", "n": 1}]),
    "lists without items": ([[], []], [[], []]),
    "numbers as names": ([{1: 2}], [{"1": 2}]),
    "sets and tuples": ([(1, 2), {3}], [[1, 2], [3]]),
    "bytes and texts": ([b"a", "b", 1], ["a", "b", "1"]),
    "days and times": ([datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, tzinfo=UTC), "x"],
                       ["2020-01-02", "2020-01-02 00:00:00+00:00", "x"]),
    "objects": ([Thing(), uuid.UUID(int=1), pathlib.PurePosixPath("a"), 1j],
                ["a thing", str(uuid.UUID(int=1)), "a", "1j"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_every_row_comes_out(kind: str, tmp_path: pathlib.Path) -> None:
    values, expected = ODD[kind]
    assert through_a_run(values) == expected
    assert through_a_run(values, Every) == expected
    for _run in range(2):  # writes the cache, and reads it
        assert through_a_run(values, cache_dir=tmp_path) == expected


def test_not_a_number_stays_one() -> None:
    found = through_a_run([1.0, float("nan"), None])
    assert found[0] == 1.0 and math.isnan(found[1]) and found[2] is None


def test_a_global_step_gets_the_rows_as_they_are() -> None:
    @step(inputs=["x"], outputs=["x"], step_type="global")
    def Types(inputs: StepInput):
        yield [{**row, "x": type(row["x"]).__name__} for row in inputs]

    assert through_a_run([1, "n/a", {1}, Decimal(1), None], Types) == ["int", "str", "set", "Decimal", "NoneType"]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, derandomize=True)
@example([{"a": None, "b": ["", b"\x80"]}])
@example([{"a": None, "b": [datetime.date(2000, 1, 1), -719163]}])
@given(st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), min_size=1, max_size=6))
def test_any_rows_can_be_written(rows: list[dict[str, Any]]) -> None:
    import io

    import pyarrow
    from pyarrow import parquet

    stored = storable.rows_of(rows)
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(stored), file)
    read = parquet.read_table(file).to_pylist()
    assert len(read) == len(rows)
    for before, after in zip(rows, read, strict=True):
        for name, value in before.items():
            assert (after[name] is None) <= (value is None or value != value)


def test_a_number_among_dates_is_no_day() -> None:
    rows = [{"x": datetime.date(2000, 1, 1)}, {"x": 5}]
    assert [row["x"] for row in storable.rows_of(rows)] == ["2000-01-01", "5"]
    dates = [{"x": datetime.date(2000, 1, 1)}, {"x": None}]
    assert storable.rows_of(dates) == dates


@settings(max_examples=50, derandomize=True)
@given(st.lists(st.fixed_dictionaries({"a": st.integers(-9, 9), "b": st.text(st.characters(codec="utf-8"))})))
def test_good_rows_are_left_alone(rows: list[dict[str, Any]]) -> None:
    stored = storable.rows_of(rows)
    assert stored == rows and all(one is other for one, other in zip(stored, rows, strict=True))


@pytest.mark.parametrize("read_back", [False, True])
def test_a_loader_without_rows_is_refused_in_one_sentence(tmp_path: pathlib.Path, read_back: bool) -> None:
    with Pipeline(name="none") as pipeline:
        LoadDataFromDicts(name="bring", data=[{"x": 1}] if read_back else []) >> KeepColumns(name="keep", columns=["x"])
    if read_back:
        pipeline.save(tmp_path / "pipeline.yaml", format="yaml")
        pipeline = Pipeline.from_yaml(tmp_path / "pipeline.yaml")
    with pytest.raises(PipelineError, match=r"^Step 'bring' has no rows: give LoadDataFromDicts") as caught:
        pipeline.run()
    assert "\n" not in str(caught.value) and caught.value.step == "bring"
    pipeline.dag.get_step("bring")["step"].data = [{"x": 1}]  # the way out that it names
    assert pipeline.run()["default"]["train"].to_list() == [{"x": 1}]


def test_a_dataset_without_rows_is_refused_in_one_sentence() -> None:
    with Pipeline(name="none") as pipeline:
        Same(name="same")
    with pytest.raises(PipelineError, match=r"^run\(dataset=…\) got no rows"):
        pipeline.run(dataset=[])
    assert pipeline.run(dataset=[{"x": 1}])["default"]["train"].to_list() == [{"x": 1}]


def test_ends_without_rows_are_empty_datasets_and_one_sentence_each(capsys: pytest.CaptureFixture[str]) -> None:
    @step(inputs=["x"], outputs=["y"])
    def Nothing(inputs: StepInput):
        yield []

    with Pipeline(name="none") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"x": 1, "z": 2}])
        load >> Nothing(name="nothing") >> Same(name="same")
    train = pipeline.run()["default"]["train"]
    assert (train.num_rows, train.column_names, train["y"][:]) == (0, ["x", "z", "y"], [])
    told = capsys.readouterr().out
    assert told == (
        "Pipeline finished: 3 steps, 0 rows.\nNo row came out of step 'same': its dataset is empty.\n"
    )  # fmt: skip

    with Pipeline(name="some") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"x": 1, "z": 2}])
        load >> [Nothing(name="nothing"), KeepColumns(name="keep", columns=["z"])]
    distiset = pipeline.run()
    assert {name: ends["train"].to_list() for name, ends in distiset.items()} == {"nothing": [], "keep": [{"z": 2}]}
    assert capsys.readouterr().out.count("its dataset is empty") == 1
