"""What a reader reads in the code of a lesson: comments, docstrings, and texts that are shown."""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
import unicodedata
from dataclasses import dataclass

from builder.catalogues import shown
from builder.source import MARKER_WORDS, SOURCE_BODY, regions

_PRAGMA = re.compile(r"# ?(fmt|noqa|type|ruff|pragma)\b:?|# %%")
_WIDTH = 100  # columns of a wrapped comment
_CODE_WIDTH = 120  # columns of a line of code
_WIDE = "\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"  # Chinese and Japanese: a line may break after any of them
# What stays together on a line: spaces, a code span, a word (Korean words too), a wide character with the brackets that
# may not end a line before it, and with the punctuation that may not begin one after it.
_PIECE = re.compile(
    rf"\s+|`[^`]*`|[（「『《“]*[{_WIDE}][、。，！？：；）」』》”ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ]*|[^\s`{_WIDE}]+|."
)


@dataclass(frozen=True)
class CodeText:
    """A text in a cell. Lines count from 0, `column` is that of its `#` or of its opening quotes.

    `kind`: "comment" (whole lines), "trailing comment", "docstring", or "shown text".
    """

    kind: str
    text: str
    first: int
    last: int
    column: int
    literal: shown.Literal | None = None  # of a shown text


def texts(source: str) -> list[CodeText]:
    """The texts of a code cell in their order. Raises SyntaxError where it does not parse."""
    found = [*_comments(source), *_docstrings(source), *_shown(source)]
    return sorted(found, key=lambda text: (text.first, text.column))


def _comments(source: str) -> list[CodeText]:
    lines = source.split("\n")
    found: list[CodeText] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        row, column = token.start[0] - 1, token.start[1]
        text = token.string.lstrip("#").strip()
        if _PRAGMA.match(token.string) or MARKER_WORDS.search(token.string) or token.string == SOURCE_BODY or not text:
            continue
        if lines[row][:column].strip():
            found.append(CodeText("trailing comment", text, row, row + 1, column))
        elif found and found[-1].kind == "comment" and found[-1].last == row and found[-1].column == column:
            before = found.pop()
            found.append(CodeText("comment", f"{before.text} {text}", before.first, row + 1, column))
        else:
            found.append(CodeText("comment", text, row, row + 1, column))
    return found


def _docstrings(source: str) -> list[CodeText]:
    found = []
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = node.body[0] if node.body else None
        value = first.value if isinstance(first, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            column = len(lines[value.lineno - 1].encode()[: value.col_offset].decode())
            text = inspect.cleandoc(value.value)
            found.append(CodeText("docstring", text, value.lineno - 1, value.end_lineno, column))
    return found


def _shown(source: str) -> list[CodeText]:
    """Texts that are shown, but for those of a worked solution: nobody asked a learner to write them."""
    inside = _solved(source)
    return [
        CodeText("shown text", one.text, one.line - 1, one.last_line, one.column, one)
        for one in shown.literals(source)
        if one.line - 1 not in inside
    ]


def _solved(source: str) -> set[int]:
    """The lines of a cell that stand in a solution, from 0."""
    return (
        set(range(source.count("\n") + 1)) - set(regions(source).outside_at) if MARKER_WORDS.search(source) else set()
    )


def replaced(source: str, translations: list[tuple[CodeText, str]]) -> str:
    """The cell with these texts exchanged for their translations."""
    lines = source.split("\n")
    for text, translated in sorted(translations, key=lambda pair: (-pair[0].first, -pair[0].column)):
        if text.kind == "comment":
            lines[text.first : text.last] = _comment(translated, text.column)
        elif text.kind == "trailing comment":
            lines[text.first] = lines[text.first][: text.column] + "# " + " ".join(translated.split())
        elif text.kind == "docstring":
            lines[text.first : text.last] = _docstring(lines[text.first : text.last], translated, text.column)
        elif text.literal:
            lines[text.first : text.last] = _literal(lines[text.first : text.last], translated, text.literal)
    return "\n".join(lines)


def _literal(old: list[str], text: str, literal: shown.Literal) -> list[str]:
    """Lines of code with a translated text in the place of a literal, in several parts where these were several."""
    before = old[0].encode()[: literal.column].decode()
    after = old[-1].encode()[literal.last_column :].decode()
    whole = shown.written(text, literal.formatted)
    opened = sum(before.count(one) for one in "([{") > sum(before.count(one) for one in ")]}")
    if not (opened or len(old) > 1) or columns(before + whole + after) <= _CODE_WIDTH:
        return [before + whole + after]
    split = shown.BRACES.split(text) if literal.formatted else [text]
    parts, part = [], ""
    for piece in (one for place, some in enumerate(split) for one in ([some] if place % 2 else pieces(some))):
        if part and columns(before + part + piece) > _CODE_WIDTH - 6:
            parts.append(part)
            part = ""
        part += piece
    literals = [shown.written(part, literal.formatted) for part in [*parts, part]]
    literals[1:] = [" " * columns(before) + one for one in literals[1:]]
    return [before + literals[0], *literals[1:-1], literals[-1] + after] if parts else [before + whole + after]


def _comment(text: str, column: int) -> list[str]:
    return [" " * column + "# " + line for line in wrapped(" ".join(text.split()), _WIDTH - column - 2)]


def _docstring(old: list[str], text: str, column: int) -> list[str]:
    """Lines of the docstring, with its closing quotes on their own line if they were."""
    indent = " " * column
    prefix = "r" if "\\" in text else ""
    lines = [f'{prefix}"""{line}' if not number else indent + line for number, line in enumerate(text.split("\n"))]
    if len(old) > 1 and old[-1].strip() == '"""':
        lines.append(indent + '"""')
    else:
        lines[-1] += '"""'
    lines[0] = old[0][:column] + lines[0]
    return [line.rstrip() for line in lines]


def columns(text: str) -> int:
    """How many columns a text takes: East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def pieces(text: str) -> list[str]:
    """The text in pieces between which a line may break: words, the spaces around them, single wide characters."""
    return _PIECE.findall(text)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns. Chinese and Japanese may break between any two characters."""
    if columns(text) <= width:
        return [text]
    if columns(text) == len(text):
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    lines, line = [], ""
    for piece in pieces(text):
        if line and columns(line + piece.rstrip()) > width:
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()] if line.strip() else lines
