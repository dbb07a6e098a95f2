"""What a model wrote is shown as it is: nothing acts, nothing hides, and ordinary text stays untouched."""

from __future__ import annotations

import pytest

from prompt2data.untrusted import LONGEST, is_blank, look, visible, whole


@pytest.mark.parametrize(
    "text",
    ["How long should dough rise?", "two\nlines\tand a tab", "Nướng bánh mì ở nhà", "パンを焼く", "빵 굽기",
     "烤面包", "🐢 👩‍🍳",
     "<b>tags stay: escaping comes later</b>", "e\u0301 with one accent", "खमीर", "ال\u200cعربية",
     "葛\U000e0100", "⠓⠊⠀⠞", "ᠠ᠋", ""],
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
        ("filler\u3164", "filler\\u3164"),
        ("joined\u034f", "joined\\u034f"),
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


class Broken(str):
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __len__ = __str__


def test_a_class_with_broken_methods_is_shown() -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError

    assert visible(Broken("text")) == "text" and "Mute" in visible(Mute())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("half \ud83d", "half \ufffd"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("a\udfffb", "a\ufffdb"),
        ("Größe 🍞", "Größe 🍞"),
    ],
)
def test_half_a_surrogate_pair_is_replaced(text: str, expected: str) -> None:
    assert whole(text) == expected


def test_what_nobody_can_see_is_blank() -> None:
    for blank in (
        "",
        " \n",
        "\u200b",
        "\ufeff\u2060",
        "\u3164",
        "\u2800",
        "\x00",
        "\u00ad",
        "\U000e0101",
        "\ud800",
        None,
        7,
        b"a",
    ):
        assert is_blank(blank)
    for seen in ("a", "🍞", "\u200ba", ".", "\u0301", "塩", "❤\ufe0f", "0"):
        assert not is_blank(seen)


def test_time_grows_with_the_length_only() -> None:
    for unit in ("\u200d", "\x0b", "\ud83d", "e\u0301", "👩\u200d", " \u200b"):
        for function in (look, is_blank, whole, visible):
            function(unit * 100_000 + "x")
