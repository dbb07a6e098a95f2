"""Make text that a model or a learner's class wrote safe to show: control and invisible characters become visible.

Escaping for HTML is separate and comes afterwards, in templates or by `html.escape`.
"""

from __future__ import annotations

import re
from typing import Any

from prompt2data.i18n import _

LONGEST = 2_000  # characters shown of one text, unless a reader asks for more

# ESC starts terminal commands; backspace and carriage return overwrite text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# They reverse the direction of what follows, take no room, or are half of a surrogate pair.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
# No script needs more than a few combining marks on a letter; hundreds cover the lines around it.
_MARKS = re.compile(r"(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]){5,}")


def visible(text: object, longest: int = LONGEST) -> str:
    """`text` with control and invisible characters written out, cut after `longest` characters.

    Line feeds and tabs stay; a carriage return before a line feed goes. What is not text is shown as its `str`, and
    `None` as "None". A text that was cut ends with how long it is.

    >>> visible("a\\x1b[2Jb\\u202ec")
    'a␛[2Jb\\\\u202ec'
    """
    text = text if isinstance(text, str) else str(text)
    size, text = len(text), text[:longest].replace("\r\n", "\n")
    text = _CONTROL.sub(_picture, text)
    text = _UNSEEN.sub(_escape, text)
    text = _MARKS.sub(lambda match: match[0][:4] + "…", text)
    if size > longest:
        text += " … " + _("({n} characters in all)").format(n=f"{size:,}")
    return text


def safe_repr(value: Any) -> str:
    """The `repr` of any value, or the error that it raised."""
    try:
        return str.__str__(repr(value))  # a subclass of str may come back, with methods of its own
    except (Exception, SystemExit) as error:  # a learner's class may have a broken __repr__
        return f"<{type(value).__name__}: {type(error).__name__}>"


def visible_repr(value: Any) -> str:
    """The `repr` of any value, fit to be shown, and cut after 400 characters."""
    return visible(safe_repr(value), 400)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's control pictures
    return "\u2421" if code == 0x7F else _escape(match)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
