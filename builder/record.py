"""What a solution notebook remembers of its execution, and what of it survives a build."""

from __future__ import annotations

import hashlib
import io
import json
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder import results

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEY = "prompt2data"  # in the notebook's metadata: {"code_hash": …, "model": …, "versions": {…}, "results": {…}}
METADATA = {  # what every notebook has beside that record
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def code_hash(notebook: NotebookNode | dict[str, Any]) -> str:
    """SHA-256 over ids and code of the notebook's code cells, and over the results that its readings ask for.

    Comments on lines of their own and blank lines are left out: rewording one makes no output stale.
    """
    digest = hashlib.sha256()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            digest.update(f"{cell['id']}\0{_bare(cell['source'])}\0".encode())
        elif asked := results.asked(cell):
            digest.update(json.dumps([cell["id"], *asked]).encode())
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
        return _loaded(path)
    except (OSError, ValueError):
        return None


def unreadable(path: Path) -> str | None:
    """Why the file at `path` cannot be read as a notebook of the course; None where it can."""
    try:
        _loaded(path)
    except OSError as error:
        return error.strerror or "it cannot be opened"
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except json.JSONDecodeError as error:
        return f"it is no JSON: {error.msg} in line {error.lineno}"
    except ValueError as error:
        return str(error)
    return None


def _loaded(path: Path) -> dict[str, Any]:
    """The stored notebook, with all the parts that the builder looks at. Raises OSError, ValueError."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it has no cells")
    if not isinstance(notebook.get("metadata"), dict):
        raise ValueError("it has no metadata")
    if not isinstance(notebook["metadata"].get(KEY, {}), dict):
        raise ValueError("its record of the execution is damaged")
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            raise ValueError(f"cell {number} has no type")
        if not isinstance(cell.get("id"), str):
            raise ValueError(
                "its cells have no ids" if not any("id" in one for one in cells) else f"cell {number} has no id"
            )
        if isinstance(cell.get("source"), list) and all(isinstance(line, str) for line in cell["source"]):
            cell["source"] = "".join(cell["source"])
        parts = {"source": str, "metadata": dict} | ({"outputs": list} if cell["cell_type"] == "code" else {})
        for part, kind in parts.items():
            if not isinstance(cell.get(part), kind):
                raise ValueError(f"cell {cell['id']!r} has no {part}")
    return notebook


def is_current(notebook: NotebookNode, stored: dict[str, Any] | None) -> bool:
    """Whether `stored` was executed, wholly, with the code that `notebook` has."""
    if stored is None or stored["metadata"].get(KEY, {}).get("code_hash") != code_hash(notebook):
        return False
    counts = {cell.get("id"): cell.get("execution_count") for cell in stored["cells"]}
    return all(counts.get(cell["id"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


def results_of(stored: dict[str, Any] | None) -> dict[str, dict[str, str]]:
    """What the readings of an executed solution were filled in with: cell → expression → value."""
    found = (stored or {"metadata": {}})["metadata"].get(KEY, {}).get("results", {})
    return found if isinstance(found, dict) and all(isinstance(one, dict) for one in found.values()) else {}


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
