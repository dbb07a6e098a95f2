"""The dataset browser without a page: what is picked, and written to a file or not at all."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset, load_dataset

from prompt2data.untrusted import whole
from prompt2data.widgets.browser import DatasetBrowser
from prompt2data.widgets.browser import export as rowfiles
from tests.hostile import TEXTS
from tests.widgets.browsed import add_filter, column_of, run_rows, send, soup


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROMPT2DATA_OUTPUT", raising=False)


def test_picks_stay_over_pages_filters_and_sorting_and_come_in_order() -> None:
    widget = DatasetBrowser(run_rows())
    send(widget, "page", "next")
    send(widget, "pick", 15)
    send(widget, "sort", column_of(widget, "tokens"))
    send(widget, "search", "loaf 3")
    send(widget, "pick", 3)
    send(widget, "read", 30)
    send(widget, "pick", 30)
    assert soup(widget, "rows").find("input", checked=True)
    send(widget, "show_all")
    assert [row["prompt"] for row in widget.picked] == [f"How do I bake loaf {i}?" for i in (3, 15, 30)]
    assert widget.picked == [run_rows()[i] for i in (3, 15, 30)] and "3 rows picked" in widget.parts["picks"]
    send(widget, "pick", 15)
    send(widget, "pick", 64)
    assert len(widget.picked) == 2
    widget.picked[0]["prompt"] = "changed"
    assert widget.rows[3]["prompt"] == "How do I bake loaf 3?"


def test_all_found_can_be_picked_and_clearing_undone() -> None:
    widget = DatasetBrowser(run_rows())
    send(widget, "pick", 0)
    add_filter(widget, "completion", "is not missing")
    send(widget, "pick_found")
    assert len(widget.picked) == 58 and "58 rows picked" in widget.parts["picks"]
    send(widget, "clear")
    assert widget.picked == [] and "0 rows picked" in widget.parts["picks"]
    send(widget, "clear")
    send(widget, "restore")
    assert len(widget.picked) == 58


def lines(path: str) -> list:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def test_picked_rows_are_written_and_no_file_is_overwritten() -> None:
    widget = DatasetBrowser(run_rows())
    for row in (5, 2):
        send(widget, "pick", row)
    send(widget, "export")
    assert lines("datasets/picked.jsonl") == [run_rows()[2], run_rows()[5]] == widget.picked
    assert "2 rows written to datasets/picked.jsonl" in widget.parts["status"]
    send(widget, "pick", 5)
    send(widget, "export")
    assert "1 row written to datasets/picked-2.jsonl" in widget.parts["status"]
    assert len(lines("datasets/picked.jsonl")) == 2 and len(lines("datasets/picked-2.jsonl")) == 1
    send(widget, "name", "good pairs")
    send(widget, "export")
    assert lines("datasets/good pairs.jsonl") == [run_rows()[2]]
    send(widget, "page", "next")
    assert "written" not in widget.parts["status"]


def test_rows_of_any_content_can_be_written() -> None:
    odd = {
        "nan": math.nan,
        "array": np.arange(2),
        "half": "\ud800",
        "time": pd.Timestamp("2026-01-02"),
        "set": {1},
        "o": object(),
    }
    widget = DatasetBrowser([odd, *({"text": text} for text in TEXTS)])
    send(widget, "pick_found")
    send(widget, "export")
    first, *rest = lines("datasets/picked.jsonl")
    assert first.pop("o").startswith("<object")
    assert first == {"nan": None, "array": [0, 1], "half": "\ufffd", "time": "2026-01-02T00:00:00", "set": [1]}
    assert [row["text"] for row in rest] == [whole(text) for text in TEXTS]


ODD_TEXTS = [
    "\u2028 \u2029 \x85 \x0b \x0c \x1c \x1e \r\n",
    "nul \x00",
    "half \ud83d",
    "\ud83d\ude00",
    "\ufeff",
    "\u200b",
    "\uffff",
]


def test_a_file_loads_again_in_datasets_and_pandas_and_line_by_line(tmp_path: Path) -> None:
    rows = [
        {"text": text, "column \u2028 \ud800": [text], "size": 2**63 + 2**70 * (text == "\ufeff")} for text in ODD_TEXTS
    ]
    widget = DatasetBrowser(rows)
    send(widget, "pick_found")
    send(widget, "export")
    file = Path("datasets/picked.jsonl")
    by_line = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [row["text"] for row in by_line] == [whole(text) for text in ODD_TEXTS]
    assert pd.read_json(file, lines=True)["text"].tolist() == [whole(text) for text in ODD_TEXTS]
    loaded = load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded["text"] == [whole(text) for text in ODD_TEXTS] and set(loaded.column_names) == set(by_line[0])


def test_the_row_that_cannot_be_written_is_named() -> None:
    endless: list = []
    endless.append(endless)
    deep: list = []
    for _level in range(5_000):
        deep = [deep]
    for odd in (endless, {"a": endless}, deep):
        widget = DatasetBrowser([{"a": 1}, {"a": 2}, {"a": odd}])
        send(widget, "pick", 0)
        send(widget, "pick", 2)
        send(widget, "export")
        assert "Row 3 cannot be written as JSON: it holds itself" in widget.parts["status"]
        assert "recursion" not in widget.parts["status"] and not Path("datasets/picked.jsonl").exists()
        send(widget, "pick", 2)
        send(widget, "export")
        assert "1 row written" in widget.parts["status"]
        Path("datasets/picked.jsonl").unlink()


@pytest.mark.parametrize("rows", [[{}], [{}, {}], [], pd.DataFrame(index=[0, 1])])
def test_rows_without_columns_can_be_looked_at(rows: object) -> None:
    widget = DatasetBrowser(rows)
    actions = ("filter", "filter_value", "search", "sort", "column", "pick_found", "read", "page", "show_all", "more")
    for action in actions:
        send(widget, action, 0)
        assert "range" not in widget.parts["status"]
    send(widget, "filter")
    assert "no columns to filter by" in widget.parts["status"]


def test_rows_of_any_table_are_the_same_rows() -> None:
    rows = [{"a": 1, "talk": [{"role": "user", "content": "Why?"}]}, {"a": 2, "talk": None}]
    frame = pd.DataFrame(rows)
    arrays = [
        {name: np.array(value, dtype=object) if isinstance(value, list) else value for name, value in row.items()}
        for row in rows
    ]
    for data in (frame, arrays, tuple(rows), Dataset.from_list(rows)):
        widget = DatasetBrowser(data)
        assert widget.rows == rows and widget.state.table.kinds == ["number", "messages"]


def test_a_failed_export_is_one_sentence_and_keeps_the_picks(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = DatasetBrowser(run_rows())
    send(widget, "export")
    assert "Pick at least one row first." in widget.parts["status"]
    send(widget, "pick", 0)
    Path("datasets").write_text("a file where the folder should be", "utf-8")
    send(widget, "export")
    assert "Cannot write to the folder" in widget.parts["status"]
    os.remove("datasets")
    Path("datasets").mkdir()
    endless: dict = {}
    endless["itself"] = endless
    widget.rows[0]["endless"] = endless
    send(widget, "export")
    assert "cannot be written as JSON" in widget.parts["status"] and not os.listdir("datasets")
    del widget.rows[0]["endless"]
    send(widget, "export")
    assert len(widget.picked) == 1 and len(lines("datasets/picked.jsonl")) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_leaves_no_partial_file(monkeypatch: pytest.MonkeyPatch) -> None:
    made = rowfiles._new_file

    def on_a_full_disk(first: Path) -> tuple:
        path, file = made(first)
        os.dup2(os.open("/dev/full", os.O_WRONLY), file.fileno())
        return path, file

    monkeypatch.setattr(rowfiles, "_new_file", on_a_full_disk)
    widget = DatasetBrowser(run_rows())
    send(widget, "pick", 0)
    send(widget, "export")
    status = soup(widget, "status").get_text()
    assert status.startswith("Cannot write 'datasets/picked.jsonl'") and os.strerror(errno.ENOSPC) in status
    assert os.listdir("datasets") == [] and len(widget.picked) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such permissions")
def test_a_folder_without_permission() -> None:
    Path("datasets").mkdir(mode=0o500)
    # Root may write anywhere, unless that right is taken away.
    before = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    export = (
        "from prompt2data.widgets.browser import DatasetBrowser\n"
        "widget = DatasetBrowser([{'instruction': 'one'}])\n"
        "for name in ('pick', 'export'):\n"
        "    widget._receive(widget, {'do': name, 'value': '0' if name == 'pick' else ''}, [])\n"
        "print(len(widget.picked), widget.parts['status'])"
    )
    done = subprocess.run([*before, sys.executable, "-c", export], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 ") and "Your rows are still picked" in done.stdout
    assert os.listdir("datasets") == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("picked.jsonl", "picked.jsonl"),
        ("bread", "bread.jsonl"),
        ("../../etc/passwd", "passwd.jsonl"),
        ("C:\\Users\\me\\rows.jsonl", "rows.jsonl"),
        ("/", "picked.jsonl"),
        ("..", "picked.jsonl"),
        (".jsonl", "picked.jsonl"),
        ("   ", "picked.jsonl"),
        ("nul", "_nul.jsonl"),
        ("CON.jsonl", "_CON.jsonl"),
        ("a\x00b\nc\u202e", "abc.jsonl"),
        ("면" * 300, "면" * 60 + ".jsonl"),
        ('a<b>:"|?*', "ab.jsonl"),
        *((text, None) for text in TEXTS),
    ],
)
def test_a_file_name_is_bare(typed: str, name: str | None) -> None:
    made = rowfiles.file_name(typed)
    assert made == name or name is None
    assert not set(made) & set('/\\\0<>:"|?*\n') and not made.startswith(".") and made.endswith(".jsonl")
    assert rowfiles.write_rows([{"a": 1}], typed) == Path("datasets") / made
