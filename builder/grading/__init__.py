"""How nbgrader grades the course's hand-ins. `make classroom` copies this package into the course folder.

nbgrader gives full marks to a graded cell without an error, and a hand-in has many ways to hide one: it runs in the
same kernel. Here a cell earns its marks only where its check proves that it passed. The check is loaded before any
code of the hand-in runs, and the proof is a number which that code has never seen.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import re
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute as PlainExecute
from nbgrader.preprocessors import OverwriteCells

HOME = Path(__file__).resolve().parent.parent  # the course folder
RECORD = ".classroom.json"  # what `make classroom` wrote there
NOTES = "grading_notes"
_LATE = 2  # cells that may run into the time limit before the kernel counts as stuck
# What an answer never needs, and what reaches for the checks, the kernel or the marks mostly does.
_SUSPECT = re.compile(
    r"PROMPT2DATA_STRICT|\.checks\b|\bcheck(?:\.\w+)? *=(?!=)|sys\.modules|builtins|importlib|get_ipython"
    r"|_transformers?\b|\b_?exit\b|\bquit\b|os\.kill|_getframe|settrace|setprofile|ctypes|\bgc\b|AssertionError|CheckFailed"
    r"|__code__|__globals__|nbgrader|gradebook"
)


@dataclass(frozen=True)
class Call:
    """A call of a check in a graded cell, as `check.pairs(prompts, to_pairs, graded=True)`."""

    module: str
    name: str
    answers: str


def configure(config: Any) -> None:
    """Let nbgrader restore and execute hand-ins with the classes below."""
    for name, ours in (("sanitize_preprocessors", Restore), ("autograde_preprocessors", Execute)):
        usual = Autograde.class_traits()[name].default()
        config.Autograde[name] = [ours if issubclass(ours, one) else one for one in usual]


def calls(source: str) -> list[Call]:
    """The checks that a graded cell calls; none where it is another kind of cell."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    imported = {
        alias.asname or alias.name: f"{line.module}.{alias.name}"
        for line in body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }
    found = []
    for line in body:
        match line:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(module), name), answers, [ast.keyword("graded")])):
                if module in imported:
                    found.append(Call(imported[module], name, "".join(f"{ast.unparse(one)}, " for one in answers)))
            case ast.ImportFrom():
                pass
            case _:
                return []
    return found


class Restore(OverwriteCells):
    """Makes a hand-in what it was when it was handed out, but for the answers and the student's own cells."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as book:
            given = book.find_notebook(where["notebook"], where["assignment"])
            points = {cell.name: cell.max_score for cell in given.grade_cells}
            solutions = {cell.name for cell in given.solution_cells}
            tasks = {cell.name for cell in given.task_cells}
            cells = {cell.name: cell for cell in given.source_cells}
            forms = {name: _form(cell, points.get(name), solutions, tasks) for name, cell in cells.items()}
            source = HOME / "source" / where["assignment"] / f"{where['notebook']}.ipynb"
            written = nbformat.read(source, as_version=4).cells if source.is_file() else []
            order = [name for name in map(_grade_id, written) if name in cells] or list(cells)
            lines = {line.strip() for cell in written for line in cell.source.split("\n")}
            nb.metadata[NOTES] = [*_suspects(nb, forms, lines), *_put_back(nb, cells, forms, order)]
        return super().preprocess(nb, resources)


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id", "")))


def _form(cell: Any, points: float | None, solutions: set[str], tasks: set[str]) -> dict[str, Any]:
    """nbgrader's metadata of a cell as it was handed out."""
    form = {
        "grade": points is not None and cell.name not in tasks,
        "grade_id": cell.name,
        "locked": cell.locked,
        "schema_version": 3,
        "solution": cell.name in solutions,
        "task": cell.name in tasks,
        "cell_type": cell.cell_type,
        "checksum": cell.checksum,
    }
    return form if points is None else form | {"points": points}


def _suspects(nb: NotebookNode, forms: dict[str, Any], lines: set[str]) -> Iterator[str]:
    """Sentences on code of the student's own that does what no answer needs."""
    for place, cell in enumerate(nb.cells, start=1):
        if cell.cell_type == "code" and not forms.get(_grade_id(cell), {}).get("locked"):
            own = "\n".join(line for line in cell.source.split("\n") if line.strip() not in lines)
            if words := sorted({word.strip("= ") for word in _SUSPECT.findall(own)}):
                named = ", ".join(f"`{word}`" for word in words)
                yield f"Cell {place} of the hand-in has {named}: look at what it does."


def _put_back(nb: NotebookNode, cells: dict[str, Any], forms: dict[str, Any], order: list[str]) -> Iterator[str]:
    """Put locked cells back that were deleted, and the form of all; sentences on what was changed."""
    found = {}
    for cell in reversed(nb.cells):  # of copies the last one counts, as in nbgrader
        name = _grade_id(cell)
        cell.metadata.pop("nbgrader", None)
        if name in forms and name not in found:
            found[name] = cell
            cell.metadata["nbgrader"] = nbformat.from_dict(forms[name])
            if cells[name].locked and cell.source != cells[name].source:
                yield f"The locked cell {name} was changed; it was graded as it was handed out."
    before = None
    for name in order:
        if name not in found and not cells[name].locked:
            yield f"The cell {name}, which is for an answer, is gone."
            continue
        if name not in found:
            make = getattr(nbformat.v4, f"new_{cells[name].cell_type}_cell")
            found[name] = make(cells[name].source, metadata={"nbgrader": forms[name]})
            if nb.nbformat_minor < 5:
                del found[name]["id"]
            place = 0 if before is None else next(i for i, cell in enumerate(nb.cells) if cell is before) + 1
            nb.cells.insert(place, found[name])
            yield f"The locked cell {name} was deleted; it was put back."
        before = found[name]


