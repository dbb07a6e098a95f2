"""Rows whose columns and keys differ, through distilabel's files."""

from types import SimpleNamespace
from typing import Any

import pytest
from datasets import load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt2data.pipelines import table_files
from prompt2data.pipelines.patching import apply_patches
from prompt2data.pipelines.worker_patches import FILE_PATCHES

apply_patches(FILE_PATCHES)
Row = dict[str, Any]


def through_files(folder, *batches: list[Row]) -> list[Row]:
    from distilabel.pipeline.write_buffer import _WriteBuffer

    buffer = _WriteBuffer(folder / "data", {"step"})
    for rows in batches:
        buffer.add_batch(SimpleNamespace(step_name="step", data=[rows]))
    buffer.close()
    files = sorted(map(str, (folder / "data" / "step").iterdir()))
    return load_dataset("parquet", data_files=files, cache_dir=str(folder / "cache"), split="train").to_list()


GOOD = {"a": "x", "metadata": {"raw": "x", "counts": {"n": 1}}}
FAILED = {"a": None, "metadata": {"raw": None, "error": "TypeError"}}
BLANK = {"a": None, "metadata": None}
BARE = {"a": "x"}


@pytest.mark.parametrize(
    "batches",
    [
        ([GOOD] * 50, [GOOD, FAILED]),
        ([GOOD] * 50, [FAILED] * 3),
        ([BLANK] * 50, [GOOD] * 50, [FAILED]),
        ([BARE] * 50, [BARE, FAILED]),
        ([BARE] * 3 + [FAILED],),
        ([FAILED] * 50, [BARE] * 50),
        ([GOOD] * 100,),
        ([{"a": 1}] * 50, [{"a": 0.5}]),
    ],
)
def test_no_column_and_no_key_is_lost(tmp_path, batches):
    rows = [row for batch in batches for row in batch]
    read = through_files(tmp_path, *batches)
    assert [_without_none(row) for row in read] == [_without_none(row) for row in rows]


def _without_none(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {key: _without_none(item) for key, item in value.items()}
    return {key: item for key, item in kept.items() if item is not None}


def test_no_rows(tmp_path):
    from distilabel.pipeline.write_buffer import _WriteBuffer

    _WriteBuffer(tmp_path / "data", {"step"}).close()


def test_rows_that_agree_are_left_alone():
    rows = [GOOD, FAILED]
    assert table_files.rectangular(rows) is rows


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers())))
def test_rectangular(rows):
    completed = table_files.rectangular(rows)
    assert len({frozenset(row) for row in completed}) <= 1
    assert [{key: row[key] for key in given} for row, given in zip(completed, rows, strict=True)] == rows
    assert all(row[key] is None for row, given in zip(completed, rows, strict=True) for key in row.keys() - given)


def test_a_batch_that_is_passed_by_a_file(tmp_path):
    import fsspec
    from distilabel.pipeline.batch import _Batch
    from upath import UPath

    batch = _Batch(seq_no=0, step_name="step", last_batch=True, data=[[dict(BARE), dict(FAILED)]])
    batch.write_batch_data_to_fs(fsspec.filesystem("file"), UPath(tmp_path))
    batch.read_batch_data_from_fs()
    assert batch.data[0][1]["metadata"]["error"] == "TypeError"
