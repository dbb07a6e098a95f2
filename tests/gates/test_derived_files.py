"""Static gates on the committed notebooks: seconds, no torch, nothing executed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from builder.check import check
from builder.course import load
from builder.notebooks import leaks
from builder.outputs import MAX_NOTEBOOK, faults, private_paths
from builder.source import MARKER_WORDS, parse

ROOT = Path(__file__).parents[2]
COURSE = load(ROOT)
EXERCISES = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
SOURCES = sorted((ROOT / "lessons").glob("*.py"))

# What the prose of a good lesson does without, and what must not be left behind in it.
FORBIDDEN = re.compile(r"\b(simply|just|obviously|TODO|FIXME|XXX)\b", re.IGNORECASE)
EMOJI = re.compile("[\U0001f300-\U0001faff]")
LEVELS = set("🐢🐕🦁")


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def cells(path: Path) -> list[dict]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in found]


def test_derived_files_are_what_their_sources_give():
    assert [str(problem) for problem in check(COURSE)] == []


@pytest.mark.parametrize("path", EXERCISES + SOLUTIONS, ids=name)
def test_notebook_is_valid_and_small(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert path.stat().st_size <= MAX_NOTEBOOK
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("path", EXERCISES, ids=name)
def test_exercise_has_no_outputs_and_no_answers(path):
    for cell in cells(path):
        assert not cell.get("outputs") and cell.get("execution_count") is None, cell["id"]
        assert "solution-only" not in cell["metadata"].get("tags", [])
    notebook = {"cells": cells(path)}
    assert [str(problem) for problem in leaks(parse(COURSE.source(path.stem)), notebook)] == []


@pytest.mark.parametrize("path", EXERCISES + SOLUTIONS, ids=name)
def test_no_solution_markers(path):
    assert not [cell["id"] for cell in cells(path) if MARKER_WORDS.search(cell["source"])]


@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_outputs_are_fit_to_be_seen(path):
    notebook = nbformat.read(path, as_version=4)
    assert list(faults(notebook, private_paths(ROOT))) == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_prose(path):
    """Prose without filler words, without emoji beyond the three levels. Quoted code and text are free."""
    found = []
    for cell in parse(path).cells:
        if not cell.code:
            prose = re.sub(r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”", "", cell.source, flags=re.DOTALL)
            found += [f"{cell.id}: {match[0]}" for match in FORBIDDEN.finditer(prose)]
            found += [f"{cell.id}: {sign}" for sign in EMOJI.findall(prose) if sign not in LEVELS]
    assert not found


def test_builder_needs_no_torch():
    imports = "import sys; from builder import build, check, classroom, run, execute"
    assert (
        subprocess.run([sys.executable, "-c", f"{imports}; sys.exit('torch' in sys.modules)"], cwd=ROOT).returncode == 0
    )
