"""The notebook tests are no decoration: a lesson that is broken and rebuilt makes them fail."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from builder.build import build
from builder.course import load
from builder.problems import Refused

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the course's sources, as much as a build of its first lesson in English needs."""
    root = tmp_path / "tree"
    for folder in ("prompt2data", "images"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", root / "README.md")
    head, *tables = re.split(r"(?m)^(?=\[\[)", (ROOT / "course.toml").read_text("utf-8"))
    kept = [next(table for table in tables if table.startswith(f"[[{kind}]]")) for kind in ("languages", "lessons")]
    (root / "course.toml").write_text("".join([head, *kept]), "utf-8")
    (root / "lessons").mkdir()
    shutil.copy(load(ROOT).source(load(root).lessons[0].name), root / "lessons")
    return root


def built(root: Path):
    course = load(root)
    build(course, list(course.lessons), False, lambda _: None)
    return course


def first_lesson(root: Path) -> Path:
    return load(root).source(load(root).lessons[0].name)


def test_the_copy_builds(tree):
    built(tree)


def test_deleted_check_call(tree):
    path = first_lesson(tree)
    lines = path.read_text(encoding="utf-8").split("\n")
    call = next(line for line in lines if line.startswith("check."))
    path.write_text("\n".join(line for line in lines if line != call), encoding="utf-8")
    with pytest.raises(Refused, match=path.name):
        built(tree)


def test_broken_import_of_a_name(tree):
    """A name that no cell binds any more is refused by the build itself."""
    path = first_lesson(tree)
    text = path.read_text(encoding="utf-8")
    line = "from prompt2data.checks import lesson_01 as check"
    assert line in text
    path.write_text(text.replace(line, line.replace("as check", "as chek")), encoding="utf-8")
    with pytest.raises(Refused, match="reads 'check'"):
        built(tree)


def test_broken_import_of_a_module(tree, nbval):
    """A module that is not there shows when the notebook runs: nbval fails, and names the cell."""
    path = first_lesson(tree)
    text = path.read_text(encoding="utf-8")
    line = "from prompt2data.checks import lesson_01 as check"
    path.write_text(text.replace(line, line.replace("prompt2data.checks", "prompt2data.cheks")), encoding="utf-8")
    course = built(tree)
    notebook = only_up_to(course.exercise(course.lessons[0].name), "as check")
    ran = nbval(notebook, root=tree, count=False)
    assert not ran.ok and ran.passed == ran.code_cells - 1
    assert "No module named 'prompt2data.cheks'" in ran.report


def only_up_to(path: Path, text: str) -> Path:
    """The notebook cut after the first code cell with `text`: what follows would only cost time."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    last = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and text in cell.source)
    notebook.cells = notebook.cells[: last + 1]
    nbformat.write(notebook, path)
    return path


def test_small_course_passes(small_executed, nbval):
    ran = nbval(small_executed / "solutions" / "01_counting.ipynb", strict=True, root=small_executed, count=False)
    assert ran.ok and (ran.code_cells, ran.compared) == (11, 3), ran.report


def test_changed_output_fails(small_executed, tmp_path, nbval):
    path = tmp_path / "01_counting.ipynb"
    text = (small_executed / "solutions" / "01_counting.ipynb").read_text()
    assert '"4\\n"' in text
    path.write_text(text.replace('"4\\n"', '"5\\n"'))
    ran = nbval(path, strict=True, root=small_executed, count=False)
    assert not ran.ok and ran.passed == 10, "one compared output differs"


def test_wrong_answer_fails_in_strict_mode_only(small_executed, tmp_path, nbval):
    path = tmp_path / "01_counting.ipynb"
    text = (small_executed / "solutions" / "01_counting.ipynb").read_text()
    path.write_text(text.replace("return max(every", "return min(every"))
    ran = nbval(path, strict=True, root=small_executed, count=False)
    assert not ran.ok and "the longest word was expected" in ran.report


def test_a_cell_that_needs_the_network_fails(no_network, tmp_path, nbval):
    import nbformat

    cell = nbformat.v4.new_code_cell("import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=2)", id="out")
    path = tmp_path / "out.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    ran = nbval(path, count=False)
    assert not ran.ok and "Network is unreachable" in ran.report
