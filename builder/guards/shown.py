"""Text that a lesson's code shows to the reader goes through `tr()`, or it would stay English in every language.

Looked at: what is printed, titles, labels and alternative texts of plots, names given to `compare()`. Names of columns,
classes and products are no text; nor is what the model reads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from builder.source import Cell, regions

# Keyword arguments that end up before the reader's eyes.
_KEYWORDS = {"title", "label", "alt", "x", "y", "desc", "xlabel", "ylabel", "caption"}
_METHODS = {"set_title", "set_xlabel", "set_ylabel", "suptitle", "text", "annotate", "write"}
# Words that are the same in every language: columns, roles, products, metrics.
NAMES = {
    "instruction", "prompt", "completion", "generation", "response", "question", "chosen", "rejected", "role", "source",
    "distilabel", "ROUGE-L", "distinct-2", "BREADTH", "Magpie", "TransformersLLM", "kB", "MB", "GB",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z][\w'’-]+")


def faults(cell: Cell) -> Iterator[tuple[int, str]]:
    """(line in the cell from 1, text) for each text that is shown and does not go through `tr()`."""
    source, lines = cell.source, list(range(len(cell.lines())))
    if "exercise" in cell.tags:
        cut = regions(cell.source)
        source, lines = "\n".join(cut.outside), cut.outside_at
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        shown: list[ast.expr] = []
        if name in ("print", *_METHODS):
            shown += node.args
        elif name == "compare":
            shown += node.args[::2]
        shown += [keyword.value for keyword in node.keywords if keyword.arg in _KEYWORDS and name != "dict"]
        for part in shown:
            for text in _texts(part):
                words = [word for word in _WORD.findall(text) if word not in NAMES]
                if words:
                    yield lines[part.lineno - 1] + 1, text


def _texts(node: ast.expr) -> Iterator[str]:
    """The literal texts that an expression puts together; not those it looks up or passes on to a function."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _texts(value)
    elif isinstance(node, ast.BinOp):
        yield from _texts(node.left)
        yield from _texts(node.right)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Starred):
        yield from _texts(node.value)
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from _texts(element)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield from _texts(node.elt)
