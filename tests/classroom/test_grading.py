"""A day of grading: everyone earns what they answered, however the hand-in was made, and the teacher is told."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from builder.classroom import classroom
from builder.course import load
from tests.classroom.grading_day import code_of, hand_in, marks, nbgrader, released

ROOT = Path(__file__).parents[2]
LESSON = "01_basic_prompting"

OTHER_FORM = {
    "ex-pairs-code": """
prompts = tuple(f"Which of my {n} ovens is the hottest?" for n in "two three four five six seven eight nine".split())

class Pairs:
    def __call__(self, rows):
        for row in rows:
            if row["generation"] is not None and (text := row["generation"].strip()):
                yield dict(prompt=row["instruction"].strip(), completion=text)

to_pairs = Pairs()
""",
    "ex-distinct-code": """
import sys
import warnings

def distinct_share(texts, n):
    print("a warning that costs nothing", file=sys.stderr)
    runs = [tuple(w[i : i + n]) for w in (t.lower().split() for t in texts) for i in range(len(w) - n + 1)]
    return len(set(runs)) / max(1, len(runs))
""",
}
PROMPTS = "prompts = [f'What is {n}?' for n in 'one two three four five six seven eight'.split()]\n"
# What a hand-in does above all its unfilled exercises → a word of what the teacher is told
CHEATS = {
    "environment": ("import os\nos.environ['PROMPT2DATA_STRICT'] = '0'", "PROMPT2DATA_STRICT"),
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


def brief(notebook: nbformat.NotebookNode) -> None:
    """Leave out what a hand-in need not have: everything but set-up, given, exercise and check cells."""
    notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


def unfilled_below(code: str):
    """An edit of a hand-in that leaves the exercises as they were and puts `code` above them."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        brief(notebook)
        place = next(i for i, cell in enumerate(notebook.cells) if cell.metadata.nbgrader.solution)
        notebook.cells.insert(place, nbformat.v4.new_code_cell(code))

    return edit


def only_solutions_below(code: str):
    """An edit that deletes the cells for answers, and puts `code` in their place."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        unfilled_below(code)(notebook)
        notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("solution")]

    return edit


def deleted(notebook: nbformat.NotebookNode) -> None:
    """Nothing is left but the answers."""
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]


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
    course, folder = load(ROOT), tmp_path_factory.mktemp("day") / "course"
    classroom(course, folder)
    nbgrader(folder, ROOT, "generate_assignment", LESSON, "--create")
    right, unfilled = code_of(course.solution(LESSON)), code_of(released(folder, LESSON))
    half = unfilled | {
        "ex-pairs-code": right["ex-pairs-code"],
        "ex-distinct-code": "def distinct_share(t, n): return 1",
    }
    dead = right | {"ex-distinct-code": "import os\nos._exit(0)"}
    for student, answers, edit in (
        ("right", right, brief),
        ("half", half, brief),
        ("deleted", unfilled | {"ex-distinct-code": right["ex-distinct-code"]}, deleted),
        ("dead", dead, brief),
        ("other", unfilled | OTHER_FORM, brief),
        ("forged", unfilled, forged),
        *((name, unfilled, unfilled_below(code)) for name, (code, _) in CHEATS.items() if name != "solutions"),
        ("solutions", unfilled, only_solutions_below(CHEATS["solutions"][0])),
    ):
        hand_in(folder, student, LESSON, answers, edit)
    return folder, nbgrader(folder, ROOT, "autograde", LESSON, "--create", "--Execute.timeout=60")


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
