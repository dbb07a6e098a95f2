"""Make text that a model or a learner's class wrote safe to show: control and invisible characters become visible.

Escaping for HTML is separate and comes afterwards, in templates or by `html.escape`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from prompt2data.i18n import _

LONGEST = 2_000  # characters shown of one text, unless a reader asks for more

# ESC starts terminal commands; backspace and carriage return overwrite text.
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
# They reverse the direction of what follows, take no room, or are half of a surrogate pair.
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
# Invisible as well, but they choose the form of the character before them; the two joiners join it to the next one.
_VARIANTS, _JOINERS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef", "\u200c\u200d"
_JOINED = "\u0600-\u1aff\u2190-\u2bff\U0001f000-\U0001faff"  # Arabic, the scripts of India, emoji and more
_CONTROL, _UNSEEN = re.compile(f"[{_CONTROLS}]"), re.compile(f"[{_HIDDEN}]")
_NOTHING_SEEN = re.compile(rf"[\s\u2800{_CONTROLS}{_HIDDEN}{_VARIANTS}{_JOINERS}]*")
_JOINING_NOTHING = re.compile(f"[{_VARIANTS}]|[{_JOINERS}](?![{_JOINED}])|(?<![{_JOINED}])[{_JOINERS}]")
_HALF = re.compile("[\ud800-\udfff]")
_AS_SEEN = {"\u2028": "\n", "\u2029": "\n", "\ufffc": "\ufffc", "\ufffd": "\ufffd"}
_BREAKS = re.compile("[\x0b\x0c\r\x1c-\x1f\x85]")
# No script needs more than a few combining marks on a letter; hundreds cover the lines around it.
_MARKS = re.compile(r"(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]){5,}")


def visible(text: object, longest: int = LONGEST) -> str:
    """`text` with control and invisible characters written out, cut after `longest` characters.

    Line feeds and tabs stay; a carriage return before a line feed goes. What is not text is shown as its `str`, and
    `None` as "None". A text that was cut ends with how long it is.

    >>> visible("a\\x1b[2Jb\\u202ec")
    'a␛[2Jb\\\\u202ec'
    """
    text = str.__str__(text) if isinstance(text, str) else safe_str(text)
    size, text = len(text), text[:longest].replace("\r\n", "\n")
    text = _CONTROL.sub(_picture, text)
    text = _UNSEEN.sub(_escape, text)
    text = _MARKS.sub(lambda match: match[0][:4] + "…", text)
    if size > longest:
        text += " … " + _("({n} characters in all)").format(n=f"{size:,}")
    return text


def whole(text: str) -> str:
    """`text` as Unicode that can be written: two halves of a surrogate pair are joined, a lone one becomes U+FFFD."""
    if text.isascii() or not _HALF.search(text):
        return str.__str__(text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_blank(value: object) -> bool:
    """Whether `value` is no text, or one in which nothing can be seen: spaces, control and invisible characters.

    >>> is_blank("\\u200b \\ufeff")
    True
    """
    return not isinstance(value, str) or _NOTHING_SEEN.fullmatch(value) is not None


def look(text: str) -> str:
    """What a reader sees of `text`, to compare: composed (NFC), without invisible characters, each space a single one.

    >>> look("Cafe\\u0301\\u200b. ") == look("Caf\\u00e9.")
    True
    """
    text = _UNSEEN.sub(lambda match: _AS_SEEN.get(match[0], ""), _BREAKS.sub("\n", whole(text)))
    text = _CONTROL.sub("", _JOINING_NOTHING.sub("", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def safe_repr(value: Any) -> str:
    """The `repr` of any value, or the error that it raised."""
    try:
        return str.__str__(repr(value))  # a subclass of str may come back, with methods of its own
    except (Exception, SystemExit) as error:  # a learner's class may have a broken __repr__
        return f"<{type(value).__name__}: {type(error).__name__}>"


def safe_str(value: Any) -> str:
    """The `str` of any value; its `repr`, or an error, where a class has a broken one."""
    try:
        return str.__str__(str(value))
    except (Exception, SystemExit):
        return safe_repr(value)


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
