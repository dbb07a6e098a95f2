"""`classroom`: a course folder in nbgrader's source form, for those who grade with nbgrader."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from builder import goals, notebooks, record, results, words
from builder.build import Valid, replace, unsafe, validated
from builder.catalogues.translate import Translator
from builder.course import SOURCE_LANGUAGE, Course
from builder.problems import Problem, Refused, refuse

if TYPE_CHECKING:
    from nbformat import NotebookNode

GRADING = Path(__file__).parent / "grading"  # goes into the course folder as it is
CONFIG_NAME, RECORD_NAME = "nbgrader_config.py", ".classroom.json"
_CHANGED = "was changed since it was written; `make classroom FORCE=1` overwrites it"
CONFIG = '''\
"""nbgrader's configuration for this course folder."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import course_grading  # noqa: E402 (the folder beside this file)

# No progress is noted for whoever grades, and none shown.
os.environ["PROMPT2DATA_STRICT"] = "1"
os.environ["PROMPT2DATA_PROGRESS"] = "0"

c = get_config()  # noqa: F821 (given by nbgrader)
c.CourseDirectory.course_id = {course!r}
c.ClearSolutions.code_stub = {{"python": {stub!r}}}
c.Execute.timeout = 900  # seconds for one cell: a real model runs in these notebooks
course_grading.configure(c)  # a cell earns marks only where its check proves that it passed
'''


def classroom(course: Course, folder: Path, language: str = SOURCE_LANGUAGE, force: bool = False) -> None:
    """Write nbgrader_config.py, course_grading/ and source/NAME/NAME.ipynb for every lesson, in this language.

    Raises Refused, and writes nothing, where a file is another course folder's work, or was changed since it was
    written here; `force` overwrites the latter.
    """
    if folder.exists() and not folder.is_dir():
        raise refuse(folder, 0, "is a file; choose a folder, as in `make classroom DIR=classroom`")
    config = folder / CONFIG_NAME
    if config.exists() and course.package not in config.read_text(encoding="utf-8"):
        raise refuse(config, 0, "belongs to another course; choose another folder")
    valid = {entry.name: validated(course, entry) for entry in course.lessons}
    if found := unsafe(course, valid, language):
        raise Refused([problem for problems in found.values() for problem in problems])
    files = {CONFIG_NAME: CONFIG.format(course=course.package, stub=notebooks.stub(course, language))}
    for module in sorted(GRADING.glob("*.py")):
        files[f"course_grading/{module.name}"] = module.read_text("utf-8")
    for name, lesson in valid.items():
        files[f"source/{name}/{name}.ipynb"] = notebooks.to_text(graded(course, lesson, language))
    before = _record(folder)
    if not force:
        problems = [
            Problem(folder / name, 0, _CHANGED)
            for name, text in files.items()
            if _changed(folder / name, text, before.get(name))
        ]
        if problems:
            raise Refused(problems)
    hashes = {name: _hash(text.encode()) for name, text in files.items()}
    modules = sorted((course.root / course.package).rglob("*.py"))
    package = {path.relative_to(course.root / course.package).as_posix(): _hash(path.read_bytes()) for path in modules}
    files[RECORD_NAME] = json.dumps({"files": hashes, "package": package}, indent=1) + "\n"
    for name, text in files.items():
        replace(folder / name, text, lambda _: None)


def graded(course: Course, valid: Valid, language: str = SOURCE_LANGUAGE) -> NotebookNode:
    """nbgrader's source form of a lesson, for a course folder: nothing leads to the solution, and only the cells for
    answers, and those that merely show something, can be edited."""
    entry, lesson = valid.entry, Translator(course, language).lesson(valid.lesson)
    notebook = notebooks.graded(course, entry, lesson, valid.exercises, language)
    solution = record.read(course.solution(entry.name, language))
    results.fill(notebook, record.results_of(solution))
    goals.put(notebook, solution, Translator(course, language).word(words.GOAL))
    notebook.cells = [cell for cell in notebook.cells if cell.id != "links"]
    imported = next(line for cell in lesson.cells if cell.code for line in _imports_of_check(cell.source))
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = f"{imported}\n\n{_raising(cell.source)}"
        elif cell.cell_type == "code" and {"setup", "given"} & set(cell.metadata.get("tags", [])):
            cell.metadata["nbgrader"] = notebooks.grading(cell.id, locked=True)
    return notebook


def _imports_of_check(source: str) -> list[str]:
    """The lines of a cell that import a lesson's checks."""
    lines = [line for line in ast.parse(source).body if isinstance(line, ast.ImportFrom)]
    return [ast.unparse(line) for line in lines if any((alias.asname or alias.name) == "check" for alias in line.names)]


def _raising(source: str) -> str:
    """A cell with calls of checks, each of which raises an error on anything but a pass."""
    tree = ast.parse(source)
    for line in tree.body:
        assert isinstance(line, ast.Expr) and isinstance(line.value, ast.Call), source  # `validate` says so
        line.value.keywords.append(ast.keyword("graded", ast.Constant(True)))
    return ast.unparse(tree)


def _record(folder: Path) -> dict[str, str]:
    """Name → hash of each file as it was written into a course folder."""
    path = folder / RECORD_NAME
    return dict(json.loads(path.read_text("utf-8"))["files"]) if path.is_file() else {}


def _changed(path: Path, text: str, hash_before: str | None) -> bool:
    """Whether a file is there that is neither what is to be written nor what was written last."""
    if not path.is_file():
        return False
    content = path.read_bytes()
    return content != text.encode() and _hash(content) != hash_before


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
