"""A dataset browser driven as its page does it, and what it then shows."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

from prompt2data.widgets.browser import DatasetBrowser

CONDITIONS = {"contains": "0", "equals": "1", "is missing": "2", "is not missing": "3", "≥": "4", "≤": "5"}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Why salt?"},
    {"role": "assistant", "content": "For taste."},
]


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


def send(widget: DatasetBrowser, name: str, value: object = "") -> None:
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
    send(widget, "filter_column", column_of(widget, column))
    send(widget, "filter_condition", CONDITIONS[condition])
    send(widget, "filter_value", value)
    send(widget, "filter")
