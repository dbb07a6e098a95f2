"""Fixed terms and retired words, on a small glossary and on the course's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.guards.glossary import Glossary
from builder.problems import Refused

ROOT = Path(__file__).parents[2]
HEAD = "en,vi,zh,ja,ko,check\n"
TERMS = (
    "prompt,lời nhắc,提示词,プロンプト,프롬프트,always\n"
    "system prompt,lời nhắc hệ thống,系统提示词,システムプロンプト,시스템 프롬프트,always\n"
    "batch,lô,批次|批,バッチ,배치,always\n"
    "run,chạy,运行,実行,실행,\n"
)
RETIRED = "language,retired,instead,when,unless\nzh,问题,指令,instruction,question\nko,메세지,메시지,,\n"


def faults(glossary: Glossary, *message: str) -> list[str]:
    return [*glossary.terms_missing(*message), *glossary.retired_in(*message)]


@pytest.fixture
def glossary(tmp_path: Path) -> Glossary:
    (tmp_path / "glossary.csv").write_text(HEAD + TERMS, "utf-8")
    (tmp_path / "retired.csv").write_text(RETIRED, "utf-8")
    return Glossary(tmp_path)


@pytest.mark.parametrize(
    "language, source, translation",
    [
        ("zh", "Prompts in a batch.", "一批提示词。"),
        ("vi", "Prompt it.", "Lời nhắc ấy."),
        ("zh", "The system prompt.", "系统提示词。"),
        ("zh", "The column `prompt`.", "列 `prompt`。"),
        ("zh", "It was prompted, promptly.", "它很快就被要求了。"),
        ("zh", "Li et al., *A Prompt for All*, 2020.", "Li et al., *A Prompt for All*, 2020。"),
        ("zh", "See [the Prompt page](x.md).", "见[那一页](x.md)。"),
        ("zh", "Run it again.", "再来一次。"),
        ("zh", "A question, an instruction.", "一个问题，一条指令。"),
        ("zh", "A problem.", "一个问题。"),
    ],
)
def test_quiet(glossary: Glossary, language: str, source: str, translation: str) -> None:
    assert faults(glossary, language, source, translation) == []


@pytest.mark.parametrize(
    "language, source, translation, said",
    [
        ("zh", "Two prompts.", "两条提示语。", "“prompt” is 提示词"),
        ("vi", "A Prompt.", "Một prompt.", "“prompt” is lời nhắc"),
        ("zh", "A system prompt.", "一条提示词。", "“system prompt” is 系统提示词"),
        ("zh", "The column `x` and a prompt.", "列 `x`、`prompt`。", "“prompt” is 提示词"),
        ("zh", "A batch.", "一组。", "“batch” is 批次 or 批"),
        ("zh", "An instruction.", "一个问题。", "not 问题, but 指令"),
        ("ko", "A message.", "메세지.", "not 메세지, but 메시지"),
    ],
)
def test_fires(glossary: Glossary, language: str, source: str, translation: str, said: str) -> None:
    assert said in faults(glossary, language, source, translation)


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "glossary.csv").write_text(HEAD + "prompt,lời nhắc,提示词\n", "utf-8")
    with pytest.raises(Refused, match="glossary.csv:2"):
        Glossary(tmp_path)
    (tmp_path / "glossary.csv").write_text(HEAD + "prompt,lời nhắc,,プロンプト,프롬프트,\n", "utf-8")
    with pytest.raises(Refused, match="lacks a translation"):
        Glossary(tmp_path)


def refused(folder: Path, glossary: str, retired: str = RETIRED, **languages: bool) -> list[str]:
    """What is wrong with two tables, in a course with these languages; empty where nothing is."""
    (folder / "glossary.csv").write_text(glossary, "utf-8")
    (folder / "retired.csv").write_text(retired, "utf-8")
    try:
        Glossary(folder, {"vi": True, "zh": True, "ja": True, "ko": True, **languages})
    except Refused as refusal:
        return [f"{problem.path.name}:{problem.line}: {problem.text}" for problem in refusal.problems]
    return []


def with_column(text: str) -> str:
    head, *lines = (HEAD + TERMS).strip().split("\n")
    return "\n".join([f"{head},fr", *(f"{line},{text}" for line in lines)]) + "\n"


def test_the_columns_are_those_of_the_languages_of_the_course(tmp_path: Path) -> None:
    assert refused(tmp_path, HEAD + TERMS) == []
    assert refused(tmp_path, HEAD + TERMS, fr=True) == ["glossary.csv:1: the column fr is missing"]
    assert refused(tmp_path, with_column("mot"), fr=True) == []
    assert refused(tmp_path, with_column(""), fr=True) == [
        "glossary.csv:1: the column fr is empty: each term needs its translation"
    ]
    # A language that is not built yet may have its column, full, empty or not at all.
    assert refused(tmp_path, HEAD + TERMS, fr=False) == []
    assert refused(tmp_path, with_column(""), fr=False) == refused(tmp_path, with_column("mot"), fr=False) == []
    assert refused(tmp_path, with_column("mot")) == ["glossary.csv:1: nothing is known of the column 'fr'"]


def test_every_fault_of_both_tables_is_named(tmp_path: Path) -> None:
    terms, retired = "row,hàng,,行,행,\nrun,a,b,c,d,\n", "vn,a,b,,\nvi,(,b,,\nvi,c,,,\n"
    said = refused(tmp_path, HEAD + TERMS + terms, RETIRED + retired)
    assert [line.rsplit(":", 1)[0].split(": ")[0] for line in said] == [
        "glossary.csv:7", "glossary.csv:6", "retired.csv:4", "retired.csv:5", "retired.csv:6",
    ]  # fmt: skip


def test_the_mistakes_of_earlier_translations_are_retired() -> None:
    """One sentence of each class; the course's own tables name it."""
    glossary = Glossary(ROOT / "translations")
    for language, source, wrong, right in [
        ("vi", "Synthetic data.", "Dữ liệu giả lập, dữ liệu tổng hợp.", "Dữ liệu tổng hợp."),
        ("vi", "A preference.", "Một sở thích.", "Một ưu tiên."),
        ("zh", "A prompt.", "提示语，提示词。", "提示词。"),
        ("zh", "A double-edged sword.", "一个双刃剑。", "一把双刃剑。"),
        ("ja", "Fine-tuning.", "微調整、ファインチューニング。", "ファインチューニング。"),
        ("ja", "A preference.", "嗜好。", "選好。"),
        ("ko", "Auto-regressive.", "자동 회귀, 자기회귀.", "자기회귀."),
        ("ko", "Fine-tuning.", "미세 조정, 파인튜닝.", "파인튜닝."),
    ]:
        assert faults(glossary, language, source, wrong), wrong
        assert not faults(glossary, language, source, right), right


def test_a_term_that_no_text_says_is_named_with_its_line(glossary: Glossary) -> None:
    said = ["Self-Instruct uses seeds.", *(term.english for term in glossary.terms[1:])]
    assert list(glossary.never_said([*said, glossary.terms[0].english])) == []
    ((line, text),) = glossary.never_said(said)
    assert line == glossary.terms[0].line and repr(glossary.terms[0].english) in text
    assert list(glossary.never_said([*said, f"`{glossary.terms[0].english}`"])), "in code it needs no translation"
