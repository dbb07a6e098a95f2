"""Which texts in the code of a lesson its reader sees: what is printed, titles, labels, names in a comparison.

Such a text is a plain literal, or an f-string, in every language: the build writes its translation into the place of
the English one. It counts as shown where it is printed or given to a plot, and where it is bound to a name (or is a
key of a dictionary) that serves nothing but that. A text with no word to translate is none, nor is one that the model
reads. What is not shown stays English.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

# Functions all of whose texts are shown, and those of which some are: by position.
_ALL = {"print", "set_title", "set_xlabel", "set_ylabel", "suptitle", "text", "annotate", "write"}
_SOME = {"compare": (0, 2), "count": (0,), "write_report": (2,)}
_PLAIN = {"count"}  # only as a function: `list.count` looks something up
_PLOTS = {"show": (1,)}  # of `plots`
# Keyword arguments that end up before the reader's eyes.
_KEYWORDS = {
    "title", "label", "alt", "x", "y", "desc", "xlabel", "ylabel", "caption",
    "index", "summary", "motivation", "sources", "collection", "uses", "not_for", "licence", "contact",
}  # fmt: skip
_CARD = {"columns", "limits", "sections"}  # of a card: what is said of each column, and what it is not good for
# Words that are the same in every language: columns, products, metrics.
_COLUMNS = {
    "instruction", "prompt", "completion", "generation", "response", "question", "chosen", "rejected", "role", "source",
}  # fmt: skip
NAMES = _COLUMNS | {
    "distilabel", "ROUGE-L", "distinct-2", "BREADTH", "Magpie", "TransformersLLM", "kB", "MB", "GB", "apache-2",
}  # fmt: skip
_TITLE = 5  # words at most
_WORD = re.compile(r"[^\W\d_][\w'’-]+")
BRACES = re.compile(r"(\{\{|\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})")  # a doubled brace, or a value in braces


@dataclass(frozen=True)
class Literal:
    """A text in the code. Lines count from 1, columns from 0, in UTF-8 bytes as `ast` counts them."""

    text: str  # as a translator reads it: values of an f-string in braces
    formatted: bool  # whether it is an f-string
    line: int
    column: int
    last_line: int
    last_column: int


def literals(source: str) -> list[Literal]:
    """The texts of a cell that are shown, in their order. Raises SyntaxError."""
    tree = ast.parse(source)
    found = {(node.lineno, node.col_offset): _literal(node) for node in _shown(tree)}
    return [found[place] for place in sorted(found)]


def _literal(node: ast.expr) -> Literal:
    formatted = isinstance(node, ast.JoinedStr)
    return Literal(text_of(node), formatted, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


def text_of(node: ast.expr) -> str:
    """A literal or an f-string as a translator reads it: values in braces; a brace that is text is doubled in both."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(_part(value) for value in node.values)


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value).replace("{", "{{").replace("}", "}}")
    conversion = f"!{chr(node.conversion)}" if node.conversion >= 0 else ""
    form = f":{text_of(node.format_spec)}" if node.format_spec else ""
    return f"{{{ast.unparse(node.value)}{conversion}{form}}}"


def is_text(node: ast.AST) -> bool:
    """Whether a node is a text, with or without values in it."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def has_words(node: ast.expr) -> bool:
    """Whether a text holds a word that has another form in another language."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return any(word not in NAMES for text in texts for word in _WORD.findall(text))


def _shown(tree: ast.Module) -> Iterator[ast.expr]:
    """The literals with words that are shown."""
    roots, bound = list(_roots(tree)), _bindings(tree)
    seen = {part for root in roots for part in _parts(root)}
    titles = set(_keys(tree))  # what looks something up serves to show it as well
    loads = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            loads[node.id].add(node)
    followed: set[str] = set()
    while True:
        new = [
            name
            for name, values in bound.items()
            if name not in followed
            and loads[name]
            and (loads[name] <= seen or (loads[name] <= seen | titles and all(map(_is_title, values))))
        ]
        if not new:
            break
        for name in new:
            followed.add(name)
            roots += bound[name]
            seen |= {part for value in bound[name] for part in _parts(value)}
    for root in roots:
        yield from (node for node in _parts(root) if is_text(node) and has_words(node))


def _is_title(key: ast.expr) -> bool:
    """Whether a text reads as a title: columns and classes have no spaces in their names, prompts are longer."""
    if not is_text(key):
        return False
    text = text_of(key).strip()
    return " " in text and len(_WORD.findall(text)) <= _TITLE and not text.endswith((".", "?", "!", ":"))