class Execute(PlainExecute):
    """Executes a hand-in, and leaves an error in each graded cell whose check did not prove that it passed."""

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> tuple[NotebookNode, Any]:
        self._notes: list[str] = list(nb.metadata.pop(NOTES, []))
        self._secret = f"_{secrets.token_hex(16)}"
        self._ended, self._prepared, self._late = False, False, 0
        self._proved: dict[int, bool] = {}
        checks = sorted({call.module for cell in nb.cells if utils.is_grade(cell) for call in calls(cell.source)})
        self._checks = checks
        files = package(checks[0].partition(".")[0]) if checks else {}
        if files and recorded() != {name: hashlib.sha256(text).hexdigest() for name, text in files.items()}:
            self.log.warning("The installed package is not the one this course folder was made with: make it anew.")
        with tempfile.TemporaryDirectory(prefix="grading-") as folder:
            self._folder = folder
            nb, resources = super().preprocess(nb, resources, km)
        for cell in filter(utils.is_grade, nb.cells):
            self._decide(cell)
        if files and (changed := put_back(checks[0].partition(".")[0], files)):
            self._notes.append(f"The hand-in changed files of the installed package; they were put back: {changed}.")
        self._tell(nb, resources["nbgrader"])
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        if cell.cell_type != "code" or self._ended:
            return cell, resources
        asked = calls(cell.source) if utils.is_grade(cell) else []
        source, proofs = cell.source, {Path(self._folder) / secrets.token_hex(8): secrets.token_hex(16) for _ in asked}
        try:
            if self._checks and not self._prepared:
                self._prepare(index)
            if asked:
                cell.source = "import sys as _sys\n" + "\n".join(
                    f"_sys.{self._secret}({call.module!r}, {call.name!r}, lambda: ({call.answers}), "
                    f"{str(file)!r}, {proof!r})"
                    for call, (file, proof) in zip(asked, proofs.items(), strict=True)
                )
            cell, resources = super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self._ended = True
            self._notes.append(f"The kernel ended in cell {index + 1}; nothing from there on was graded.")
        finally:
            cell.source = source
        self._late += any(output.get("ename") == "CellTimeoutError" for output in cell.outputs)
        if self._late == _LATE and not self._ended:
            self._ended = True
            self._notes.append(f"Cell {index + 1} is the second that came to no end; nothing after it was graded.")
        if asked:
            self._proved[id(cell)] = all(
                file.is_file() and file.read_bytes() == proof.encode() for file, proof in proofs.items()
            )
        return cell, resources

    def _prepare(self, index: int) -> None:
        """Load the checks before any code of the hand-in. Raises RuntimeError where this machine cannot."""
        text = Path(__file__).with_name("kernel.py").read_text("utf-8")
        call = f"\nprepare({self._secret!r}, {self._checks!r})\n"
        clean = "{'__name__': 'grading', '__builtins__': dict(vars(__import__('builtins')))}"
        cell = nbformat.v4.new_code_cell(f"exec({text + call!r}, {clean})")
        self.execute_cell(cell, index, store_history=False)
        for output in cell.outputs:
            if output.output_type == "error":
                raise RuntimeError(f"The checks cannot be loaded here: {output.ename}: {output.evalue}")
        self._prepared = True

    def _decide(self, cell: NotebookNode) -> None:
        """Make the outputs of a graded cell say what it earned: nbgrader looks for an error, or text on stderr."""
        name, proved = _grade_id(cell), self._proved.get(id(cell), not self._ended and not calls(cell.source))
        failed = any(output.output_type == "error" for output in cell.outputs)
        if calls(cell.source) and proved:  # warnings cost nothing, nor what a later cell did to this one's outputs
            cell.outputs = [output for output in cell.outputs if output.output_type in ("display_data", "stream")]
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
        elif not proved:
            # A number as a result would be taken for marks.
            cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
            if not failed:
                told = f"{name}: the check did not pass here, so this cell earns nothing"
                cell.outputs.append(nbformat.v4.new_output("error", ename="NotGraded", evalue=told, traceback=[told]))
                if not self._ended:
                    self._notes.append(f"The cell {name} ended without an error, but its check did not pass: no marks.")

    def _tell(self, nb: NotebookNode, where: dict[str, str]) -> None:
        """Write the notes into the log, and into a cell at the top of the graded notebook."""
        for note in self._notes:
            self.log.warning("%s, %s: %s", where["student"], where["notebook"], note)
        if self._notes:
            text = "**Notes of the grading**\n\n" + "\n".join(f"* {note}" for note in self._notes)
            cell = nbformat.v4.new_markdown_cell(text)
            if nb.nbformat_minor < 5:
                del cell["id"]
            nb.cells.insert(0, cell)


def package(name: str, root: Path | None = None) -> dict[str, bytes]:
    """Path → content of the modules of a package: the installed one, or that in `root`."""
    folder = root / name if root else _folder(name)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


def recorded() -> dict[str, str]:
    """Path → hash of the package's modules when the course folder was made."""
    path = HOME / RECORD
    return dict(json.loads(path.read_text("utf-8"))["package"]) if path.is_file() else {}


def _folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"The package {name} is not installed here: activate the course's environment first.")
    return Path(spec.origin).parent


def put_back(name: str, files: dict[str, bytes]) -> str:
    """Put modules of the package back that were changed meanwhile; their names."""
    now = package(name)
    for changed in (names := sorted(path for path in files.keys() | now.keys() if files.get(path) != now.get(path))):
        path = _folder(name) / changed
        if changed in files:
            path.write_bytes(files[changed])
        else:
            path.unlink()
    return ", ".join(names)
