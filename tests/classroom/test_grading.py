"""A day of grading: everyone earns what they answered, however the hand-in was made, and the teacher is told."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from builder.grading import Call, calls, package, put_back
from tests.classroom.grading_day import LESSON, UNSETS, brief, graded_day, marks, nbgrader, released, unfilled_below

ROOT = Path(__file__).parents[2]

PROMPTS = "prompts = [f'What is {n}?' for n in 'one two three four five six seven eight'.split()]\n"
# What a hand-in does above all its unfilled exercises → a word of what the teacher is told
CHEATS = {
    "environment": (UNSETS, "PROMPT2DATA_STRICT"),
    "replaces": (
        """
import sys, types, builtins, importlib
fake = types.SimpleNamespace(**{n: lambda *a, **k: None for n in ("pairs", "distinct_share", "build_prompts")})
for name in ("prompt2data.checks", "prompt2data.checks.lesson_01", "prompt2data.checks.core"):
    sys.modules[name] = fake
fake.lesson_01 = check = fake
importlib.import_module = importlib.reload = lambda *a, **k: fake
plain = builtins.__import__
builtins.__import__ = lambda name, *a, **k: fake if name.startswith("prompt2data") else plain(name, *a, **k)
""",
        "sys.modules",
    ),
    "patches": (
        """
from prompt2data.checks import core, lesson_01, guard, judge
lesson_01.pairs = lesson_01.distinct_share = lesson_01.build_prompts = lambda *a, **k: None
core.attempted = lambda answer: True
core.guarded = guard.guarded = lambda function: None
judge.Task.judge = lambda *a: None
core.CheckFailed.__init__ = core.Wrong.__init__ = lambda *a, **k: None
import prompt2data
prompt2data.checks = None
""",
        ".checks",
    ),
    "builtins": (
        """
import builtins
builtins.AssertionError = builtins.BaseException = type("Quiet", (Exception,), {})
builtins.all = lambda *a: True
""",
        "builtins",
    ),
    "hooks": (
        """
import ast
shell = get_ipython()
class Empty(ast.NodeTransformer):
    def visit_Module(self, node):
        return ast.Module(body=[], type_ignores=[])
shell.set_custom_exc((BaseException,), lambda *a, **k: None)
shell.showtraceback = shell._showtraceback = lambda *a, **k: None
shell.ast_transformers.append(Empty())
shell.input_transformers_post.append(lambda lines: ["1\\n"])
""",
        "get_ipython",
    ),
    "exits": ("exit()", "The kernel ended in cell"),
    "solutions": (
        "from prompt2data.checks.lesson_01 import _to_pairs as to_pairs, _distinct as distinct_share\n"
        "from prompt2data.checks.lesson_01 import _build_prompts as build_prompts\n" + PROMPTS,
        ".checks",
    ),
}


def only_solutions_below(code: str):
    """An edit that deletes the cells for answers, and puts `code` in their place."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        unfilled_below(code)(notebook)
        notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("solution")]

    return edit


def forged(notebook: nbformat.NotebookNode) -> None:
    """Graded cells that are worth more, give a number, or are no graded cells any more."""
    brief(notebook)
    first, second, third = [cell for cell in notebook.cells if cell.metadata.nbgrader.grade]
    first.source, first.metadata.nbgrader.points = "6.0", 6
    second.source, second.metadata.nbgrader.solution = "pass", True
    third.source, third.metadata = "pass", nbformat.from_dict({})


@pytest.fixture(scope="module")
def day(tmp_path_factory, generations: str):
    """A course folder in which lesson 1 was handed out, handed in by everyone, and graded; what nbgrader said."""
    more = {
        "forged": ({}, forged),
        **{name: ({}, unfilled_below(code)) for name, (code, _) in CHEATS.items() if name != "solutions"},
        "solutions": ({}, only_solutions_below(CHEATS["solutions"][0])),
    }
    return graded_day(tmp_path_factory.mktemp("day"), ROOT, "en", more)


