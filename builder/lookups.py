"""Texts that code shows are translated; what looks one of them up by its English fails in every other language."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from builder import results
from builder.catalogues import code_text
from builder.source import Cell, Lesson, regions


def faults(lesson: Lesson) -> Iterator[tuple[Cell, int, str]]:
    """(cell, line in it, what is wrong) for keys and comparisons that hold a text which another cell shows."""
    shown = {cell.id: {text.text for text in code_text.texts(_code(cell)) if text.kind == "shown text"}
             for cell in lesson.cells if cell.code}  # fmt: skip
    # A single word may be the name of a column as well, which stays English.
    every = {text for texts in shown.values() for text in texts if " " in text}
    for cell in lesson.cells:
        sources = [_code(cell)] if cell.code else results.expressions(cell)
        for source in sources:
            for node in _looked_up(ast.parse(source)):
                if node.value in every - shown.get(cell.id, set()):
                    line = node.lineno - 1 if cell.code else 0
                    yield (
                        cell,
                        line,
                        f"{node.value!r} is shown in another cell, and so translated: look it up by a name",
                    )


def _code(cell: Cell) -> str:
    return "\n".join(regions(cell.source).solved) if "exercise" in cell.tags else cell.source


def _looked_up(tree: ast.AST) -> Iterator[ast.Constant]:
    """The texts that something is looked up by, or compared with."""
    for node in ast.walk(tree):
        parts = [node.slice] if isinstance(node, ast.Subscript) else []
        parts += [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        yield from (part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
