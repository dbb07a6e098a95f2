"""A translated block has the shape of its source: headings, lists, tables, code, links, emphasis, placeholders."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterator

from markdown_it.token import Token

from builder.catalogues.blocks import parser
from builder.results import fields
from builder.source import MARKER_WORDS
from builder.words import WRITTEN

_ONE_LINE = {"comment": "a comment", "trailing comment": "a comment", WRITTEN: "what the build writes"}
MARKDOWN = {"heading", "paragraph", "list", "table", "quote"}
_NAMES = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "numbered list",
    "list_item_open": "list item",
    "tr_open": "table row",
    "th_open": "table heading",
    "td_open": "table cell",
    "blockquote_open": "quote",
    "hr": "rule",
    "fence": "code block",
    "html_block": "HTML",
}
_FORMULA = re.compile(r"(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\w$])")
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_MASKED = re.compile(r"\{\d+\}")  # a measurement in the README
_DRAWN = re.compile(r"[\u2500-\u257f<>|+]|-{2,}>?")
_EXERCISE = re.compile(r"### (\S+) \D*?(\d+\.\d+)\s?[:：] ?\S.*[(（]\D*(\d+)\D*[)）]$")
_TITLE = re.compile(r"# (\d+)\. \S")


def faults(kind: str, source: str, translation: str) -> Iterator[str]:
    """What the translation of a message of this kind has lost or gained against its source."""
    yield from in_code(kind, translation)
    if kind in MARKDOWN:
        yield from _markdown(source, translation)
        if kind == "heading":
            yield from _heading(source, translation)
    elif kind == "drawing":
        yield from _drawing(source, translation)
    else:
        yield from _spaces(source, translation)
        yield from _differs("placeholder", placeholders(source), placeholders(translation))
        spans = (Counter(_CODE_SPAN.findall(text)) for text in (source, translation))
        yield from _differs("code span", *spans)


def in_code(kind: str, translation: str) -> Iterator[str]:
    """What a translation may not hold, since it would end the comment or docstring that it is put into."""
    if kind in _ONE_LINE and re.search(r"[\n\r]", translation):
        yield f"{_ONE_LINE[kind]} is one paragraph"
    if kind == "docstring" and '"""' in translation:
        yield 'a docstring may not hold three quotes in a row: """'
    elif kind == "docstring" and translation.rstrip()[-1:] in ('"', "\\"):
        yield f"a docstring may not end in {translation.rstrip()[-1]}"
    if MARKER_WORDS.search(translation):
        yield "a solution marker: write it in other words"


def _markdown(source: str, translation: str) -> Iterator[str]:
    ours, theirs = parser().parse(source), parser().parse(translation)
    one, two = _shape(ours), _shape(theirs)
    if one != two:
        yield f"another structure: {_named(one, two)}"
    elif _cells(source) != _cells(translation):  # the parser fills up rows that are too short
        yield "another structure: a row of the table has another number of cells, or an empty one"
    for name, count in (("code span", _codes), ("link", _links), ("emphasis", _emphasis), ("HTML tag", _tags)):
        yield from _differs(name, count(ours), count(theirs))
    yield from _differs("number", *(Counter(_MASKED.findall(text)) for text in (source, translation)))
    yield from _differs("result", *(Counter(fields(text)) for text in (source, translation)))
    breaks = [sum(token.type == "hardbreak" for token in _inlines(tokens)) for tokens in (ours, theirs)]
    if breaks[0] != breaks[1]:
        yield f"{breaks[1]} line breaks, {breaks[0]} in the source"
    soft = [sum(token.type == "softbreak" for token in _inlines(tokens)) for tokens in (ours, theirs)]
    if soft[1] > soft[0]:
        yield "a paragraph or list item stands on one line"
    yield from _differs(
        "formula", *(Counter(_FORMULA.findall(_CODE_SPAN.sub("", text))) for text in (source, translation))
    )
    if "**" in "".join(token.content for token in _inlines(theirs) if token.type == "text"):
        yield "asterisks that are not emphasis: leave punctuation outside of them"


