"""The guard on structure fires on what a translator may lose, and keeps quiet on a free but faithful translation."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.catalogues.store import Message
from builder.guards import translations
from builder.guards.glossary import Glossary
from builder.guards.structure import faults, placeholders

ROOT = Path(__file__).parents[2]

TABLE = "| kind | taught in |\n|---|---|\n| **pairs** | lesson 1 |\n| `x` | lesson 2 |"


@pytest.mark.parametrize(
    "kind, source, translation",
    [
        ("heading", "## One at a time is slow", "## 一次一个太慢"),
        ("heading", "### 🐢 Exercise 1.1: eight prompts (5 min)", "### 🐢 演習1.1：8つのプロンプト（5分）"),
        ("heading", "### 🦁 Exercise 2.3: bootstrap (25 min)", "### 🦁 Bài tập 2.3: tự mồi (25 phút)"),
        ("heading", "# 4. Magpie: the model interviews itself", "# 4. Magpie: 모델이 자신을 인터뷰하다"),
        (
            "paragraph",
            "A **term** with `code` and *stress*, see [here](x.md).",
            "Xem [tại đây](x.md): `code`, *nhấn*, **thuật ngữ**.",
        ),
        ("paragraph", "It costs $n^2$ steps.", "费用是 $n^2$ 步。"),
        ("paragraph", "About 3 * 4 * 5 tokens cost $5 or $6.", "大约 3 * 4 * 5 个词元，花费 $5 或 $6。"),
        ("paragraph", "**Time**: 40 minutes.", "**時間**：40分。"),
        ("list", "* one `a`\n* two\n  * inner", "* 一 `a`\n* 二\n  * 里面"),
        ("list", "1. first\n2. second", "1. đầu\n2. sau"),
        ("table", TABLE, "| 種類 | 学ぶところ |\n| --- | :---: |\n| **ペア** | レッスン1 |\n| `x` | レッスン2 |"),
        ("quote", "> **Note** Read this.", "> **注** 请读这个。"),
        ("drawing", "```\ntexts ─┐\nseeds ─┴──> pairs\n```", "```\n文章   ─┐\nシード ─┴──> ペア\n```"),
        ("shown text", "{n} of {total:.1f} rows\n", "共 {total:.1f} 行，其中 {n} 行\n"),
        ("comment", "Sixteen prompts, one after `the` other", "16 lời nhắc, lần lượt `the`"),
        ("docstring", "Share of `texts`.\n\nFrom 0 to 1.", "`texts`の割合。\n\n0から1まで。"),
        ("llm.py", "Step '{step}' failed: {error}", "步骤“{step}”失败：{error}"),
    ],
)
def test_quiet_on_a_faithful_translation(kind: str, source: str, translation: str) -> None:
    assert list(faults(kind, source, translation)) == []


@pytest.mark.parametrize(
    "kind, source, translation, said",
    [
        ("heading", "## Slow", "### 慢", "heading of level 3"),
        ("heading", "## Slow", "慢", "1 heading of level 2 missing"),
        ("heading", "### 🐢 Exercise 1.1: eight prompts (5 min)", "### 🐢 演習1.2：8つのプロンプト（5分）", "1.1"),
        ("heading", "### 🐢 Exercise 1.1: eight prompts (5 min)", "### 🐢 演習1.1：8つのプロンプト（15分）", "5"),
        ("heading", "### 🐢 Exercise 1.1: eight prompts (5 min)", "### 演習1.1：8つのプロンプト（5分）", "🐢"),
        ("heading", "# 4. Magpie: the model", "# Magpie: mô hình", "# 4."),
        ("paragraph", "Use `prompt` twice: `prompt`.", "Dùng `prompt`.", "code span lost: prompt"),
        ("paragraph", "Of 8, {eval}`kept` stay.", "Còn lại `kept` trong 8.", "result lost: kept"),
        ("paragraph", "Of 8 stay `kept`.", "Còn lại {eval}`kept` trong 8.", "result that the source does not"),
        ("paragraph", "Use `prompt`.", "Dùng `lời nhắc`.", "code span lost: prompt"),
        ("paragraph", "See [TextGeneration](a.md).", "Xem [TextGeneration](b.md).", "link lost: a.md"),
        ("paragraph", "See [it](a.md).", "Xem nó.", "link lost: a.md"),
        ("paragraph", "A **term** here.", "一个术语。", "emphasis lost: **"),
        ("paragraph", "A **term** here.", "一个**术语（term）**在这里。", "asterisks that are not emphasis"),
        ("paragraph", "One paragraph.", "Một.\n\nHai.", "1 paragraph too many"),
        ("paragraph", "One paragraph.", "Một\nđoạn.", "stands on one line"),
        ("paragraph", "It costs $n^2$ steps.", "费用是 $n^3$ 步。", "formula lost: n^2"),
        ("paragraph", "First line\\\nsecond line", "第一行第二行", "0 line breaks, 1 in the source"),
        ("list", "* one\n* two", "* 一", "1 list item missing"),
        ("list", "* one\n* two", "1. một\n2. hai", "numbered list"),
        ("table", TABLE, "\n".join(TABLE.split("\n")[:-1]), "1 table row missing"),
        ("table", TABLE, TABLE.replace("| lesson 2 |", "|"), "table"),
        ("quote", "> **Note** Read.", "**注** 读。", "quote missing"),
        ("quote", "> **Note** Read.", "!!! note\n    读。", "quote missing"),
        ("drawing", "```\na ─┐\nb ─┘\n```", "```\n甲 ─┐\n```", "3 lines, 4 in the source"),
        ("drawing", "```\na ──> b\n```", "```\n甲 ── b\n```", "lines of the drawing"),
        ("shown text", "{n} of {total}", "{n} / {tổng}", "placeholder lost: {total}"),
        ("shown text", "{x:.2f} s", "{x:.1f} giây", "placeholder lost: {x:.2f}"),
        ("shown text", "rows:\n", "行：", "at the end"),
        ("shown text", "  indented", "thụt vào", "at the beginning"),
        ("comment", "one line", "hai\ndòng", "one paragraph"),
        ("llm.py", "Call `load()` first.", "Gọi `tải()` trước.", "code span lost: load()"),
    ],
)
def test_fires_on_what_is_lost(kind: str, source: str, translation: str, said: str) -> None:
    found = list(faults(kind, source, translation))
    assert any(said in fault for fault in found), found


def test_placeholders_of_text_that_is_no_format_string() -> None:
    assert placeholders("a { b") == {}
    assert placeholders("{a} {{b}} {c!r:>3}") == {"{a}": 1, "{c!r:>3}": 1}


def test_a_form_for_any_number_has_the_placeholders_of_the_plural() -> None:
    message = Message(None, "One row is left out.", "rows.py", 1, "{n} rows are left out.")
    glossary = Glossary(ROOT / "translations")

    def found(text: str) -> list[str]:
        return list(translations.message_faults(message, text, "vi", glossary))

    assert found("{n} hàng không được hiện.") == []
    assert found("Một hàng không được hiện.")
    assert found("{rows} hàng không được hiện.")
