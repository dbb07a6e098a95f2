"""What became of a text's words in another text: kept, dropped, added. The result is fit to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from prompt2data.i18n import _
from prompt2data.untrusted import safe_str, visible

_WIDE = r"\u2e80-\u9fff\uf900-\ufaff"  # scripts without spaces: each character is a word
_PUNCTUATION = r"!-/:-@\[-`{-~\u00a1\u00ab\u00bb\u00bf\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff00-\uff0f\uff1a-\uff1f"
_LETTERS = rf"[^\s{_PUNCTUATION}{_WIDE}]+"
# A word with inner apostrophes and hyphens (don't, far-off), a wide character, or one sign; then the space after it.
_TOKEN = re.compile(rf"({_LETTERS}(?:['’\-]{_LETTERS})*|[{_WIDE}]|\S)(\s*)")


@dataclass(frozen=True)
class WordRun:
    """Consecutive words of one kind."""

    kind: str  # "same", "del" (only in the first text) or "ins" (only in the second)
    text: str
    space: str  # after it


@dataclass(frozen=True)
class WordDiff:
    """`first` and `second` are the runs of either text, `merged` those of both in one; the counts are of words."""

    first: list[WordRun]
    second: list[WordRun]
    merged: list[WordRun]
    kept: int
    dropped: int
    added: int


def diff(first: Any, second: Any, longest: int = 1_200) -> WordDiff:
    """Compare two texts word by word.

    Of a longer text the first `longest` characters are compared, and a last run says so: time grows with the square of
    the length.
    """
    a, b = _tokens(first, longest), _tokens(second, longest)
    left: list[WordRun] = []
    right: list[WordRun] = []
    merged: list[WordRun] = []
    counts = {"same": 0, "del": 0, "ins": 0}
    matcher = SequenceMatcher(None, [word for word, _space in a], [word for word, _space in b], autojunk=False)
    for step, i, j, k, m in matcher.get_opcodes():
        for kind, tokens in (("same", b[k:m]),) if step == "equal" else (("del", a[i:j]), ("ins", b[k:m])):
            if not tokens:
                continue
            counts[kind] += sum(any(map(str.isalnum, word)) for word, _space in tokens)
            run = _run(kind, tokens)
            if kind != "ins":
                left.append(_run(kind, a[i:j]))
            if kind != "del":
                right.append(run)
            # When merged, deleted and inserted words need a space between them, even if one of them ends its text.
            apart = kind == "del" or (step == "equal" and j < len(a) and a[j - 1][1])
            merged.append(WordRun(kind, run.text, run.space or (" " if apart else "")))
    for runs, texts in ((left, (first,)), (right, (second,)), (merged, (first, second))):
        size = max(len(_text(text)) for text in texts)
        if size > longest:
            runs.append(WordRun("same", " … " + _("({n} characters in all)").format(n=f"{size:,}"), ""))
    return WordDiff(left, right, merged, counts["same"], counts["del"], counts["ins"])


def _text(value: Any) -> str:
    return "" if value is None else safe_str(value)


def _tokens(value: Any, longest: int) -> list[tuple[str, str]]:
    return _TOKEN.findall(visible(_text(value)[:longest], 10 * longest))


def _run(kind: str, tokens: list[tuple[str, str]]) -> WordRun:
    text = "".join(word + space for word, space in tokens)
    space = tokens[-1][1]
    return WordRun(kind, text.removesuffix(space), space)
