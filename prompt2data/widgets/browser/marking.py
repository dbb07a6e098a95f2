"""Texts as HTML in which what was searched for is marked. They are cut up first and escaped piece by piece."""

from __future__ import annotations

import re
from itertools import islice

from markupsafe import Markup, escape

from prompt2data.i18n import _
from prompt2data.untrusted import visible

_MOST_MARKS = 200  # in one text


def marked(text: str, needle: str, longest: int) -> Markup:
    """The first `longest` characters of `text`, fit to be shown, with every `needle` in `<mark>`; case is ignored.

    A text that was cut ends with how long it is.
    """
    tail = " … " + _("({n} characters in all)").format(n=f"{len(text):,}") if len(text) > longest else ""
    return _marks(text[:longest], needle) + escape(tail)


def excerpt(text: str, needle: str, longest: int) -> Markup:
    """At most about `longest` characters of `text` around the first `needle`, or from its beginning."""
    place = find(text, needle)
    start = 0 if place < 0 or place + len(needle) <= longest else place - longest // 3
    end = start + longest
    return Markup("{}{}{}").format(
        "… " if start else "", _marks(text[start:end].strip(), needle), " …" if end < len(text) else ""
    )


def find(text: str, needle: str) -> int:
    """Where `needle` first occurs, or -1."""
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