@pytest.mark.parametrize(
    "student, earned",
    [
        ("right", 6),
        ("half", 1),
        ("deleted", 2),
        ("dead", 1),
        ("other", 3),
        ("forged", 0),
        *((name, 0) for name in CHEATS),
    ],
)
def test_marks(day, student: str, earned: float):
    assert marks(day[0], LESSON, student) == (earned, 6)


@pytest.mark.parametrize("student, told", [
    ("deleted", "The locked cell ex-pairs-check was deleted; it was put back."),
    ("deleted", "The locked cell setup was deleted; it was put back."),
    ("dead", "The kernel ended in cell"),
    ("forged", "The locked cell ex-pairs-check was changed"),
    *((name, told) for name, (_, told) in CHEATS.items()),
])  # fmt: skip
def test_the_teacher_is_told(day, student: str, told: str):
    folder, log = day
    assert re.search(rf"{student}, {LESSON}: .*{re.escape(told)}", log)
    graded = nbformat.read(folder / "autograded" / student / LESSON / f"{LESSON}.ipynb", as_version=4)
    assert told in graded.cells[0].source


def test_nothing_is_told_of_honest_hand_ins(day):
    assert not re.findall(rf"(?:right|half|other), {LESSON}: .*", day[1])


def test_feedback_and_export(day):
    folder, _ = day
    nbgrader(folder, ROOT, "generate_feedback", LESSON, "--student=dead")
    page = (folder / "feedback" / "dead" / LESSON / f"{LESSON}.html").read_text("utf-8")
    assert "Notes of the grading" in page
    nbgrader(folder, ROOT, "export")
    rows = [line.split(",") for line in (folder / "grades.csv").read_text().splitlines()]
    place = rows[0].index("score"), rows[0].index("student_id")
    assert {row[place[1]]: float(row[place[0]]) for row in rows[1:]}["dead"] == 1


def test_what_students_see_validates(day):
    """nbgrader's own `validate`, which is for students: it needs none of the grading."""
    folder, _ = day
    for student, told in (("right", "Success!"), ("half", "VALIDATION FAILED ON 2 CELL(S)")):
        path = folder / "submitted" / student / LESSON / f"{LESSON}.ipynb"
        assert told in nbgrader(folder, ROOT, "validate", str(path))


def test_nothing_leads_to_the_solution_and_what_is_given_is_locked(day):
    cells = nbformat.read(released(day[0], LESSON), as_version=4).cells
    assert not [cell.id for cell in cells if "solutions/" in cell.source]
    locked = {cell.id for cell in cells if cell.metadata.get("nbgrader", {}).get("locked")}
    assert {"setup", "given-check", "ex-pairs-check", "ex-distinct-check", "ex-build-check"} == locked
    for cell in cells:
        if cell.id in locked:
            assert not cell.metadata["editable"] and not cell.metadata["deletable"]


def test_only_calls_of_checks_need_a_proof():
    given = "from prompt2data.checks import lesson_01 as check\n\n"
    assert calls(f"{given}check.pairs(prompts, to_pairs, graded=True)") == [
        Call("prompt2data.checks.lesson_01", "pairs", "prompts, to_pairs, ")
    ]
    for other in ("check.pairs(prompts, graded=True)", f"{given}x = 1", "assert total([1]) == 1", "1 +", ""):
        assert calls(other) == []


def test_a_changed_package_is_put_back(tmp_path: Path, monkeypatch):
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "__init__.py").write_text("one")
    monkeypatch.syspath_prepend(tmp_path)
    before = package("victim")
    (tmp_path / "victim" / "__init__.py").write_text("two")
    (tmp_path / "victim" / "more.py").write_text("three")
    assert put_back("victim", before) == "__init__.py, more.py"
    assert package("victim") == before == {"__init__.py": b"one"}
