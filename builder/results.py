"""Results told in prose: a reading asks the executed solution for them, and the build writes them into it.

    # %% [markdown] id="cold-read" holds="different < 16"
    ... With the course's model, {eval}`different` of 32 texts are different. ...

`{eval}` is MyST's role for such values: a Python expression, evaluated in the kernel after the code cell above the
reading. `holds` is what the sentence claims of them; where it is false, the build refuses the lesson.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from builder.source import Cell

ROLE = "{eval}"
FIELD = re.compile(re.escape(ROLE) + r"`((?:(?!\n\s*\n)[^`])+)`")  # a long one may go on in the next line
HOLDS = "holds"
UNKNOWN = "…"  # in place of a value, until the solution is executed


def fields(markdown: str) -> list[str]:
    """The expressions of a text, in order."""
    return [_unwrapped(expression) for expression in FIELD.findall(markdown)]


def _unwrapped(expression: str) -> str:
    return " ".join(expression.split())


def expressions(cell: Cell) -> list[str]:
    """What a lesson's reading asks for, its condition first."""
    return [cell.holds, *fields(cell.source)] if cell.holds else []


def faults(cell: Cell) -> Iterator[str]:
    """What is wrong with the results that a lesson's cell asks for."""
    if not cell.code and cell.source.count(ROLE) > len(fields(cell.source)):
        yield f"an expression after {ROLE} stands between two backticks, in one paragraph"
    if cell.holds is None:
        if not cell.code and fields(cell.source):
            yield 'a cell that tells results says what must hold of them, as in: id="cold-read" holds="different < 16"'
        return
    if cell.code:
        yield "only a markdown cell tells results"
    for expression in expressions(cell):
        try:
            ast.parse(expression, mode="eval")
        except SyntaxError:
            yield f"this is no Python expression: {expression}"


def asked(cell: NotebookNode | dict[str, Any]) -> list[str]:
    """What is evaluated for a cell, its condition first. Of a notebook that is not filled in yet."""
    return [cell["metadata"][HOLDS], *fields(cell["source"])] if HOLDS in cell["metadata"] else []


def code(expressions: list[str]) -> str:
    """Code of a cell that evaluates to the expressions' values as JSON, each as text."""
    return f"__import__('json').dumps([format({'), format('.join(expressions)})])"


def values(text: str) -> list[str]:
    """What the cell with `code` gave, from its `text/plain`."""
    return json.loads(ast.literal_eval(text))


def fill(notebook: NotebookNode | dict[str, Any], found: dict[str, dict[str, str]]) -> None:
    """Write results into a notebook's readings: cell → expression → value, as in a solution's record."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            known = found.get(cell["id"], {})
            cell["metadata"].pop(HOLDS, None)
            cell["source"] = FIELD.sub(
                lambda match, known=known: known.get(_unwrapped(match[1]), UNKNOWN), cell["source"]
            )
