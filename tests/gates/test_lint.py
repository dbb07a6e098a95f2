"""`make lint` names the file of each fault, on a copy of the code, and is quiet on the code as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder import lint, structure

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the checks read."""
    for folder in ("prompt2data", "lessons"):
        ignored = shutil.ignore_patterns("__pycache__", "data", "locale")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("pyproject.toml", "ARCHITECTURE.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def linted(root: Path, check: str) -> tuple[int, str]:
    """(exit status, what was told) of one check, as `make lint` runs it."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "builder.lint", check]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def prepend(path: Path, text: str) -> None:
    path.write_text(text + path.read_text("utf-8"), "utf-8")


def test_unused_name(tree: Path):
    prepend(tree / "prompt2data" / "domain.py", "import os\n")
    status, told = linted(tree, "names")
    assert status == 1 and "prompt2data/domain.py:1" in told and "`os` imported but unused" in told


def test_layout(tree: Path):
    (tree / "prompt2data" / "domain.py").write_text("x = {'a':1}\n")
    status, told = linted(tree, "format")
    assert status == 1 and "prompt2data/domain.py" in told


def test_lessons_are_laid_out_by_hand(tree: Path):
    shutil.rmtree(tree / "prompt2data")
    assert linted(tree, "format") == (0, "format: ok\n")


def test_type_error(tree: Path):
    """In a package of one module, which takes mypy a second."""
    shutil.rmtree(tree / "prompt2data")
    (tree / "prompt2data").mkdir()
    (tree / "prompt2data" / "__init__.py").write_text('def half(n: int) -> int:\n    return n // "2"\n')
    status, told = linted(tree, "types")
    assert status == 1 and "prompt2data/__init__.py:2: error: Unsupported operand types" in told


@pytest.mark.parametrize(
    "module, imported",
    [
        ("ground/machine.py", "prompt2data.display.layout"),  # against the direction
        ("quality/texts.py", "prompt2data.checks.core"),  # from one room to its neighbour
    ],
)
def test_import_against_the_direction(tree: Path, module: str, imported: str):
    path = tree / "prompt2data" / module
    lines = path.read_text("utf-8").split("\n")
    line = lines.index("from __future__ import annotations") + 1
    lines.insert(line, f"import {imported}")
    path.write_text("\n".join(lines), "utf-8")
    status, told = linted(tree, "imports")
    assert status == 1 and f"prompt2data/{module}:{line + 1}: imports {imported}" in told


def test_circle_within_a_room(tree: Path):
    path = tree / "prompt2data" / "engine" / "sampling.py"
    path.write_text(path.read_text("utf-8") + "\nimport prompt2data.engine.decoding\n")
    status, told = linted(tree, "imports")
    assert status == 1 and "prompt2data/engine/sampling.py: imports prompt2data.engine.decoding, in a circle" in told


def test_circle_of_two_rooms(tree: Path):
    """Either import alone may be right; together one of them leads up."""
    prepend(tree / "prompt2data" / "engine" / "sampling.py", "import prompt2data.models\n")
    assert linted(tree, "imports")[0] == 0
    prepend(tree / "prompt2data" / "models" / "convert.py", "import prompt2data.engine.sampling\n")
    status, told = linted(tree, "imports")
    assert status == 1 and "prompt2data/models/convert.py:1: imports prompt2data.engine.sampling" in told


def test_top_level_module_without_a_layer(tree: Path):
    (tree / "prompt2data" / "extra.py").write_text("")
    status, told = linted(tree, "imports")
    assert status == 1 and "prompt2data.extra" in told


@pytest.mark.parametrize("name", ["engine/extra.py", "extra.py", "attic/__init__.py"])
def test_what_the_map_does_not_name(tree: Path, name: str):
    path = tree / "prompt2data" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    status, told = linted(tree, "structure")
    missing = path.parent if path.name == "__init__.py" else path
    assert status == 1 and f"{missing.relative_to(tree)}: ARCHITECTURE.md does not name this" in told


def test_what_the_map_names_in_vain(tree: Path):
    (tree / "prompt2data" / "domain.py").unlink()
    status, told = linted(tree, "structure")
    assert status == 1 and "ARCHITECTURE.md: names prompt2data/domain.py, which does not exist" in told


@pytest.mark.parametrize(
    "statement, module",
    [
        ("from prompt2data.engine.sampling import Sampling", "prompt2data.engine.sampling"),
        ("from prompt2data.ground import folders", "prompt2data.ground.folders"),
        ("import prompt2data.cache.database", "prompt2data.cache.database"),
        ("from prompt2data.pipelines import log", "prompt2data.pipelines.log"),
        ("from prompt2data.widgets.browser.table import Table", "prompt2data.widgets.browser.table"),
    ],
)
def test_lesson_that_imports_from_a_back_room(tree: Path, statement: str, module: str):
    lesson = next(path for path in sorted((tree / "lessons").glob("*.py")))
    prepend(lesson, f"def late():\n    {statement}\n\n\n")
    status, told = linted(tree, "structure")
    assert status == 1 and f"lessons/{lesson.name}:2: imports {module}, which is behind the top level" in told


def test_draft_is_read_as_a_lesson(tree: Path):
    """It may import what lessons may, and what it imports from a back room is told."""
    drafts = tree / "lessons" / "drafts"
    drafts.mkdir(exist_ok=True)
    draft = drafts / "99_draft.py"
    draft.write_text("def late():\n    from prompt2data.quality import texts\n\n    return texts, MODEL\n")
    assert linted(tree, "structure") == (0, "structure: ok\n")
    assert linted(tree, "names") == (0, "names: ok\n")
    prepend(draft, "from prompt2data.ground import folders\n")
    status, told = linted(tree, "structure")
    assert status == 1 and "lessons/drafts/99_draft.py:1: imports prompt2data.ground.folders, which is behind" in told


def test_module_that_a_draft_alone_names(tree: Path):
    (tree / "prompt2data" / "spice.py").write_text("")
    drafts = tree / "lessons" / "drafts"
    drafts.mkdir(exist_ok=True)
    unused = "prompt2data/spice.py: no lesson names this module"
    assert unused in linted(tree, "structure")[1]
    (drafts / "99_draft.py").write_text("from prompt2data import spice\n\nspice\n")
    assert unused not in linted(tree, "structure")[1]


def test_size(tree: Path):
    room = tree / "prompt2data" / "engine"
    (room / "long.py").write_text("pass\n" * (structure.MAX_MODULE + 1))
    status, told = linted(tree, "structure")
    assert status == 1 and "prompt2data/engine/long.py: 351 lines" in told
    for number in range(structure.MAX_PACKAGE // structure.MAX_MODULE):
        (room / f"m{number}.py").write_text("pass\n" * structure.MAX_MODULE)
    assert "\nprompt2data: " in linted(tree, "structure")[1]


@pytest.mark.parametrize("check", ["names", "format", "imports", "structure"])
def test_the_code_as_it_is(check: str):
    """Types take a minute: `.ci/run` looks at them before the tests."""
    assert lint.faults(check, ROOT) == ""


def test_every_check_runs(monkeypatch, capsys):
    found = {"names": "a.py: one", "types": "b.py: two"}
    monkeypatch.setattr(lint, "faults", lambda check, root: found.get(check, ""))
    assert lint.main([]) == 1
    told = capsys.readouterr().out
    assert all(f"{check}: {'FAILED' if check in found else 'ok'}" in told for check in lint.CHECKS)
    assert "a.py: one" in told and "b.py: two" in told
    assert lint.main(["format"]) == 0
    with pytest.raises(SystemExit):
        lint.main(["fromat"])
