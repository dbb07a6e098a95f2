"""One page before and after a chain: what was dropped and why, what changed, examples to check by eye.

The page is HTML without scripts, images or links. What rows say is escaped, and invisible characters are written out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from statistics import median
from typing import Any

import jinja2

from prompt2data.ground.whole import write_whole
from prompt2data.i18n import _, language
from prompt2data.metrics import distinct_n, unique_share
from prompt2data.quality import texts
from prompt2data.quality.chain import Sifted
from prompt2data.untrusted import visible

_EXAMPLES = 2  # for each reason
_LONGEST = 300  # characters of a text

_TEMPLATE = Path(__file__).parents[1] / "data" / "report.html"


def before_after(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Rows of a table: the name of a measure, its value before and after. Rows may be dirty."""
    return [(name, old, new) for (name, old), (_name, new) in zip(_measures(before), _measures(after), strict=True)]


def _measures(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    instructions, responses = (list(filter(None, column)) for column in texts.columns(rows))
    return [
        (_("rows"), str(len(rows))),
        (_("words in an instruction (median)"), _median_words(instructions)),
        (_("words in a response (median)"), _median_words(responses)),
        (_("different instructions (share)"), f"{unique_share(instructions):.2f}"),
        (_("distinct-2 of instructions"), f"{distinct_n(instructions, 2):.2f}"),
        (_("distinct-2 of responses"), f"{distinct_n(responses, 2):.2f}"),
    ]


def _median_words(found: Sequence[str]) -> str:
    return f"{median(len(text.split()) for text in found):g}" if found else "–"


def render_report(sifted: Sifted, title: str) -> str:
    """The page as HTML."""
    most = max(sifted.counts.values(), default=0) or 1
    lines = sifted.table()
    environment = jinja2.Environment(autoescape=True)
    environment.filters["visible"] = visible
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        language=language(),
        title=title,
        measures=before_after(sifted.rows, sifted.kept),
        counts=[(reason, count, round(100 * count / most)) for reason, count in sifted.counts.items()],
        examples=[
            line for reason in sifted.counts for line in [one for one in lines if one["verdict"] == reason][:_EXAMPLES]
        ],
        longest=_LONGEST,
        _=_,
    )


def write_report(path: str | PathLike[str], sifted: Sifted, title: str) -> Path:
    """Write the page to a file, and return its path. Raises `NotWritten`."""
    return write_whole(path, render_report(sifted, title))
