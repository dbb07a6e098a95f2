"""What a solution notebook remembers of its execution, and what of it survives a build."""

from __future__ import annotations

import hashlib
import io
import json
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEY = "prompt2data"  # in the notebook's metadata: {"code_hash": …, "model": …, "versions": {…}}
METADATA = {  # what every notebook has beside that record
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def code_hash(notebook: NotebookNode | dict[str, Any], shown: Sequence[str] = ()) -> str:
    """SHA-256 over ids and code of the notebook's code cells, and over the translated texts that its code shows.

    Comments on lines of their own and blank lines are left out: rewording one makes no output stale.
    """
    digest = hashlib.sha256("".join(f"{text}\0" for text in shown).encode())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            digest.update(f"{cell['id']}\0{_bare(cell['source'])}\0".encode())
    return digest.hexdigest()


def _bare(source: str) -> str:
    """`source` without blank lines and whole-line comments; lines inside strings stay as they are."""
    lines = source.split("\n")
    drop: set[int] = set()
    kept: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row = token.start[0]
        if token.type == tokenize.COMMENT and not lines[row - 1][: token.start[1]].strip():
            drop.add(row)
        elif token.type not in (
            tokenize.NL,
            tokenize.COMMENT,
            tokenize.ENDMARKER,
            tokenize.DEDENT,
            tokenize.INDENT,
        ):
            kept.update(range(row, token.end[0] + 1))
    drop |= {row for row, line in enumerate(lines, start=1) if not line.strip() and row not in kept}
    return "\n".join(line for row, line in enumerate(lines, start=1) if row not in drop)


def read(path: Path) -> dict[str, Any] | None:
    """The stored notebook as plain JSON, sources joined to strings; None where there is no readable one."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if isinstance(cell["source"], list):
                cell["source"] = "".join(cell["source"])
        return notebook
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_current(notebook: NotebookNode, stored: dict[str, Any] | None, shown: Sequence[str] = ()) -> bool:
    """Whether `stored` was executed, wholly, with the code that `notebook` has; `shown`: see `code_hash`."""
    if stored is None or stored["metadata"].get(KEY, {}).get("code_hash") != code_hash(notebook, shown):
        return False
    counts = {cell.get("id"): cell.get("execution_count") for cell in stored["cells"]}
    return all(counts.get(cell["id"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


def carry_over(notebook: NotebookNode, path: Path) -> None:
    """Give `notebook` the outputs, counts and record of the one stored at `path`; cells are matched by id."""
    import nbformat  # slow to import, and an unchanged course needs none of it

    stored = nbformat.read(path, as_version=4)
    cells = {cell.id: cell for cell in stored.cells}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = cells[cell.id].outputs
            cell.execution_count = cells[cell.id].execution_count
    notebook.metadata[KEY] = stored.metadata[KEY]


def without_execution(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy of plain notebook JSON without outputs, counts and the record: what the sources alone decide."""
    bare = json.loads(json.dumps(notebook))
    bare["metadata"].pop(KEY, None)
    for cell in bare["cells"]:
        if isinstance(cell["source"], list):
            cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return bare
