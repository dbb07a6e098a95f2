"""How long a lesson takes: words, lines of code, plots and widgets of its core."""

from __future__ import annotations

import pytest

from builder import minutes
from builder.source import Cell, Lesson


def lesson(tmp_path, *cells: tuple[str, str, tuple[str, ...]]) -> Lesson:
    made = [Cell(f"c{n}", kind, source, tags, n, n) for n, (kind, source, tags) in enumerate(cells)]
    return Lesson("01_counting", tmp_path / "01_counting.py", tuple(made))


PROSE = ("markdown", "word " * 130, ())
CODE = ("code", "x = 1\n\n" * 15, ())
PLOT = ("code", "plots.show(fig, alt='A line.')", ())
WIDGET = ("code", "from prompt2data.widgets.pool import PoolExplorer\nPoolExplorer(rows)", ())


@pytest.mark.parametrize(
    "cells, expected",
    [
        ([PROSE], 1),
        ([CODE], 1),
        ([PLOT], 1 + 4 / 60),
        ([WIDGET], 4 + 8 / 60),
        ([("code", "PoolExplorer(rows)", ())], 4 / 60),  # no widget of the package
        ([PROSE, (*PROSE[:2], ("exercise",)), (*CODE[:2], ("check",)), (*CODE[:2], ("solution-only",))], 1),
        ([PROSE, ("markdown", "## Further\n\n" + "word " * 130, ()), CODE], 1),
        ([PROSE, ("markdown", "Further on, one more.", ()), CODE], 2 + 4 / 130),
    ],
)
def test_minutes(tmp_path, cells, expected):
    assert minutes.exact(lesson(tmp_path, *cells)) == pytest.approx(expected)


def test_the_build_says_the_minutes(small):
    assert "01_counting: core 1 min" in small.build()
