"""Text that code shows must go through `tr()`; names, prompts and what is looked up need not."""

from __future__ import annotations

import pytest

from builder.guards.shown import faults
from builder.source import Cell


def found(source: str, *tags: str) -> list[tuple[int, str]]:
    return list(faults(Cell("c", "code", source, tags, 1, 2)))


@pytest.mark.parametrize(
    "source",
    [
        'print(tr("{n} rows", n=3))',
        'print(tr("kept:"), share(3, 4))',
        'print("•", row["generation"][:200], "\\n")',
        'print(f"{row[\'operator\']} → {text}", sep="\\n")',
        'print("distilabel", version("distilabel"))',
        'print("prompt:    ", asked)',
        'plots.finish(ax, title=tr("A finding"), x=tr("rows"), y="distinct-2")',
        'llm.generate("Write one question about baking.")',
        'compare(tr("round 3"), share(a == "kept" for a in b), tr("round 1"), c)',
        'print("yes" in text)',
        'dict(title="not shown")',
    ],
)
def test_quiet(source: str) -> None:
    assert found(source) == []


@pytest.mark.parametrize(
    "source, text",
    [
        ('x = 1\nprint("rows kept:", x)', "rows kept:"),
        ('x = 1\nprint(f"{x} rows are there")', " rows are there"),
        ('x = 1\nprint("READ\\n" + text)', "READ\n"),
        ('x = 1\nprint("yes" if x else "")', "yes"),
        ('x = 1\nprint(*[f"round {n}" for n in x])', "round "),
        ('x = 1\nplots.finish(ax, title="A finding", x="", y="")', "A finding"),
        ('x = 1\nax.plot(x, label="with the filter")', "with the filter"),
        ('x = 1\nplots.show(fig, alt="Two curves.")', "Two curves."),
        ('x = 1\ncompare("round 3", a, tr("round 1"), b)', "round 3"),
        ('x = 1\nax.set_title("A finding")', "A finding"),
    ],
)
def test_fires(source: str, text: str) -> None:
    assert found(source) == [(2, text)]


def test_what_a_learner_fills_in_is_free() -> None:
    assert found('### BEGIN SOLUTION\nprint("mine")\n### END SOLUTION\nx = 1', "exercise") == []
