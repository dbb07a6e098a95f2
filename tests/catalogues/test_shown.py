"""Which texts in code a reader sees: what is printed, titles, labels. Prompts, columns and keys stay as they are."""

from __future__ import annotations

import ast

import pytest

from builder.catalogues import code_text, shown
from builder.guards import code


def found(source: str) -> list[str]:
    return [text.text for text in code_text.texts(source) if text.kind == "shown text"]


@pytest.mark.parametrize(
    "source",
    [
        'print("•", row["generation"][:200], "\\n")',
        'print(f"{row[\'operator\']} → {text}", sep="\\n")',
        'print("distilabel", version("distilabel"))',
        'print("prompt:    ", asked)',
        'plots.finish(ax, title="", x="instruction", y="distinct-2")',
        'llm.generate("Write one question about baking.")',
        'prompt = "Write one question about baking."\nprint(prompt)\nllm.generate(prompt)',
        'print("yes" in text)',
        'dict(title="not shown")',
        'print(verdicts.count("cut off"))',
        'row = {"instruction": text, "most similar in the pool": other}',
        'texts = {"Rye is sown in autumn.": "When is rye sown?"}\nprint(texts)',
        'for kind in ["cut off", "leak"]:\n    print(rows[kind])',
        'card = Card(licence="apache-2.0")',
        '### BEGIN SOLUTION\nprint("mine")\n### END SOLUTION\nx = 1',
    ],
)
def test_not_shown(source: str) -> None:
    assert found(source) == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('print("rows kept:", x)', ["rows kept:"]),
        ('print(f"{x} rows are there")', ["{x} rows are there"]),
        ('print(f"{len(rows)} of {n:.1f} {{rows}} {x!r}")', ["{len(rows)} of {n:.1f} {{rows}} {x!r}"]),
        ('print("READ\\n" + text)', ["READ\n"]),
        ('print("yes" if x else "")', ["yes"]),
        ('print(text or "nothing")', ["nothing"]),
        ('print(*[f"round {n}" for n in x])', ["round {n}"]),
        ('print("two "\n      "parts")', ["two parts"]),
        ('plots.finish(ax, title="A finding", x="", y="")', ["A finding"]),
        ('ax.plot(x, label="with the filter")', ["with the filter"]),
        ('plots.show(fig, "Two curves.")', ["Two curves."]),
        ('compare("round 3", a, name, b)', ["round 3"]),
        ('count("clean", test, rows)', ["clean"]),
        ('ax.set_title("A finding")', ["A finding"]),
        ('title = "A finding"\nplots.finish(ax, title=title)', ["A finding"]),
        ('x, y = "rounds", "share"\nplots.finish(ax, x=x, y=y)', ["rounds", "share"]),
        ('for name, rows in [("AS TEXT", a), ("AS CHAT", b)]:\n    print(name, len(rows))', ["AS TEXT", "AS CHAT"]),
        ('names = ["seeds", "pool"]\nfor ax, name in zip(axes, names):\n    ax.set_title(name)', ["seeds", "pool"]),
        ('lines = {"its own rows": one, "half": other}', ["its own rows", "half"]),
        ('SLOW = "one by one"\nseconds = {SLOW: 3}\nprint(seconds[SLOW])', ["one by one"]),
        ('tests = {name: f(x) for name, x in [("as a text", a)]}', ["as a text"]),
        ('Card(columns={"prompt": "what the model read"}, limits=["Nobody checked."])',
         ["what the model read", "Nobody checked."]),
        ('Card(sections={"How it was checked": "By a program."})', ["How it was checked", "By a program."]),
    ],
)  # fmt: skip
def test_shown(source: str, texts: list[str]) -> None:
    assert found(source) == texts


@pytest.mark.parametrize(
    "translation",
    ["行", 'mit "Anführung" und \\ und {', "a\nb", "'", "長い文が続いて、" * 30],
)
def test_any_translation_becomes_a_literal(translation: str) -> None:
    source = 'if x:\n    print("rows kept:", len(rows))  # count'
    (text,) = (one for one in code_text.texts(source) if one.kind == "shown text")
    new = code_text.replaced(source, [(text, translation)])
    assert ast.parse(new).body[0].body[0].value.args[0].value == translation
    assert new.endswith(", len(rows))  # count")


def test_values_stay_in_a_translated_literal() -> None:
    source = "print(f\"{len(rows)} of {row['n']:.1f} rows\")"
    (text,) = code_text.texts(source)
    new = code_text.replaced(source, [(text, "{row['n']:.1f} 行 \"中\" 有 {{}} {len(rows)} 行")])
    scope = {"rows": [1], "row": {"n": 2}}
    assert eval(new.removeprefix("print"), scope) == '2.0 行 "中" 有 {} 1 行'


def test_a_line_that_cannot_break_keeps_its_text() -> None:
    source = 'print(f"{first_value} {second_value}: more")'
    (text,) = code_text.texts(source)
    new = code_text.replaced(source, [(text, "{first_value}{second_value}" + "x" * 120)])
    assert shown.text_of(ast.parse(new).body[0].value.args[0]) == "{first_value}{second_value}" + "x" * 120


def test_a_long_translation_of_several_parts_breaks_into_parts() -> None:
    source = 'plots.show(\n    fig,\n    alt=f"{n} bars, and more: "\n    "this and that",\n)'
    (text,) = code_text.texts(source)
    translation = "{n}本の棒グラフがあり、" + "とても長い説明が続きます。" * 12
    new = code_text.replaced(source, [(text, translation)])
    assert all(code_text.columns(line) <= 120 for line in new.split("\n"))
    given = ast.parse(new).body[0].value.keywords[0].value
    assert shown.text_of(given) == translation


@pytest.mark.parametrize(
    ("translation", "same"),
    [
        ("{n} 行", True),
        ("行：{n}", True),
        ("行", False),
        ("{n} 行 {n}", False),
        ("{n} 行 {print('x')}", False),
        ("{n:.3f} 行", False),
        ("{m} 行", False),
        ('{n} 行") or print("x', True),  # its quotes are escaped
        ("{n} 行 {", False),
    ],
)
def test_a_translation_adds_no_code(translation: str, same: bool) -> None:
    source = 'print(f"{n} rows", m)'
    (text,) = code_text.texts(source)
    assert (not list(code._added(source, text, translation))) == same


def test_only_what_the_catalogue_says_may_differ() -> None:
    def notebook(source):
        return {"cells": [{"id": "a", "cell_type": "code", "source": source}]}

    def faults(localized, known):
        english = 'print("rows:", n)\nllm.generate("Write.")'
        translate = lambda cell, text: known.get(text)  # noqa: E731
        return list(code.faults(notebook(english), notebook(localized), "zh", translate))

    right = 'print("行：", n)\nllm.generate("Write.")'
    assert faults(right, {"rows:": "行："}) == []
    assert faults(right, {"rows:": "列："}) and faults(right, {})
    assert faults('print("行：", n)\nllm.generate("写。")', {"rows:": "行："})
    assert faults('print(f"行：", n)\nllm.generate("Write.")', {"rows:": "行："})
    assert faults('print("行：", n + 1)\nllm.generate("Write.")', {"rows:": "行："})
