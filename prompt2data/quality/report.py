"""One page before and after a chain: what was dropped and why, what changed, examples to check by eye.

The page is HTML without scripts, images or links. What rows say is escaped, and what would hide from the eye is
written out.
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

_PAGE = """\
<!DOCTYPE html>
<html lang="{{ language }}">
<head><meta charset="utf-8"><title>{{ title }}</title>
<style>
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ccc; }
td.number { text-align: right; }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.bar { background: #0072b2; height: .9rem; }
</style></head>
<body>
<h1>{{ title }}</h1>
<h2>{{ words.changed }}</h2>
<table><thead><tr><th scope="col">{{ words.measure }}</th><th scope="col">{{ words.before }}</th>
<th scope="col">{{ words.after }}</th></tr></thead><tbody>
{% for name, before, after in measures %}
<tr><th scope="row">{{ name }}</th><td>{{ before }}</td><td>{{ after }}</td></tr>
{% endfor %}</tbody></table>
<h2>{{ words.dropped }}</h2>
<table><thead><tr><th scope="col">{{ words.reason }}</th><th scope="col">{{ words.rows }}</th>
<td></td></tr></thead><tbody>
{% for reason, count, width in counts %}<tr><th scope="row">{{ reason }}</th><td class="number">{{ count }}</td>
<td style="width:60%"><div class="bar" style="width:{{ width }}%"></div></td></tr>
{% endfor %}</tbody></table>
<h2>{{ words.examples }}</h2>
<table><thead><tr><th scope="col">{{ words.reason }}</th><th scope="col">{{ words.instruction }}</th>
<th scope="col">{{ words.response }}</th><th scope="col">{{ words.evidence }}</th></tr></thead><tbody>
{% for row in examples %}<tr><th scope="row">{{ row.reason }}</th><td class="text">{{ row.instruction }}</td>
<td class="text">{{ row.response }}</td><td class="text">{{ row.evidence }}</td></tr>
{% endfor %}</tbody></table>
</body></html>
"""


def before_after(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Rows of a table: the name of a measure, its value before and after. Rows may be dirty."""
    return [
        (name, measure(before), measure(after))
        for name, measure in (
            (_("rows"), lambda rows: str(len(rows))),
            (_("words in an instruction (median)"), lambda rows: _median(rows, "instruction")),
            (_("words in a response (median)"), lambda rows: _median(rows, "response")),
            (_("different instructions (share)"), lambda rows: f"{unique_share(_texts(rows, 'instruction')):.2f}"),
            (_("distinct-2 of instructions"), lambda rows: f"{distinct_n(_texts(rows, 'instruction'), 2):.2f}"),
            (_("distinct-2 of responses"), lambda rows: f"{distinct_n(_texts(rows, 'response'), 2):.2f}"),
        )
    ]


def render_report(sifted: Sifted, title: str) -> str:
    """The page as HTML."""
    most = max(sifted.counts.values(), default=0) or 1
    page = jinja2.Environment(autoescape=True).from_string(_PAGE)
    return page.render(
        language=language(),
        title=visible(title, 200),
        measures=before_after(sifted.rows, sifted.kept),
        counts=[(visible(reason, 80), count, round(100 * count / most)) for reason, count in sifted.counts.items()],
        examples=_examples(sifted),
        words={
            "changed": _("What changed"), "measure": _("measure"), "before": _("before"), "after": _("after"),
            "dropped": _("What was dropped, and why"), "reason": _("reason"), "rows": _("rows"),
            "examples": _("Examples, to be checked by eye"), "instruction": _("instruction"),
            "response": _("response"), "evidence": _("evidence"),
        },
    )  # fmt: skip


def write_report(path: str | PathLike[str], sifted: Sifted, title: str) -> Path:
    """Write the page to a file, and return its path. Raises `NotWritten`."""
    return write_whole(path, render_report(sifted, title))


def _texts(rows: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    return [text for row in rows if (text := texts.text(row, column))]


def _median(rows: Sequence[Mapping[str, Any]], column: str) -> str:
    sizes = [len(text.split()) for text in _texts(rows, column)]
    return f"{median(sizes):g}" if sizes else "–"


def _examples(sifted: Sifted) -> list[dict[str, str]]:
    lines = sifted.table()
    return [
        {
            "reason": visible(reason, 80),
            "instruction": visible(line["instruction"], _LONGEST),
            "response": visible(line["response"], _LONGEST),
            "evidence": visible(
                " · ".join(part for part in (line["evidence"], line["collides with"]) if part), _LONGEST
            ),
        }
        for reason in sifted.counts
        for line in [line for line in lines if line["verdict"] == reason][:_EXAMPLES]
    ]
