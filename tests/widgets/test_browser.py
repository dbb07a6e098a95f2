"""The dataset browser without a page: what is taken, found, filtered and sorted; small and safe."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from datasets import Dataset, DatasetDict
from distilabel.distiset import Distiset

from prompt2data.widgets import browser
from prompt2data.widgets.browser import DatasetBrowser
from prompt2data.widgets.browser.cells import cell
from prompt2data.widgets.browser.table import Table
from tests.hostile import TEXTS
from tests.widgets.browsed import TALK, add_filter, headers, numbers, run_rows, send, soup


@pytest.fixture(autouse=True)
def _exports_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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
def test_any_kind_of_rows(data: object) -> None:
    widget = DatasetBrowser(data)
    assert widget.rows == run_rows()
    assert numbers(widget) == list(range(1, 11)) and "rows 1–10 of 64" in widget.parts["rows"]
    assert headers(widget) == ["instruction", "prompt", "completion", "tokens"]
    assert "64 rows, 6 columns" in widget.static() and "64 rows" in widget.summary()


@pytest.mark.parametrize("data", [None, 3, "rows", {"prompt": "one row"}, [{"a": 1}, "b"], (one for one in run_rows())])
def test_data_without_rows_is_refused(data: object) -> None:
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
        send(widget, "page", name)
    for name in ("search", "filter", "read", "sort", "pick", "pick_found", "export", "clear", "neighbour", "back"):
        send(widget, name, "0")
    assert widget.static() and (widget.rows or "There are no rows." in widget.parts["rows"])


def test_a_distiset_has_a_choice_of_configuration_and_split_and_picks_stay_with_their_rows() -> None:
    one, two = Dataset.from_list([{"a": 1}, {"a": 2}]), Dataset.from_list([{"b": "x"}])
    widget = DatasetBrowser(Distiset({"left": DatasetDict({"train": one, "test": two}), "right": two}))
    options = [option.get_text() for option in soup(widget, "head").find_all("option")]
    assert options == ["left / train", "left / test", "right"]
    send(widget, "pick", 1)
    send(widget, "source", 2)
    assert headers(widget) == ["b"] and soup(widget, "head").find(selected=True).get_text() == "right"
    assert not soup(widget, "rows").find(checked=True)
    send(widget, "pick", 0)
    assert widget.picked == [{"a": 2}, {"b": "x"}] and "2 rows picked" in widget.parts["picks"]
    assert "<select" not in DatasetBrowser(one).parts["head"]  # nothing to choose, nothing to ask


def test_pages_turn_and_stop_at_the_ends() -> None:
    widget = DatasetBrowser(run_rows())
    send(widget, "page", "previous")
    assert numbers(widget)[0] == 1 and soup(widget, "rows").select("[data-value=previous][aria-disabled=true]")
    send(widget, "page", "next")
    assert "rows 11–20 of 64" in widget.parts["rows"] and not soup(widget, "rows").select("[aria-disabled]")
    for _press in range(9):
        send(widget, "page", "next")
    assert numbers(widget) == [61, 62, 63, 64] and soup(widget, "rows").select("[data-value=next][aria-disabled=true]")
    send(widget, "page_size", 20)
    assert numbers(widget)[0] == 61 and "rows 61–64 of 64" in widget.parts["rows"]
    send(widget, "page_size", 50)
    assert 61 in numbers(widget)  # what was in sight stays in sight
    for wrong in ("0", "51", "-1", "x", "", "99999999999"):
        send(widget, "page_size", wrong)
        assert len(numbers(widget)) == 14


def test_columns_are_chosen_sensibly_and_by_the_reader() -> None:
    widget = DatasetBrowser(run_rows())
    boxes = {box.find_parent("label").get_text(strip=True): box for box in soup(widget, "columns").find_all("input")}
    # What differs from row to row first, what is the same in all after it, what is nested last.
    assert list(boxes) == ["instruction", "prompt", "completion", "tokens", "model_name", "distilabel_metadata"]
    assert [name for name, box in boxes.items() if box.has_attr("checked")] == headers(widget)
    send(widget, "column", boxes["distilabel_metadata"]["data-value"])
    send(widget, "column", boxes["tokens"]["data-value"])
    assert headers(widget) == ["instruction", "prompt", "completion", "distilabel_metadata"]
    folded = soup(widget, "rows").find("details")
    assert "raw_input_answer" in folded.get_text() and not folded.has_attr("open")
    for column in ("0", "1", "2", "4"):
        send(widget, "column", column)
    assert "tbody" in widget.parts["rows"]  # a reader may hide all of them


def test_search_ignores_case_marks_what_it_finds_and_shows_the_place_in_a_long_text() -> None:
    rows = [
        {"text": "Flour & WATER"},
        {"text": "x" * 3000 + " wAter <b>" + "y" * 3000},
        {"text": None},
        {"text": "salt"},
    ]
    widget = DatasetBrowser(rows)
    send(widget, "search", " water ")
    assert numbers(widget) == [1, 2] and "2 of 4 rows found" in widget.parts["found"]
    assert "2 of 4 rows found" in widget.parts["status"]  # for those who do not see
    assert [mark.get_text() for mark in soup(widget, "rows").find_all("mark")] == ["WATER", "wAter"]
    send(widget, "read", 1)
    assert [mark.get_text() for mark in soup(widget, "rows").find_all("mark")] == ["wAter"]
    send(widget, "search", "nowhere")
    assert "No row fits" in widget.parts["rows"]
    send(widget, "show_all")
    assert numbers(widget) == [1, 2, 3, 4] and 'type="search" maxlength="200" value=""' in widget.parts["controls"]


def test_search_looks_into_conversations_and_not_into_metadata() -> None:
    widget = DatasetBrowser(
        [{"talk": TALK, "metadata": {"raw": "Why salt?"}}, {"talk": [], "metadata": {"raw": "salt"}}]
    )
    send(widget, "search", "WHY S")
    assert numbers(widget) == [1] and soup(widget, "rows").find("mark").get_text() == "Why s"


def test_searching_never_leaves_the_row_that_was_read_in_the_way() -> None:
    widget = DatasetBrowser(run_rows())
    send(widget, "page", "next")
    send(widget, "read", 12)
    send(widget, "search", "loaf 3")
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
    send(widget, "remove", 0)
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
    send(widget, "search", f"loaf {expected[-1] - 1}?")
    assert numbers(widget) == expected[-1:]
    send(widget, "remove", 0)
    send(widget, "search", "")
    assert numbers(widget) == [i + 1 for i in range(64) if i % 10 == 9]
    send(widget, "remove", 5)
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
    send(widget, "sort", 0)
    up = shown()
    assert direction() == "ascending" and up[:8] == [9, 6, 2, 10, 4, 3, 11, 1] and up[-2:] == [0, 5]
    send(widget, "sort", 0)
    assert direction() == "descending" and shown() == up[-3::-1] + [0, 5]
    send(widget, "sort", 0)
    assert direction() == "none" and shown() == list(range(len(mixed)))
    send(widget, "sort", 7)  # no such column
    assert shown() == list(range(len(mixed)))


def test_of_ten_thousand_rows_one_page_is_drawn_and_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(browser, "cell", lambda table, row, *how: drawn.append(row) or cell(table, row, *how))
    text = "Flour, water, salt and time make bread. " * 10
    widget = DatasetBrowser([{"n": i, "prompt": f"Question {i}", "completion": text} for i in range(10_000)])
    for action in (("search", "question 777"), ("search", "water"), ("sort", "1"), ("sort", "2"), ("pick_found", "")):
        drawn.clear()
        send(widget, *action)
        assert 0 < len(set(drawn)) <= 10, action
        assert sum(map(len, widget.parts.values())) < 60_000
    assert len(widget.picked) == 10_000


def test_texts_are_prepared_for_the_search_once() -> None:
    table = Table([{"text": "Flour"}, {"text": "Water"}])
    assert table.find("flour") == [0]
    table.rows[1]["text"] = "Flour"
    assert table.find("flour") == [0]


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
        for box in soup(widget, "columns").find_all("input", checked=False):
            send(widget, "column", box["data-value"])
        pages = [widget.static(), *widget.parts.values()]
        needle = text.strip()[:100]
        send(widget, "search", needle)
        send(widget, "filter_value", needle[:5])
        send(widget, "filter")
        send(widget, "name", text)
        send(widget, "pick", 0)
        send(widget, "export")
        pages += [widget.static(), *widget.parts.values()]
        send(widget, "read", 0)
        pages += widget.parts.values()
        assert max(map(len, pages)) < 100_000 and len(pages[0]) < 60_000
        send(widget, "search", "e")
        send(widget, "search", "<")
        send(widget, "search", "&")
        assert "found" in widget.parts["found"]
        return list(map(tags, pages))

    # What is longer than a page shows has buttons to show more.
    innocent = drawn(("innocent " * len(text))[: len(text)])
    assert drawn(text) == innocent


def test_hundreds_of_columns_stay_small() -> None:
    widget = DatasetBrowser([{f"column {i}": "text " * 1_000 for i in range(300)}] * 50, page_size=50)
    widget.state.shown = set(range(300))
    send(widget, "page_size", 5)
    assert max(map(len, widget.parts.values())) < 100_000 and "Not shown: column 20, " in widget.parts["rows"]
    send(widget, "page_size", 50)
    assert len(widget.parts["rows"]) < 200_000
    send(widget, "read", 0)
    assert "column 299" not in widget.parts["rows"] and "Not shown: column 60, " in widget.parts["rows"]
    assert len(widget.parts["rows"]) < 100_000 and len(widget.static()) < 60_000


def test_the_stored_form_shows_rows_and_a_conversation_without_controls() -> None:
    rows = run_rows()
    rows[0]["completion"] = None
    rows[1]["completion"] = "Long. " * 100
    page = BeautifulSoup(DatasetBrowser(Dataset.from_list(rows)).static(), "html.parser")
    assert len(page.select("tbody tr")) == 5 and page.find("caption").get_text() == "The first 5 of 64 rows"
    assert not page.find_all(["button", "input", "select"]) and not page.select("[id]")
    assert [turn.strong.get_text() for turn in page.select(".p2d-turn")][:2] == ["user", "assistant"]
    full = page.find_all("details", recursive=True)[-2]
    assert full.find("summary").get_text() == "Row 2 in full" and "Long. " * 100 in full.get_text()