def _keys(tree: ast.Module) -> Iterator[ast.expr]:
    """Names that stand where something is looked up or listed: keys, and members of a list that is looped over."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            yield node.slice
        elif isinstance(node, ast.Dict):
            yield from (key for key in node.keys if key is not None)
        elif isinstance(node, ast.DictComp):
            yield node.key
        if isinstance(node, ast.For | ast.comprehension):
            yield from (part for part in ast.walk(node.iter) if isinstance(part, ast.Name))


def _roots(tree: ast.Module) -> Iterator[ast.expr]:
    """What is given to functions that show it, and the keys of tables: they become titles."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key for key in node.keys if key is not None and is_text(key)]
            if any(map(_is_title, keys)) and not any(text_of(key) in _COLUMNS for key in keys):  # a row has columns
                yield from keys
        elif isinstance(node, ast.DictComp) and _is_title(node.key):
            yield node.key
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_title(node.slice):
            yield node.slice
        if not isinstance(node, ast.Call):
            continue
        plain = isinstance(node.func, ast.Name)
        name = node.func.id if plain else getattr(node.func, "attr", "")
        if name in _ALL:
            yield from node.args
        elif name in _SOME and (plain or name not in _PLAIN):
            yield from (node.args[place] for place in _SOME[name] if place < len(node.args))
        elif (
            name in _PLOTS and isinstance(getattr(node.func, "value", None), ast.Name) and node.func.value.id == "plots"
        ):
            yield from (node.args[place] for place in _PLOTS[name] if place < len(node.args))
        if name == "rename_axis":
            yield from (keyword.value for keyword in node.keywords)
        if name != "dict":
            yield from (keyword.value for keyword in node.keywords if keyword.arg in _KEYWORDS)
        if name == "Card":
            for keyword in node.keywords:
                if keyword.arg in _CARD:
                    yield from keyword.value.values if isinstance(keyword.value, ast.Dict) else [keyword.value]


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The literals and names that an expression puts together; not those it looks up or passes on to a function."""
    if is_text(node) or isinstance(node, ast.Name):
        yield node
    if isinstance(node, ast.JoinedStr):
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                yield from _parts(value.value)
    elif isinstance(node, ast.BinOp):
        yield from _parts(node.left)
        yield from _parts(node.right)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _parts(value)
    elif isinstance(node, ast.IfExp):
        yield from _parts(node.body)
        yield from _parts(node.orelse)
    elif isinstance(node, ast.Starred):
        yield from _parts(node.value)
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from _parts(element)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield from _parts(node.elt)


def _bindings(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Name → the expressions that it is bound to, by assignments and by loops over lists that are written out."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _bind(found, target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            target, values = node.target, node.iter
            if isinstance(values, ast.Call) and getattr(values.func, "id", "") in ("enumerate", "zip") and values.args:
                pairs = (
                    zip(target.elts[-len(values.args) :], values.args, strict=False)
                    if isinstance(target, ast.Tuple)
                    else ()
                )
                for one, many in pairs:
                    _each(found, one, many)
            else:
                _each(found, target, values)
    return found


def _each(found: dict[str, list[ast.expr]], target: ast.expr, values: ast.expr) -> None:
    if isinstance(values, ast.List | ast.Tuple):
        for value in values.elts:
            _bind(found, target, value)
    elif isinstance(values, ast.Name) and isinstance(target, ast.Name):
        found[target.id].append(values)


def _bind(found: dict[str, list[ast.expr]], target: ast.expr, value: ast.expr) -> None:
    if isinstance(target, ast.Name):
        found[target.id].append(value)
    elif (
        isinstance(target, ast.Tuple)
        and isinstance(value, ast.Tuple | ast.List)
        and len(target.elts) == len(value.elts)
    ):
        for one, other in zip(target.elts, value.elts, strict=True):
            _bind(found, one, other)


def normal(text: str) -> str:
    """The text of an f-string as `text_of` gives it back. Raises SyntaxError where it would not parse."""
    return text_of(ast.parse(written(text, True), mode="eval").body)


def written(text: str, formatted: bool) -> str:
    """The literal, with its quotes, that holds a text."""
    body = text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') if not formatted else _escaped(text)
    return f'{"f" if formatted else ""}"{body}"'


def _escaped(text: str) -> str:
    """An f-string's text between its quotes: outside of the braces, quotes and backslashes are escaped."""
    parts = BRACES.split(text)
    return "".join(
        part if place % 2 else part.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        for place, part in enumerate(parts)
    )
