"""Texts as HTML with marked search hits. A text is cut into pieces first and escaped piece by piece."""

from __future__ import annotations

import re
from itertools import islice

from markupsafe import Markup, escape

from prompt2data.i18n import _
from prompt2data.untrusted import visible

_MOST_MARKS = 200  # in one text


def marked(text: str, needle: str, longest: int) -> Markup:
    """The first `longest` characters of `text`, fit to be shown, with every `needle` in `<mark>`; case is ignored.

    A text that was cut ends with its length.
    """
    tail = " … " + _("({n} characters in all)").format(n=f"{len(text):,}") if len(text) > longest else ""
    return _marks(text[:longest], needle) + escape(tail)


def excerpt(text: str, needle: str, longest: int) -> Markup:
    """At most about `longest` characters of `text` around the first `needle`, or from the beginning."""
    hit = find(text, needle)
    start = 0 if hit < 0 or hit + len(needle) <= longest else hit - longest // 3
    end = start + longest
    return Markup("{}{}{}").format(
        "… " if start else "", _marks(text[start:end].strip(), needle), " …" if end < len(text) else ""
    )


def find(text: str, needle: str) -> int:
    """The index of the first `needle`, ignoring case, or -1."""
    match = _pattern(needle).search(text) if needle else None
    return match.start() if match else -1


def _pattern(needle: str) -> re.Pattern[str]:
    return re.compile(re.escape(needle), re.IGNORECASE)


def _marks(text: str, needle: str) -> Markup:
    pieces, end = Markup(), 0
    for match in islice(_pattern(needle).finditer(text), _MOST_MARKS) if needle else ():
        pieces += escape(_shown(text[end : match.start()])) + Markup("<mark>{}</mark>").format(_shown(match[0]))
        end = match.end()
    return pieces + escape(_shown(text[end:]))


def _shown(text: str) -> str:
    return visible(text, len(text))
