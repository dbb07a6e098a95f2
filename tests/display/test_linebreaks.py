"""Where lines of text break, in the languages of the course."""

from __future__ import annotations

import pytest

from prompt2data.display.linebreaks import pieces, wrap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One rises, one falls", ["One ", "rises, ", "one ", "falls"]),
        ("từ đầu tiên", ["từ ", "đầu ", "tiên"]),
        ("두 번째 단어", ["두 ", "번째 ", "단어"]),  # words, though each syllable is a character of full width
        ("第二个词，领先。", ["第", "二", "个", "词，", "领", "先。"]),
        ("提示词（default）：领先", ["提", "示", "词", "（default）：", "领", "先"]),
        ("「はい」とキャッシュ", ["「は", "い」", "と", "キャッ", "シュ"]),
        ("平均 0.23", ["平", "均 ", "0.23"]),
        ("", []),
    ],
)
def test_pieces(text, expected):
    assert pieces(text) == expected


def test_lines_are_as_even_as_they_can_be_and_none_begins_with_a_closing_mark():
    assert wrap("aaa bbb ccc ddd", 11, len) == "aaa bbb\nccc ddd"
    assert wrap("第二个词远远落后了。", 9, len) == "第二个词远\n远落后了。"
    assert wrap("一二三四，五六七", 4, len) == "一二三\n四，五\n六七"


def test_what_fits_stays_and_lines_that_are_there_are_kept():
    assert wrap("a title", 7, len) == "a title"
    assert wrap("a\nb c d", 3, len) == "a\nb c\nd"
    assert wrap("", 5, len) == ""


def test_a_word_wider_than_a_line_is_cut_but_not_before_a_mark_that_belongs_to_a_letter():
    assert wrap("abcdefgh", 3, len) == "abc\ndef\ngh"
    assert wrap("abe\u0301d", 3, len) == "abe\u0301\nd"
    assert wrap("abc", 0, len) == "a\nb\nc"
