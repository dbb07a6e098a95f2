"""What became of a text's words in another text: kept, dropped, added. For a reader, so it is fit to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from prompt2data.i18n import _
from prompt2data.untrusted import visible

_WIDE = r"\u2e80-\u9fff\uf900-\ufaff"  # scripts without spaces: each character is a word
_PUNCTUATION = r"!-/:-@\[-`{-~\u00a1\u00ab\u00bb\u00bf\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff00-\uff0f\uff1a-\uff1f"
_LETTERS = rf"[^\s{_PUNCTUATION}{_WIDE}]+"
# A word with what holds it together (don't, far-off), a wide character, or one sign; then the space behind it.
_TOKEN = re.compile(rf"({_LETTERS}(?:['’\-]{_LETTERS})*|[{_WIDE}]|\S)(\s*)")


@dataclass(frozen=True)
class Piece:
    """A stretch of words of one kind, and the white space behind it.

    `kind` is "same", "del" (in the first text alone) or "ins" (in the second alone).
    """

    kind: str
    text: str
    space: str


@dataclass(frozen=True)
class Diff:
    """`first` and `second` are the pieces of either text, `merged` those of both in one; the counts are of words."""

    first: list[Piece]
    second: list[Piece]
    merged: list[Piece]
    kept: int
    dropped: int
    added: int


def diff(first: Any, second: Any, longest: int = 1_200) -> Diff:
    """Compare two texts word by word.

    Of a text with more than `longest` characters the beginning counts, and a last piece says so: the time grows with
    the square of the length.
    """
    a, b = _tokens(first, longest), _tokens(second, longest)
    both: list[Piece] = []
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    counts = {"same": 0, "del": 0, "ins": 0}
    matcher = SequenceMatcher(None, [word for word, _space in a], [word for word, _space in b], autojunk=False)
    for step, i, j, k, m in matcher.get_opcodes():
        for kind, tokens in (("same", b[k:m]),) if step == "equal" else (("del", a[i:j]), ("ins", b[k:m])):
            if not tokens:
                continue
            counts[kind] += sum(any(map(str.isalnum, word)) for word, _space in tokens)
            piece = _piece(kind, tokens)
            if kind != "ins":
                sides[0].append(_piece(kind, a[i:j]))
            if kind != "del":
                sides[1].append(piece)
            # In one text, what goes and what comes need a space between them, also where one of them ends its own.
            apart = kind == "del" or (step == "equal" and j < len(a) and a[j - 1][1])
            both.append(Piece(kind, piece.text, piece.space or (" " if apart else "")))
    for pieces, texts in ((sides[0], (first,)), (sides[1], (second,)), (both, (first, second))):
        size = max(len(_text(text)) for text in texts)
        if size > longest:
            pieces.append(Piece("same", " … " + _("({n} characters in all)").format(n=f"{size:,}"), ""))
    return Diff(*sides, both, counts["same"], counts["del"], counts["ins"])


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _tokens(value: Any, longest: int) -> list[tuple[str, str]]:
    return _TOKEN.findall(visible(_text(value)[:longest], 10 * longest))


def _piece(kind: str, tokens: list[tuple[str, str]]) -> Piece:
    text = "".join(word + space for word, space in tokens[:-1]) + tokens[-1][0]
    return Piece(kind, text, tokens[-1][1])
