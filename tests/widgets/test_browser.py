"""The dataset browser without a page: what is found, in which order, what is picked, read and written."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from datasets import Dataset, DatasetDict
from distilabel.distiset import Distiset

from prompt2data.widgets import rowfiles
from prompt2data.widgets.browser import DatasetBrowser
from tests.hostile import TEXTS

CONDITIONS = {"contains": "0", "equals": "1", "is missing": "2", "is not missing": "3", "≥": "4", "≤": "5"}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Why salt?"},
    {"role": "assistant", "content": "For taste."},
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROMPT2DATA_OUTPUT", raising=False)


def run_rows(n: int = 64) -> list[dict]:
    """Rows like those of lesson 5."""
    return [
        {
            "instruction": f"Write one question about bread {i}.",
            "prompt": f"How do I bake loaf {i}?",
            "completion": None if i % 10 == 9 else f"At {180 + i} degrees.",
            "model_name": "SmolLM2",
            "distilabel_metadata": {"raw_input_answer": TALK, "statistics_answer": {"output_tokens": i}},
            "tokens": i % 7,
        }
        for i in range(n)
    ]


def said(widget: DatasetBrowser, name: str, value: object = "") -> None:
    widget._receive(widget, {"do": name, "value": str(value)}, [])


def soup(widget: DatasetBrowser, part: str) -> BeautifulSoup:
    return BeautifulSoup(widget.parts[part], "html.parser")


def numbers(widget: DatasetBrowser) -> list[int]:
    """The numbers of the rows on the page."""
    return [int(one.get_text()) for one in soup(widget, "rows").select("tbody th")]


def headers(widget: DatasetBrowser) -> list[str]:
    return [re.sub(r"\W*$", "", one.get_text(strip=True)) for one in soup(widget, "rows").select("thead th")[2:]]


def column_of(widget: DatasetBrowser, name: str) -> int:
    (option,) = soup(widget, "controls").find_all("option", string=name)
    return int(option["value"])


def add_filter(widget: DatasetBrowser, column: str, condition: str, value: str = "") -> None:
    said(widget, "filter_column", column_of(widget, column))
    said(widget, "filter_condition", CONDITIONS[condition])
    said(widget, "filter_value", value)
    said(widget, "filter")


# -- what it takes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        run_rows(),
        tuple(run_rows()),
        Dataset.from_list(run_rows()),
        DatasetDict({"train": Dataset.from_list(run_rows())}),
        Distiset({"default": DatasetDict({"train": Dataset.from_list(run_rows())})}),
        pd.DataFrame(run_rows()),
    ],
    ids=lambda data: type(data).__name__,
)
def test_rows_of_every_kind_come_out_as_they_went_in(data: object) -> None:
    widget = DatasetBrowser(data)
    assert widget.rows == run_rows()
    assert numbers(widget) == list(range(1, 11)) and "rows 1–10 of 64" in widget.parts["rows"]
    assert headers(widget) == ["instruction", "prompt", "completion", "tokens"]
    assert "64 rows, 6 columns" in widget.static() and "64 rows" in widget.summary()


@pytest.mark.parametrize("data", [None, 3, "rows", {"prompt": "one row"}, [{"a": 1}, "b"], (one for one in run_rows())])
def test_what_holds_no_rows_is_refused_in_one_sentence(data: object) -> None:
    with pytest.raises(TypeError, match=r"^(The rows should be a Distiset.*|Row 1 is not a dictionary\.)$"):
        DatasetBrowser(data)


@pytest.mark.parametrize("size", [0, -1, 51, 2.5, True, "10", None])
def test_a_page_size_out_of_range_is_refused(size: object) -> None:
    with pytest.raises(ValueError, match="from 1 to 50"):
        DatasetBrowser([], page_size=size)


@pytest.mark.parametrize("data", [[], {}, Dataset.from_list([]), pd.DataFrame(), [{}], [{"a": None}]])
def test_empty_data_can_be_shown(data: object) -> None:
    widget = DatasetBrowser(data)
    for name in ("next", "previous"):
        said(widget, "page", name)
    for name in ("search", "filter", "read", "sort", "pick", "pick_found", "export", "clear", "neighbour", "back"):
        said(widget, name, "0")
    assert widget.static() and (widget.rows or "There are no rows." in widget.parts["rows"])


def test_a_distiset_has_a_choice_of_configuration_and_split_and_picks_stay_with_their_rows() -> None:
    one, two = Dataset.from_list([{"a": 1}, {"a": 2}]), Dataset.from_list([{"b": "x"}])
    widget = DatasetBrowser(Distiset({"left": DatasetDict({"train": one, "test": two}), "right": two}))
    options = [option.get_text() for option in soup(widget, "head").find_all("option")]
    assert options == ["left / train", "left / test", "right"]
    said(widget, "pick", 1)
    said(widget, "source", 2)
    assert headers(widget) == ["b"] and soup(widget, "head").find(selected=True).get_text() == "right"
    assert not soup(widget, "rows").find(checked=True)
    said(widget, "pick", 0)
    assert widget.picked == [{"a": 2}, {"b": "x"}] and "2 rows picked" in widget.parts["picks"]
    assert "<select" not in DatasetBrowser(one).parts["head"]  # nothing to choose, nothing to ask


# -- pages, columns, search, filters, order ----------------------------------------------------------------------------


def test_pages_turn_and_stop_at_the_ends() -> None:
    widget = DatasetBrowser(run_rows())
    said(widget, "page", "previous")
    assert numbers(widget)[0] == 1 and soup(widget, "rows").select("[data-value=previous][aria-disabled=true]")
    said(widget, "page", "next")
    assert "rows 11–20 of 64" in widget.parts["rows"] and not soup(widget, "rows").select("[aria-disabled]")
    for _press in range(9):
        said(widget, "page", "next")
    assert numbers(widget) == [61, 62, 63, 64] and soup(widget, "rows").select("[data-value=next][aria-disabled=true]")
    said(widget, "page_size", 20)
    assert numbers(widget)[0] == 61 and "rows 61–64 of 64" in widget.parts["rows"]
    said(widget, "page_size", 50)
    assert 61 in numbers(widget)  # what was in sight stays in sight
    for wrong in ("0", "51", "-1", "x", "", "99999999999"):
        said(widget, "page_size", wrong)
        assert len(numbers(widget)) == 14


def test_columns_are_chosen_sensibly_and_by_the_reader() -> None:
    widget = DatasetBrowser(run_rows())
    boxes = {box.find_parent("label").get_text(strip=True): box for box in soup(widget, "columns").find_all("input")}
    # What differs from row to row first, what is the same in all after it, what is nested last.
    assert list(boxes) == ["instruction", "prompt", "completion", "tokens", "model_name", "distilabel_metadata"]
    assert [name for name, box in boxes.items() if box.has_attr("checked")] == headers(widget)
    said(widget, "column", boxes["distilabel_metadata"]["data-value"])
    said(widget, "column", boxes["tokens"]["data-value"])
    assert headers(widget) == ["instruction", "prompt", "completion", "distilabel_metadata"]
    folded = soup(widget, "rows").find("details")
    assert "raw_input_answer" in folded.get_text() and not folded.has_attr("open")
    for column in ("0", "1", "2", "4"):
        said(widget, "column", column)
    assert "tbody" in widget.parts["rows"]  # a reader may hide all of them


def test_search_ignores_case_marks_what_it_finds_and_shows_the_place_in_a_long_text() -> None:
    rows = [
        {"text": "Flour & WATER"},
        {"text": "x" * 3000 + " wAter <b>" + "y" * 3000},
        {"text": None},
        {"text": "salt"},
    ]
    widget = DatasetBrowser(rows)
    said(widget, "search", " water ")
    assert numbers(widget) == [1, 2] and "2 of 4 rows found" in widget.parts["found"]
    assert "2 of 4 rows found" in widget.parts["status"]  # for those who do not see
    assert [mark.get_text() for mark in soup(widget, "rows").find_all("mark")] == ["WATER", "wAter"]
    said(widget, "read", 1)
    assert [mark.get_text() for mark in soup(widget, "rows").find_all("mark")] == ["wAter"]
    said(widget, "search", "nowhere")
    assert "No row fits" in widget.parts["rows"]
    said(widget, "show_all")
    assert numbers(widget) == [1, 2, 3, 4] and 'type="search" maxlength="200" value=""' in widget.parts["controls"]


def test_search_looks_into_conversations_and_not_into_metadata() -> None:
    widget = DatasetBrowser(
        [{"talk": TALK, "metadata": {"raw": "Why salt?"}}, {"talk": [], "metadata": {"raw": "salt"}}]
    )
    said(widget, "search", "WHY S")
    assert numbers(widget) == [1] and soup(widget, "rows").find("mark").get_text() == "Why s"


def test_searching_never_leaves_the_row_that_was_read_in_the_way() -> None:
    widget = DatasetBrowser(run_rows())
    said(widget, "page", "next")
    said(widget, "read", 12)
    said(widget, "search", "loaf 3")
    assert numbers(widget)[:2] == [4, 31]


@pytest.mark.parametrize(
    ("condition", "value", "found"),
    [
        ("contains", "FLOUR", [1]),
        ("equals", "flour ", [1]),
        ("equals", "flou", []),
        ("equals", "3", [2, 3]),
        ("equals", "", [8]),
        ("is missing", "whatever", [4, 5, 9]),
        ("is not missing", "", [1, 2, 3, 6, 7, 8]),
        ("≥", "3", [2, 3]),
        ("≤", "2.5", [6]),
        ("contains", "deep", [7]),
    ],
)
def test_filters(condition: str, value: str, found: list[int]) -> None:
    values = ["Flour", 3, "3", None, math.nan, True, {"deep": [1]}, ""]
    found = [place for place in found if not (condition == "≥" and place == 3)]  # a text is no number
    widget = DatasetBrowser([*({"a": value} for value in values), {"b": 1}])
    add_filter(widget, "a", condition, value)
    assert (numbers(widget) if found else []) == found
    said(widget, "remove", 0)
    assert numbers(widget) == list(range(1, 10))


def test_filters_add_up_with_the_search_and_each_can_be_removed() -> None:
    widget = DatasetBrowser(run_rows(), page_size=50)
    add_filter(widget, "tokens", "≥", "5")
    add_filter(widget, "tokens", "≥", "5")  # twice the same is once
    add_filter(widget, "completion", "is missing")
    expected = [i + 1 for i in range(64) if i % 7 >= 5 and i % 10 == 9]
    assert numbers(widget) == expected
    tags = [tag.get_text(strip=True) for tag in soup(widget, "found").select(".p2d-tag")]
    assert len(tags) == 2 and tags[0].startswith("tokens ≥ “5”") and tags[1].startswith("completion is missing")
    said(widget, "search", f"loaf {expected[-1] - 1}?")
    assert numbers(widget) == expected[-1:]
    said(widget, "remove", 0)
    said(widget, "search", "")
    assert numbers(widget) == [i + 1 for i in range(64) if i % 10 == 9]
    said(widget, "remove", 5)
    assert len(numbers(widget)) == 6


@pytest.mark.parametrize(
    ("condition", "value", "sentence"),
    [
        ("≥", "many", "compare numbers"),
        ("≤", "", "compare numbers"),
        ("≥", "nan", "compare"),
        ("contains", " ", "Type the"),
    ],
)
def test_a_filter_that_cannot_work_says_why(condition: str, value: str, sentence: str) -> None:
    widget = DatasetBrowser(run_rows())
    add_filter(widget, "prompt", condition, value)
    assert sentence in widget.parts["found"] and sentence in widget.parts["status"] and len(numbers(widget)) == 10
    add_filter(widget, "prompt", "contains", "loaf 1")
    assert sentence not in widget.parts["found"] and "11 of 64" in widget.parts["found"]


def test_sorting_goes_up_down_and_back_and_puts_what_is_missing_last() -> None:
    mixed = [None, "b", 2, "A", 10.5, math.nan, True, [3], {"x": 1}, -math.inf, np.int64(3), "a" * 500, object, 10**400]
    widget = DatasetBrowser([{"a": value} for value in mixed], page_size=50)

    def shown() -> list[int]:
        return [place - 1 for place in numbers(widget)]

    def direction() -> str:
        return soup(widget, "rows").find(attrs={"data-act": "sort"}).parent["aria-sort"]

    assert direction() == "none"
    said(widget, "sort", 0)
    up = shown()
    assert direction() == "ascending" and up[:8] == [9, 6, 2, 10, 4, 3, 11, 1] and up[-2:] == [0, 5]
    said(widget, "sort", 0)
    assert direction() == "descending" and shown() == up[-3::-1] + [0, 5]
    said(widget, "sort", 0)
    assert direction() == "none" and shown() == list(range(len(mixed)))
    said(widget, "sort", 7)  # no such column
    assert shown() == list(range(len(mixed)))


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_row_is_read_in_full_and_the_next_one_and_back_at_its_page() -> None:
    widget = DatasetBrowser(run_rows())
    said(widget, "sort", column_of(widget, "tokens"))
    first = numbers(widget)
    said(widget, "read", first[9] - 1)
    page = soup(widget, "rows")
    assert f"Row {first[9]} (10 of 64)" in page.get_text()
    assert [title.get_text() for title in page.find_all("h5")] == [
        "Conversation: prompt → completion (2 turns)", "instruction", "tokens", "model_name", "distilabel_metadata",
    ]  # fmt: skip
    assert '"output_tokens":' in page.find("details").get_text()
    said(widget, "neighbour", "next")
    assert "(11 of 64)" in widget.parts["rows"]
    said(widget, "back")
    assert "rows 11–20 of 64" in widget.parts["rows"]
    assert soup(widget, "rows").find(attrs={"data-focus": True})["data-act"] == "read"  # where the focus goes
    said(widget, "read", first[0] - 1)
    said(widget, "neighbour", "previous")
    assert "(1 of 64)" in widget.parts["rows"]
    said(widget, "read", 64)
    said(widget, "read", "-1")
    assert "(1 of 64)" in widget.parts["rows"]


def test_a_long_text_grows_in_steps_and_has_an_end() -> None:
    widget = DatasetBrowser([{"text": "word " * 4_000, "other": "x"}, {"text": "y" * 1_000_000}])
    said(widget, "read", 0)
    assert "(20,000 characters in all)" in widget.parts["rows"] and len(widget.parts["rows"]) < 10_000
    (more,) = soup(widget, "rows").select("[data-act=more]")
    said(widget, "more", more["data-value"])
    assert "in all" not in widget.parts["rows"] and not soup(widget, "rows").select("[data-act=more]")
    said(widget, "read", 1)
    for _press in range(20):
        said(widget, "more", more["data-value"])
    assert 100_000 < len(widget.parts["rows"]) < 110_000 and "(1,000,000 characters in all)" in widget.parts["rows"]


def roles(html: str) -> list[tuple[str, str]]:
    page = BeautifulSoup(html, "html.parser")
    return [(turn.strong.get_text(), turn.select(".p2d-text")[0].get_text()) for turn in page.select(".p2d-turn")]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"messages": TALK}, [("system", "Be brief."), ("user", "Why salt?"), ("assistant", "For taste.")]),
        ({"prompt": "Why?", "completion": "So."}, [("user", "Why?"), ("assistant", "So.")]),
        ({"instruction": "Why?", "generation": "So."}, [("user", "Why?"), ("assistant", "So.")]),
        (
            {"prompt": "Why?", "chosen": "So.", "rejected": "No."},
            [("user", "Why?"), ("assistant", "So."), ("assistant", "No.")],
        ),
        (
            {"chosen": TALK[1:], "rejected": [*TALK[1:2], {"role": "assistant", "content": "?"}]},
            [("user", "Why salt?"), ("assistant", "For taste."), ("user", "Why salt?"), ("assistant", "?")],
        ),
        ({"talk": [{"role": "narrator", "content": 7}]}, [("narrator", "7")]),
        ({"prompt": "Why?", "completion": None}, []),
        ({"messages": []}, []),
        ({"messages": [{"role": "user"}]}, []),
        ({"messages": ["user", "assistant"]}, []),
        ({"messages": [{"role": None, "content": "x"}]}, []),
    ],
)
def test_conversations(row: dict, expected: list[tuple[str, str]]) -> None:
    widget = DatasetBrowser([row])
    said(widget, "read", 0)
    assert roles(widget.parts["rows"]) == expected
    assert roles(widget.static())[: len(expected)] == expected


def test_a_preference_stands_side_by_side_and_a_long_conversation_grows() -> None:
    widget = DatasetBrowser([{"prompt": "Why?", "chosen": "So.", "rejected": "No."}, {"talk": TALK[1:] * 50}])
    said(widget, "read", 0)
    sides = soup(widget, "rows").select_one(".p2d-columns")
    assert [side.strong.get_text() for side in sides.find_all("div", recursive=False)] == ["chosen", "rejected"]
    said(widget, "read", 1)
    assert len(roles(widget.parts["rows"])) == 30 and "(100 turns)" in widget.parts["rows"]
    said(widget, "more", soup(widget, "rows").select_one("[data-act=more]")["data-value"])
    assert len(roles(widget.parts["rows"])) == 60


# -- picking and writing -----------------------------------------------------------------------------------------------


def test_picks_stay_over_pages_filters_and_sorting_and_come_in_order() -> None:
    widget = DatasetBrowser(run_rows())
    said(widget, "page", "next")
    said(widget, "pick", 15)
    said(widget, "sort", column_of(widget, "tokens"))
    said(widget, "search", "loaf 3")
    said(widget, "pick", 3)
    said(widget, "read", 30)
    said(widget, "pick", 30)
    assert soup(widget, "rows").find("input", checked=True)
    said(widget, "show_all")
    assert [row["prompt"] for row in widget.picked] == [f"How do I bake loaf {i}?" for i in (3, 15, 30)]
    assert widget.picked == [run_rows()[i] for i in (3, 15, 30)] and "3 rows picked" in widget.parts["picks"]
    said(widget, "pick", 15)
    said(widget, "pick", 64)
    assert len(widget.picked) == 2
    widget.picked[0]["prompt"] = "changed"
    assert widget.rows[3]["prompt"] == "How do I bake loaf 3?"


def test_all_found_can_be_picked_and_a_slip_taken_back() -> None:
    widget = DatasetBrowser(run_rows())
    said(widget, "pick", 0)
    add_filter(widget, "completion", "is not missing")
    said(widget, "pick_found")
    assert len(widget.picked) == 58 and "58 rows picked" in widget.parts["picks"]
    said(widget, "clear")
    assert widget.picked == [] and "0 rows picked" in widget.parts["picks"]
    said(widget, "clear")
    said(widget, "restore")
    assert len(widget.picked) == 58


def lines(path: str) -> list:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def test_picked_rows_are_written_and_no_file_is_written_over() -> None:
    widget = DatasetBrowser(run_rows())
    for row in (5, 2):
        said(widget, "pick", row)
    said(widget, "export")
    assert lines("datasets/picked.jsonl") == [run_rows()[2], run_rows()[5]] == widget.picked
    assert "2 rows written to datasets/picked.jsonl" in widget.parts["status"]
    said(widget, "pick", 5)
    said(widget, "export")
    assert "1 row written to datasets/picked-2.jsonl" in widget.parts["status"]
    assert len(lines("datasets/picked.jsonl")) == 2 and len(lines("datasets/picked-2.jsonl")) == 1
    said(widget, "name", "good pairs")
    said(widget, "export")
    assert lines("datasets/good pairs.jsonl") == [run_rows()[2]]
    said(widget, "page", "next")
    assert "written" not in widget.parts["status"]


def test_whatever_a_row_holds_can_be_written() -> None:
    odd = {
        "nan": math.nan,
        "array": np.arange(2),
        "half": "\ud800",
        "time": pd.Timestamp("2026-01-02"),
        "set": {1},
        "o": object(),
    }
    widget = DatasetBrowser([odd, *({"text": text} for text in TEXTS)])
    said(widget, "pick_found")
    said(widget, "export")
    first, *rest = lines("datasets/picked.jsonl")
    assert first.pop("o").startswith("<object")
    assert first == {"nan": None, "array": [0, 1], "half": "\ud800", "time": "2026-01-02T00:00:00", "set": [1]}
    assert [row["text"] for row in rest] == list(TEXTS)


def test_what_cannot_be_written_is_one_sentence_and_the_picks_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = DatasetBrowser(run_rows())
    said(widget, "export")
    assert "Pick at least one row first." in widget.parts["status"]
    said(widget, "pick", 0)
    Path("datasets").write_text("a file where the folder should be", "utf-8")
    said(widget, "export")
    assert "Cannot write to the folder" in widget.parts["status"]
    os.remove("datasets")
    Path("datasets").mkdir()
    endless: dict = {}
    endless["itself"] = endless
    widget.rows[0]["endless"] = endless
    said(widget, "export")
    assert "cannot be written as JSON" in widget.parts["status"] and not os.listdir("datasets")
    del widget.rows[0]["endless"]
    said(widget, "export")
    assert len(widget.picked) == 1 and len(lines("datasets/picked.jsonl")) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_leaves_no_half_file(monkeypatch: pytest.MonkeyPatch) -> None:
    made = rowfiles._new_file

    def on_a_full_disk(first: Path) -> tuple:
        path, file = made(first)
        os.dup2(os.open("/dev/full", os.O_WRONLY), file.fileno())
        return path, file

    monkeypatch.setattr(rowfiles, "_new_file", on_a_full_disk)
    widget = DatasetBrowser(run_rows())
    said(widget, "pick", 0)
    said(widget, "export")
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


# -- quick, small, safe ------------------------------------------------------------------------------------------------


def test_ten_thousand_rows_are_searched_and_sorted_quickly_and_one_page_is_sent() -> None:
    text = "Flour, water, salt and time make bread. " * 10
    widget = DatasetBrowser([{"n": i, "prompt": f"Question {i}", "completion": text} for i in range(10_000)])
    for action in (("search", "question 777"), ("search", "water"), ("sort", "1"), ("sort", "2"), ("pick_found", "")):
        started = time.perf_counter()
        said(widget, *action)
        assert time.perf_counter() - started < 1, action  # seconds; a hundredth of it when nothing else runs
        assert sum(map(len, widget.parts.values())) < 60_000
    assert len(widget.picked) == 10_000


def tags(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Tags and the names of their attributes; marks are what is searched for."""
    page = BeautifulSoup(html, "html.parser")
    return [(tag.name, tuple(tag.attrs)) for tag in page.find_all(True) if tag.name != "mark"]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_texts_are_text(text: str) -> None:
    def drawn(text: str) -> list[list[tuple[str, tuple[str, ...]]]]:
        row = {
            "prompt": text, "completion": text, "nested": {text: [text]}, text: text,
            "talk": [{"role": text, "content": text, "name": text}, {"role": "user", "content": text}],
        }  # fmt: skip
        rows = Dataset.from_list([{"a": "x"}])
        widget = DatasetBrowser({text: [row, row, dict.fromkeys(row, text[:10])], f"{text}2": rows}, page_size=5)
        for column in range(len(widget._table.columns)):
            if column not in widget._shown:
                said(widget, "column", column)
        pages = [widget.static(), *widget.parts.values()]
        needle = text.strip()[:100]
        said(widget, "search", needle)
        said(widget, "filter_value", needle[:5])
        said(widget, "filter")
        said(widget, "name", text)
        said(widget, "pick", 0)
        said(widget, "export")
        pages += [widget.static(), *widget.parts.values()]
        said(widget, "read", 0)
        pages += widget.parts.values()
        assert max(map(len, pages)) < 100_000 and len(pages[0]) < 60_000
        said(widget, "search", "e")
        said(widget, "search", "<")
        said(widget, "search", "&")
        assert "found" in widget.parts["found"]
        return list(map(tags, pages))

    # What is longer than a page shows has buttons to show more.
    innocent = drawn(("innocent " * len(text))[: len(text)])
    assert drawn(text) == innocent


