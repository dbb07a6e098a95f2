"""The card that a check shows: the outcome, where an answer differs, hints to unfold, and the lesson's progress.

It is plain HTML without scripts or widgets, so that it works in a saved notebook, where no kernel runs and a page may
strip the styles. No meaning is carried by colour alone.
"""

from __future__ import annotations

import functools
import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from prompt2data.checks.diff import Part
from prompt2data.i18n import _, language
from prompt2data.untrusted import visible

if TYPE_CHECKING:
    from jinja2 import Template

SYMBOLS = {"passed": "✔", "not attempted": "…", "wrong": "✘", "open": "○"}
# (background, text): no colour of the page's theme is counted on.
COLORS = {
    "passed": ("#1a7f37", "#ffffff"),
    "not attempted": ("#57606a", "#ffffff"),
    "wrong": ("#9a4a00", "#ffffff"),
    "ins": ("#cdeed6", "#0b3d1e"),
    "del": ("#ffd9cf", "#5a1500"),
}

_WIDEST = 100  # columns of a line of text that can have marks beneath
_MOST = 4  # differing parts that are listed beneath a wider one
_TEMPLATE = Path(__file__).parents[1] / "data" / "check_card.html"


class Marked(NamedTuple):
    """A value's text in parts. `tag`: "ins" marks what an answer lacks, "del" what only an answer has."""

    parts: Sequence[Part]
    tag: str

    @property
    def has_marks(self) -> bool:
        return any(differs for _text, differs in self.parts)


@dataclass(frozen=True, repr=False)
class CheckCard:
    """The outcome of a check, as text and as HTML. Whatever comes from the learner's answer is escaped.

    Attributes:
        status: "passed", "not attempted" or "wrong".
        title: the outcome in one sentence.
        lines: values that explain it, each with a label.
        hint: what fits this very mistake; it is shown openly.
        hints: general hints. HTML has them all, each folded into the one before.
        turn: index of the one of `hints` that the text form shows, if any.
        progress: the lesson's exercises, each with its number and whether it has passed.
        note: a sentence about the record of progress.
    """

    status: str
    title: str
    lines: Sequence[tuple[str, str | Marked]] = ()
    hint: str = ""
    hints: Sequence[str] = ()
    turn: int | None = None
    progress: Sequence[tuple[str, bool]] = ()
    note: str = ""

    def __repr__(self) -> str:
        rows = [f"{SYMBOLS[self.status]} {visible(self.title)}"]
        for label, value in self.lines:
            rows += _as_text(f"{label}: " if label else "", value)
        between = "" if language() in ("zh", "ja") else " "  # no space between Chinese or Japanese sentences
        general = "" if self.turn is None else self.hints[self.turn]
        if self.hint or general:
            rows.append(_("hint") + ": " + visible(between.join(filter(None, (self.hint, general)))))
        if self.progress:
            rows.append(_("Exercises of this lesson") + ": " + progress_line(self.progress))
        if self.note:
            rows.append(visible(self.note))
        return "\n".join(rows)

    def _repr_html_(self) -> str:
        marked = [value.tag for _label, value in self.lines if isinstance(value, Marked) and value.has_marks]
        return _template().render(card=self, tags=[tag for tag in ("ins", "del") if tag in marked])


def progress_line(progress: Sequence[tuple[str, bool]]) -> str:
    """One line of text for a lesson's exercises: which have passed, which are open."""
    return " · ".join(f"{SYMBOLS['passed' if passed else 'open']} {number}" for number, passed in progress)


@functools.cache
def _template() -> Template:
    import jinja2  # slow, and a terminal needs none
    from markupsafe import Markup

    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page.filters.update(shown=lambda text: Markup(html.escape(visible(text))), seen=_seen)
    page.globals.update(_=_, SYMBOLS=SYMBOLS, COLORS=COLORS)
    return page.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _seen(text: str) -> str:
    """A part that differs: spaces alone would be seen by their colour only, or not at all."""
    return text.replace(" ", "␣") if text.isspace() else text


def _as_text(label: str, value: str | Marked) -> list[str]:
    """The line, and what marks the differing parts beneath it: carets, or the parts where it is too wide for them."""
    if not isinstance(value, Marked):
        return [label + visible(value)]
    line = label + "".join(text for text, _differs in value.parts)
    if not value.has_marks:
        return [line]
    if _columns(line) <= _WIDEST:
        marks = [("^" if differs else " ") * _columns(text) for text, differs in value.parts]
        return [line, (" " * _columns(label) + "".join(marks)).rstrip()]
    parts = [_seen(text) for text, differs in value.parts if differs]
    more = [" …"] if len(parts) > _MOST else []
    return [line, *(f" {'+' if value.tag == 'ins' else '-'} {text}" for text in parts[:_MOST]), *more]


def _columns(text: str) -> int:
    """How wide a terminal shows a line."""
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
