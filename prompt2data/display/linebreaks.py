"""Where a line of text may end, in all languages of the course.

Words are kept whole. Between two Chinese characters or kana a line may break, and Korean breaks at its spaces. No line
begins with a closing mark or ends with an opening one (the heart of JIS X 4051 and of Unicode's UAX #14).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_CLOSING = set(
    "。，、．：；！？）］｝」』】》〉〕’”…‥％ー～・ゝゞ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;!?)]}%°"
)
_OPENING = set("（［｛「『【《〈〔‘“([{")
# Ideographs, kana and full-width forms; not Hangul, whose words stand between spaces.
_WIDE = re.compile("[\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]")


def pieces(text: str) -> list[str]:
    """`text` in pieces that stay whole; a line may break between any two. Spaces end the piece before them."""
    found: list[str] = []
    for character in text:
        if found and not _may_break(found[-1][-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _may_break(before: str, after: str) -> bool:
    if after.isspace() or before in _OPENING:
        return False
    if before.isspace():
        return True
    return after not in _CLOSING and bool(_WIDE.match(before) or _WIDE.match(after))


def wrap(text: str, width: float, measure: Callable[[str], float]) -> str:
    """`text` with line feeds, so that no line is wider than `width`: few lines, and these of much the same width.

    Args:
        text: lines that it has already are kept.
        width: the room for a line, in the unit of `measure`.
        measure: how wide a line is. A word wider than a line is cut between two characters.
    """
    return "\n".join(line for paragraph in text.split("\n") for line in _even_lines(paragraph, width, measure))


def _even_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines = _lines(text, width, measure)
    if len(lines) == 1:
        return lines
    widest = max(measure(piece.rstrip()) for piece in pieces(text))
    for share in (0.5, 0.6, 0.7, 0.8, 0.9):  # as narrow as the same number of lines allows
        even = _lines(text, min(max(share * width, widest), width), measure)
        if len(even) == len(lines):
            return even
    return lines


def _lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Each line as full as it can be."""
    lines, line = [], ""
    for piece in pieces(text):
        if line and measure((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while measure(line.rstrip()) > width and (place := _cut(line.rstrip(), width, measure)):
            lines.append(line[:place])
            line = line[place:]
    return [*lines, line.rstrip()]


def _cut(word: str, width: float, measure: Callable[[str], float]) -> int:
    """Where to cut a word that is wider than a line: after as many characters as fit, and one at least."""
    place = 1
    while place < len(word) and measure(word[: place + 1]) <= width:
        place += 1
    while place < len(word) and unicodedata.combining(word[place]):
        place += 1
    return place if place < len(word) else 0
