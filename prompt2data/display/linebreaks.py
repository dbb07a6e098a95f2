"""Line breaking for all languages of the course.

Words stay whole. A line may break between two Chinese characters or kana; Korean breaks at spaces. No line begins with
closing punctuation or ends with opening punctuation (the core of JIS X 4051 and of Unicode's UAX #14).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_CLOSING = (
    r"。，、．：；！？）］｝」』】》〉〕’”…‥％ー～・ゝゞ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;!?)\]}%°"
)
_OPENING = r"（［｛「『【《〈〔‘“(\[{"
# Ideographs, kana and full-width forms; not Hangul, whose words are separated by spaces.
_WIDE = "\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
_BREAK = re.compile(rf"(?<=[^{_OPENING}])(?=\S)(?:(?<=\s)|(?![{_CLOSING}])(?:(?<=[{_WIDE}])|(?=[{_WIDE}])))")


def pieces(text: str) -> list[str]:
    """Split `text` into pieces that stay whole; a line may break between any two. Spaces end the piece before them."""
    return _BREAK.split(text) if text else []


def wrap(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Insert line feeds so that no line is wider than `width`: as few lines as possible, of similar widths.

    Args:
        text: line feeds that it has already are kept.
        width: the maximum width of a line, in the unit of `measure`.
        measure: returns the width of a line. A word wider than a line is cut between two characters.
    """
    return "\n".join(line for paragraph in text.split("\n") for line in _even_lines(paragraph, width, measure))


def _even_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines = _lines(text, width, measure)
    if len(lines) == 1:
        return lines
    widest = max(measure(piece.rstrip()) for piece in pieces(text))
    for share in (0.5, 0.6, 0.7, 0.8, 0.9):  # the narrowest lines that need no additional one
        even = _lines(text, min(max(share * width, widest), width), measure)
        if len(even) == len(lines):
            return even
    return lines


def _lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break greedily: each line as full as possible."""
    lines: list[str] = []
    line = ""
    for piece in pieces(text):
        if line and measure((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while measure(line.rstrip()) > width and (end := _cut(line.rstrip(), width, measure)):
            lines.append(line[:end])
            line = line[end:]
    return [*lines, line.rstrip()]


def _cut(word: str, width: float, measure: Callable[[str], float]) -> int:
    """Return how many characters of a word that is wider than a line fit in one, at least one; 0 to leave it whole."""
    end = 1
    while end < len(word) and (measure(word[: end + 1]) <= width or unicodedata.combining(word[end])):
        end += 1
    return end if end < len(word) else 0
