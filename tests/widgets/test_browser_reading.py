"""The dataset browser without a page: a row read in full, with its long texts and conversations."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from prompt2data.widgets.browser import DatasetBrowser
from tests.widgets.browsed import TALK, column_of, numbers, run_rows, send, soup


def test_a_row_is_read_in_full_and_the_next_one_and_back_at_its_page() -> None:
    widget = DatasetBrowser(run_rows())
    send(widget, "sort", column_of(widget, "tokens"))
    first = numbers(widget)
    send(widget, "read", first[9] - 1)
    page = soup(widget, "rows")
    assert f"Row {first[9]} (10 of 64)" in page.get_text()
    assert [title.get_text() for title in page.find_all("h5")] == [
        "Conversation: prompt → completion (2 turns)", "instruction", "tokens", "model_name", "distilabel_metadata",
    ]  # fmt: skip
    assert '"output_tokens":' in page.find("details").get_text()
    send(widget, "neighbour", "next")
    assert "(11 of 64)" in widget.parts["rows"]
    send(widget, "back")
    assert "rows 11–20 of 64" in widget.parts["rows"]
    assert soup(widget, "rows").find(attrs={"data-focus": True})["data-act"] == "read"  # where the focus goes
    send(widget, "read", first[0] - 1)
    send(widget, "neighbour", "previous")
    assert "(1 of 64)" in widget.parts["rows"]
    send(widget, "read", 64)
    send(widget, "read", "-1")
    assert "(1 of 64)" in widget.parts["rows"]


def test_a_long_text_grows_in_steps_and_has_an_end() -> None:
    widget = DatasetBrowser([{"text": "word " * 4_000, "other": "x"}, {"text": "y" * 1_000_000}])
    send(widget, "read", 0)
    assert "(20,000 characters in all)" in widget.parts["rows"] and len(widget.parts["rows"]) < 10_000
    (more,) = soup(widget, "rows").select("[data-act=more]")
    send(widget, "more", more["data-value"])
    assert "in all" not in widget.parts["rows"] and not soup(widget, "rows").select("[data-act=more]")
    send(widget, "read", 1)
    for _press in range(20):
        send(widget, "more", more["data-value"])
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
    send(widget, "read", 0)
    assert roles(widget.parts["rows"]) == expected
    assert roles(widget.static())[: len(expected)] == expected


def test_a_preference_stands_side_by_side_and_a_long_conversation_grows() -> None:
    widget = DatasetBrowser([{"prompt": "Why?", "chosen": "So.", "rejected": "No."}, {"talk": TALK[1:] * 50}])
    send(widget, "read", 0)
    sides = soup(widget, "rows").select_one(".p2d-columns")
    assert [side.strong.get_text() for side in sides.find_all("div", recursive=False)] == ["chosen", "rejected"]
    send(widget, "read", 1)
    assert len(roles(widget.parts["rows"])) == 30 and "(100 turns)" in widget.parts["rows"]
    send(widget, "more", soup(widget, "rows").select_one("[data-act=more]")["data-value"])
    assert len(roles(widget.parts["rows"])) == 60
