"""What a model wrote is shown as it is: nothing acts, nothing hides, and ordinary text stays untouched."""

from __future__ import annotations

import pytest

from prompt2data.untrusted import LONGEST, visible


@pytest.mark.parametrize(
    "text",
    ["How long should dough rise?", "two\nlines\tand a tab", "Nướng bánh mì ở nhà", "パンを焼く", "빵 굽기",
     "烤面包", "🐢 👩‍🍳",
     "<b>tags stay: escaping comes later</b>", "e\u0301 with one accent", "खमीर", "ال\u200cعربية", ""],
)  # fmt: skip
def test_ordinary_text_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("safe\rdanger", "safe␍danger"),
        ("a\x08b", "a␈b"),
        ("nul\x00", "nul␀"),
        ("del\x7f", "del␡"),
        ("c1\x9b31m", "c1\\u009b31m"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("\u2066isolated\u2069", "\\u2066isolated\\u2069"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("half\ud800", "half\\ud800"),
        ("windows\r\nline", "windows\nline"),
        ("z" + "\u0301" * 50 + "algo", "z" + "\u0301" * 4 + "…algo"),
        (None, "None"),
        (3, "3"),
    ],
)
def test_what_acts_or_hides_is_written_out(text: object, shown: str) -> None:
    assert visible(text) == shown


def test_a_megabyte_is_cut_and_says_so() -> None:
    shown = visible("x" * 1_000_000)
    assert len(shown) < LONGEST + 60 and "1,000,000" in shown
    assert visible("x" * LONGEST) == "x" * LONGEST
    assert visible("x" * 5000, longest=5000) == "x" * 5000
