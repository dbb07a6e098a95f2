"""Links that lead nowhere are named; those that lead somewhere are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builder.guards.links import anchors, faults


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# 始め方\n\n## Two `words`, here!\n\n## Two words here\n", "utf-8")
    cells = [{"cell_type": "markdown", "source": ["# 1. Title\n"]}, {"cell_type": "code", "source": "x"}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "read me.md").write_text("here")
    return tmp_path / "README.md"


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/other.md)", "[a](docs/other.md#始め方)", "[a](docs/other.md#two-words-here)",
        "[a](docs/other.md#two-words-here-1)", "[a](a.ipynb#1-title)", "[a](a.ipynb#1.-Title)", "[a](#own)",
        "[a](https://nowhere.example/x#y)", "![a](docs)", "`[a](gone.md)`", '<a href="a.ipynb">x</a>',
        "[a](read%20me.md)", "mail <me@example.org>",
    ],
)  # fmt: skip
def test_quiet(page: Path, text: str) -> None:
    page.write_text(f"# Own\n\n{text}\n", "utf-8")
    assert list(faults(page, page.parent)) == []


@pytest.mark.parametrize(
    "text, said",
    [
        ("[a](gone.md)", "gone.md leads nowhere"),
        ("[a](docs/other.md#start)", "a heading that other.md does not have"),
        ("[a](#elsewhere)", "a heading"),
        ("![a](pictures/x.png)", "leads nowhere"),
        ("[a](../outside.md)", "leads nowhere"),
        ('<img src="x.png">', "leads nowhere"),
    ],
)
def test_fires(page: Path, text: str, said: str) -> None:
    (page.parent.parent / "outside.md").write_text("outside of the course")
    page.write_text(f"# Own\n\n{text}\n", "utf-8")
    assert any(said in fault for fault in faults(page, page.parent))


def test_anchors(page: Path) -> None:
    assert {"始め方", "two-words-here", "two-words-here-1"} <= anchors(page.parent / "docs" / "other.md")
