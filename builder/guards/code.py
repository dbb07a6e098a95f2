"""The code of a notebook is the same in every language: comments, docstrings and the named language aside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any


def faults(english: dict[str, Any], localized: dict[str, Any], language: str) -> Iterator[str]:
    """How the code of a localized notebook (plain JSON) differs from that of the English one, cell by cell."""
    ours = {cell["id"]: cell for cell in english["cells"]}
    theirs = {cell["id"]: cell for cell in localized["cells"]}
    if list(ours) != list(theirs):
        lost = [name for name in ours if name not in theirs]
        more = [name for name in theirs if name not in ours]
        yield (
            "other cells than in English"
            + (f", lost: {', '.join(lost)}" if lost else "")
            + (f", added: {', '.join(more)}" if more else "")
        )
    for name, cell in ours.items():
        other = theirs.get(name)
        if other is None or cell["cell_type"] != "code":
            continue
        if other["cell_type"] != "code":
            yield f"cell {name!r} is no longer code"
            continue
        try:
            same = _bare(_source(other), language) == _bare(_source(cell), "en")
        except SyntaxError:
            yield f"cell {name!r}: its code does not parse"
            continue
        if not same:
            yield f"cell {name!r}: its code is not that of the English notebook"


def _source(cell: dict[str, Any]) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def _bare(source: str, language: str) -> str:
    """The code as a tree, without docstrings and with the language of `setup(language=…)` taken out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setup":
            for keyword in node.keywords:
                if keyword.arg == "language" and isinstance(keyword.value, ast.Constant):
                    keyword.value = ast.Constant("" if keyword.value.value == language else keyword.value.value)
    return ast.dump(tree)