def _heading(source: str, translation: str) -> Iterator[str]:
    if exercise := _EXERCISE.fullmatch(source):
        found = _EXERCISE.fullmatch(translation)
        if not found or found.groups() != exercise.groups():
            yield f"an exercise's heading keeps its level, number and minutes: {' '.join(exercise.groups())}"
    elif title := _TITLE.match(source):
        found = _TITLE.match(translation)
        if not found or found[1] != title[1]:
            yield f"a lesson's title begins with its number: # {title[1]}."


def _drawing(source: str, translation: str) -> Iterator[str]:
    ours, theirs = source.split("\n"), translation.split("\n")
    if len(ours) != len(theirs):
        yield f"{len(theirs)} lines, {len(ours)} in the source"
    elif any(_DRAWN.findall(one) != _DRAWN.findall(two) for one, two in zip(ours, theirs, strict=True)):
        yield "the lines of the drawing are not those of the source"


def _spaces(source: str, translation: str) -> Iterator[str]:
    for name, strip in (("beginning", str.lstrip), ("end", str.rstrip)):
        one = source.removesuffix(strip(source)) if name == "beginning" else source.removeprefix(strip(source))
        two = (
            translation.removesuffix(strip(translation))
            if name == "beginning"
            else translation.removeprefix(strip(translation))
        )
        if one != two:
            yield f"other spaces or line breaks at the {name}"


def placeholders(text: str) -> Counter[str]:
    """The fields of a format string, with conversion and format; text that is none has none."""
    found: Counter[str] = Counter()
    try:
        for _text, name, form, conversion in string.Formatter().parse(text):
            if name is not None:
                found[f"{{{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}}}"] += 1
    except ValueError:
        return Counter(re.findall(r"\{[^{}]*\}", text))
    return found


def _shape(tokens: list[Token]) -> list[str]:
    return [
        f"{_NAMES[token.type]}{f' of level {token.tag[1:]}' if token.type == 'heading_open' else ''}"
        for token in tokens
        if token.type in _NAMES
    ]


def _named(one: list[str], two: list[str]) -> str:
    more, less = Counter(two) - Counter(one), Counter(one) - Counter(two)
    parts = [f"{number} {name} too many" for name, number in more.items()]
    parts += [f"{number} {name} missing" for name, number in less.items()]
    return ", ".join(parts) or "the same parts in another order"


def _cells(text: str) -> list[list[bool]]:
    """For each row of a table, which of its cells hold something."""
    rows = [line for line in _CODE_SPAN.sub("code", text).split("\n") if line.lstrip().startswith("|")]
    return [[bool(cell.strip()) for cell in row(line)] for line in rows]


def row(line: str) -> list[str]:
    """The cells of a row of a table. A bar parts them also in code, unless a backslash stands before it."""
    cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|"))
    return cells[:-1] if len(cells) > 1 and not cells[-1].strip() else cells


def _inlines(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def _codes(tokens: list[Token]) -> Counter[str]:
    return Counter(token.content for token in _inlines(tokens) if token.type == "code_inline")


def _links(tokens: list[Token]) -> Counter[str]:
    return Counter(
        str(token.attrs.get("href", token.attrs.get("src")))
        for token in _inlines(tokens)
        if token.type in ("link_open", "image")
    )


def _emphasis(tokens: list[Token]) -> Counter[str]:
    kinds = {"strong_open": "**", "em_open": "*"}
    return Counter(kinds[token.type] for token in _inlines(tokens) if token.type in kinds)


def _tags(tokens: list[Token]) -> Counter[str]:
    return Counter(token.content for token in _inlines(tokens) if token.type == "html_inline")


def _differs(name: str, source: Counter[str], translation: Counter[str]) -> Iterator[str]:
    for item, number in (source - translation).items():
        yield f"{name} lost: {item}" + (f" ({number} times)" if number > 1 else "")
    for item, number in (translation - source).items():
        yield f"{name} that the source does not have: {item}" + (f" ({number} times)" if number > 1 else "")