def test_hundreds_of_columns_stay_small() -> None:
    widget = DatasetBrowser([{f"column {i}": "text " * 1_000 for i in range(300)}] * 50, page_size=50)
    for column in range(300):
        widget._shown.add(column)
    said(widget, "page_size", 5)
    assert max(map(len, widget.parts.values())) < 100_000 and "Not shown: column 20, " in widget.parts["rows"]
    said(widget, "page_size", 50)
    assert len(widget.parts["rows"]) < 200_000
    said(widget, "read", 0)
    assert "column 299" not in widget.parts["rows"] and "Not shown: column 60, " in widget.parts["rows"]
    assert len(widget.parts["rows"]) < 100_000 and len(widget.static()) < 60_000


def test_what_is_stored_shows_rows_and_a_conversation_and_has_nothing_to_press() -> None:
    rows = run_rows()
    rows[0]["completion"] = None
    rows[1]["completion"] = "Long. " * 100
    page = BeautifulSoup(DatasetBrowser(Dataset.from_list(rows)).static(), "html.parser")
    assert len(page.select("tbody tr")) == 5 and page.find("caption").get_text() == "The first 5 of 64 rows"
    assert not page.find_all(["button", "input", "select"]) and not page.select("[id]")
    assert [turn.strong.get_text() for turn in page.select(".p2d-turn")][:2] == ["user", "assistant"]
    full = page.find_all("details", recursive=True)[-2]
    assert full.find("summary").get_text() == "Row 2 in full" and "Long. " * 100 in full.get_text()
