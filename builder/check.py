"""`check`: are all derived files what their sources give? Rebuilds in memory, trusts no earlier build."""

from __future__ import annotations

import json
from pathlib import Path

from builder import readme, record
from builder.build import derived
from builder.course import Course, unmatched_sources
from builder.notebooks import to_text
from builder.problems import Problem, Refused

ADVICE = "run `make build`"


def check(course: Course) -> list[Problem]:
    """Derived files that are missing, stray, edited or out of date, and sources that break a rule."""
    problems = unmatched_sources(course) + _strays(course)
    exercises = {}
    for entry in course.lessons:
        if not course.source(entry.name).is_file():
            continue
        try:
            exercise, solution, exercises[entry.name] = derived(course, entry)
        except Refused as refused:
            problems += refused.problems
            continue
        problems += _compare(course.exercise(entry.name), exercise, outputs=False)
        found = _compare(course.solution(entry.name), solution, outputs=True)
        problems += found or _executed(course.solution(entry.name), solution)
    if len(exercises) == len(course.lessons):
        problems += _readme(course, exercises)
    return problems


def _strays(course: Course) -> list[Problem]:
    problems = []
    for folder, path_of in (("notebooks", course.exercise), ("solutions", course.solution)):
        expected = {path_of(lesson.name) for lesson in course.lessons}
        # JupyterLab's own folder of checkpoints is ignored by version control and of no concern here.
        found = {path for path in (course.root / folder).glob("*") if path.name != ".ipynb_checkpoints"}
        problems += [Problem(path, 0, "stray file: no lesson gives it") for path in sorted(found - expected)]
    return problems


def _compare(path: Path, notebook, outputs: bool) -> list[Problem]:
    """`path` against the notebook its sources give; `outputs`: these, counts and record are not compared."""
    if not path.is_file():
        return [Problem(path, 0, f"this half of the pair is missing: {ADVICE}")]
    stored = record.read(path)
    if stored is None:
        return [Problem(path, 0, "cannot be read as a notebook")]
    expected = to_text(notebook)
    if not outputs:
        same = path.read_text(encoding="utf-8") == expected
    else:
        same = record.without_execution(stored) == record.without_execution(json.loads(expected))
    if same:
        return []
    where = _first_difference(stored, json.loads(expected))
    return [Problem(path, 0, f"differs from what its source gives ({where}): edit the lesson, then {ADVICE}")]


def _first_difference(stored: dict, expected: dict) -> str:
    one, two = record.without_execution(stored)["cells"], record.without_execution(expected)["cells"]
    for ours, theirs in zip(one, two, strict=False):
        if ours != theirs:
            return f"cell {theirs['id']!r}"
    return f"{len(one)} cells, {len(two)} expected" if len(one) != len(two) else "metadata, outputs or layout"


def _executed(path: Path, solution) -> list[Problem]:
    stored = record.read(path)
    recorded = stored["metadata"].get(record.KEY, {}).get("code_hash")
    if recorded is None:
        return [Problem(path, 0, f"was never executed: {ADVICE}")]
    if recorded != record.code_hash(solution):
        return [Problem(path, 0, f"its outputs are older than its code: {ADVICE}")]
    if not record.is_current(solution, stored):
        return [Problem(path, 0, f"some cells were not executed: {ADVICE}")]
    return []


def _readme(course: Course, exercises: dict) -> list[Problem]:
    path = course.root / "README.md"
    if not path.is_file():
        return [Problem(path, 0, "this file is missing")]
    try:
        expected = readme.filled(path, {"lessons": readme.lessons(course, exercises)})
    except Refused as refused:
        return refused.problems
    if path.read_text(encoding="utf-8") != expected:
        return [Problem(path, 0, f"its lesson table differs from what course.toml and the lessons give: {ADVICE}")]
    return []
