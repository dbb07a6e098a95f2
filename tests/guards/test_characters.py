"""Tokens, broken characters, punctuation and spacing: each fault is named, each right text passes."""

from __future__ import annotations

import pytest

from builder.guards.characters import faults


@pytest.mark.parametrize(
    "language, source, translation",
    [
        ("vi", "The token `<|im_end|>` ends a turn.", "Token `<|im_end|>` kết thúc một lượt."),
        ("vi", "“Quoted”, e.g. 3.5 (three).", "“Trích dẫn”, ví dụ 3.5 (ba)."),
        ("zh", "The token ends a turn, see `x` (9 of 10).", "词元结束一个轮次，见 `x`（10 个中的 9 个）。"),
        ("zh", "See lesson 2: `a`, `b`.", "见第 2 课：`a`、`b`。"),
        (
            "zh",
            "* Li et al., *Title*, 2016 (distinct-n), arXiv:1510.03055.",
            "* Li et al., *Title*, 2016 (distinct-n), arXiv:1510.03055.",
        ),
        ("zh", "| a | b |\n|---|---|\n| c, d | e |", "| 甲 | 乙 |\n|---|---|\n| 丙，丁。 | 戊 |"),
        ("zh", "Call pipeline.run() again: it resumes.", "再次调用 pipeline.run()：它会接着运行。"),
        ("ja", "Use `x` for the 32 rows (of 64).", "64行のうち32行に`x`を使います。"),
        ("ja", "Read “this”: yes!", "「これ」を読みます：はい！"),
        ("ja", "{n} of {total} rows", "{total}行のうち{n}行"),
        ("ko", "Use `x` for the rows (all).", "`x`를 행에 씁니다(모두)."),
        ("ko", "🐢 first steps, 🐕 a real task", "🐢 첫걸음, 🐕 실제 과제"),
        ("ja", "👩‍💻 at work", "👩‍💻仕事中"),
    ],
)
def test_quiet_on_what_is_right(language: str, source: str, translation: str) -> None:
    assert list(faults(language, source, translation)) == []


@pytest.mark.parametrize(
    "language, source, translation, said",
    [
        ("ja", "`<|im_end|>` ends it.", "`<|im_終了|>`で終わります。", "<|im_end|> is lost or translated"),
        ("ja", "<|im_end|>user", "<|im_end>ユーザー", "broken token"),
        ("vi", "No token.", "Có <|im_end|>.", "not in the source"),
        ("vi", "café", "cafÃ©", "broken character"),
        ("zh", "broken", "坏\ufffd了", "broken character"),
        ("vi", "hidden", "ẩ\u200bn", "invisible character"),
        ("vi", "pieces", "tie\u0302\u0301ng", "NFC"),
        ("ja", "👩‍💻 at work", "👩💻仕事中", "other emoji"),
        ("ko", "🐢 first", "첫걸음", "other emoji"),
        ("ko", "yes", "그ㄹ래요", "without its syllable"),
        ("ko", "yes", "是입니다", "Korean text does not use"),
        ("ko", "yes.", "네。", "Korean text does not use"),
        ("zh", "yes", "はい，对", "Simplified Chinese does not use"),
        ("zh", "You choose.", "请您选择。", "the reader is 你"),
        ("ja", "yes", "네です", "Japanese does not use"),
        ("vi", "yes", "vâng，", "Vietnamese does not use"),
        ("vi", "really?", "thật không ?", "space before punctuation"),
        ("zh", "Yes, no.", "是,不是。", "half-width punctuation"),
        ("zh", "Yes.", "是.", "half-width punctuation"),
        ("zh", "Note: yes", "**注意**: 是", "half-width punctuation"),
        ("ja", "Yes (no).", "はい (いいえ)。", "half-width brackets"),
        ("zh", "Yes, no", "是， 不是", "space beside full-width punctuation"),
        ("zh", "Use `x` now", "使用`x` 吧", "no space between Chinese and Latin or code"),
        ("zh", "9 rows", "有9 行", "no space between Chinese and Latin or code"),
        ("ja", "Use `x` now", "`x` を使う", "a space between Japanese and Latin or code"),
        ("ja", "32 rows", "32 行", "a space between Japanese and Latin or code"),
    ],
)
def test_fires_on_what_is_broken(language: str, source: str, translation: str, said: str) -> None:
    found = list(faults(language, source, translation))
    assert any(said in fault for fault in found), found
