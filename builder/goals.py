"""What a good answer to an exercise shows, folded below its task: the outputs of the cells that only a solution has."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

# In a notebook as it is stored, after the last line of a task.
_ADDED = re.compile(r'\\n",\n *"\\n",\n *"<details><summary>[^<]*</summary>\\n",\n.*?"</details>"(?=\n *\])', re.DOTALL)
LINES, WIDTH = 12, 240  # of an output, at most


def put(notebook: NotebookNode, solution: NotebookNode | dict[str, Any] | None, label: str) -> None:
    """Add to each task of an exercise notebook what its `solution`, if it is executed, shows after the check."""
    shown = _outputs(solution["cells"]) if solution else {}
    for cell in notebook["cells"]:
        if text := shown.get(cell["id"]):
            cell["source"] += f"\n\n<details><summary>{label}</summary>\n\n{_fenced(text)}\n\n</details>"


def without(stored: str) -> str:
    """The JSON of an exercise notebook without what `put` adds."""
    return _ADDED.sub('"', stored)


def _outputs(cells: list) -> dict[str, str]:
    """Task → the text that the cells after its check print."""
    found = {}
    task = ""
    for index, cell in enumerate(cells):
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown" and "exercise" in tags:
            task = cell["id"]
        elif "check" in tags and task:
            after = itertools.takewhile(_of_solution, cells[index + 1 :])
            lines = [line for one in after for output in one.get("outputs", []) for line in _text(output).splitlines()]
            if lines:
                found[task] = "\n".join([_short(line) for line in lines[:LINES]] + ["…"] * (len(lines) > LINES))
    return found


def _of_solution(cell: dict[str, Any]) -> bool:
    return "solution-only" in cell["metadata"].get("tags", [])


def _text(output: dict[str, Any]) -> str:
    text = output.get("text", "") if output["output_type"] == "stream" else ""
    return text if isinstance(text, str) else "".join(text)


def _short(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _fenced(text: str) -> str:
    """A code block that no text can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
