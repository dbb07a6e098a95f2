"""A Markdown text cut into its top-level blocks, each of which is one message."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

KINDS = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "blockquote_open": "quote",
    "fence": "drawing",  # a fence without a language: text art, whose words are to be translated
}
DIAGRAM = re.compile(r"!\[\]\(diagram:([a-z][a-z0-9_]*)\)")
_QUOTE = re.compile(r"^\s*(?:>\s?)*")


@dataclass(frozen=True)
class Block:
    """Lines `first` to before `last` (from 0) of a text; `text` is what a translator sees: paragraphs unwrapped."""

    kind: str
    text: str
    first: int
    last: int


@functools.cache
def parser() -> MarkdownIt:
    """The Markdown of notebooks: CommonMark with tables."""
    return MarkdownIt("commonmark").enable("table")


def blocks(markdown: str) -> list[Block]:
    """The blocks of a Markdown text that are messages. Code with a language, rules, HTML and diagrams are none."""
    lines = markdown.split("\n")
    tokens = parser().parse(markdown)
    found = []
    for number, token in enumerate(tokens):
        if token.level or token.map is None or token.type not in KINDS:
            continue
        if token.type == "fence" and (
            token.info.strip() not in ("", "text") or not re.search(r"[^\W\d_]", token.content)
        ):
            continue
        first, last = token.map
        while last > first and not lines[last - 1].strip():
            last -= 1
        text = "\n".join(lines[first:last])
        if token.type not in ("fence", "table_open"):
            text = _unwrapped(lines, first, last, tokens[number:])
        if not DIAGRAM.fullmatch(text.strip()):
            found.append(Block(KINDS[token.type], text, first, last))
    return found


def diagrams(markdown: str) -> list[tuple[str, int, int]]:
    """(name, first line, line after its last) of each paragraph that stands for a diagram, the last one first."""
    lines = markdown.split("\n")
    found = []
    for token in parser().parse(markdown):
        if token.type == "paragraph_open" and not token.level and token.map:
            if match := DIAGRAM.fullmatch("\n".join(lines[slice(*token.map)]).strip()):
                found.append((match[1], *token.map))
    return found[::-1]


def _unwrapped(lines: list[str], first: int, last: int, tokens: list[Token]) -> str:
    """These lines, with the soft line breaks inside paragraphs and list items turned into spaces."""
    follows: dict[int, bool] = {}
    for token in tokens:
        if token.type == "inline" and token.map and first <= token.map[0] < last:
            for line in range(token.map[0] + 1, min(token.map[1], last)):
                follows[line] = True
    result: list[str] = []
    for number in range(first, last):
        line = lines[number]
        hard = bool(result) and (result[-1].endswith("\\") or result[-1].endswith("  "))
        if follows.get(number) and not hard:
            result[-1] = f"{result[-1].rstrip()} {_QUOTE.sub('', line) if '>' in line[:8] else line.lstrip()}"
        else:
            result.append(line)
    return "\n".join(line if line.endswith("  ") and line.strip() else line.rstrip() for line in result)


def replaced(markdown: str, translations: list[tuple[Block, str]]) -> str:
    """The text with these blocks exchanged for their translations."""
    lines = markdown.split("\n")
    for block, text in sorted(translations, key=lambda pair: -pair[0].first):
        lines[block.first : block.last] = text.split("\n")
    return "\n".join(lines)
