"""The check of the checks: of each right answer, changed in one small thing, nothing passes that is wrong.

`RIGHT` lists the changes after which an answer is still right, each with the reason.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from pathlib import Path
from typing import Any

import jupytext
import pytest

from prompt2data.checks import guard
from prompt2data.checks.core import CheckFailed, Wrong
from prompt2data.checks.judge import Task
from prompt2data.untrusted import safe_repr
from tests.checks.mutants import mutants
from tests.checks.strength import REDUNDANT, RIGHT

LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("0*.py"))


@functools.cache
def cells(lesson: Path) -> list[Any]:
    return jupytext.read(lesson).cells


def exercises() -> list[tuple[Path, str]]:
    """(lesson, id) of every exercise: "ex-pairs" has the cells "ex-pairs-code" and "ex-pairs-check"."""
    return [
        (lesson, cell.metadata["id"].removesuffix("-check"))
        for lesson in LESSONS
        for cell in cells(lesson)
        if "check" in cell.metadata.get("tags", [])
    ]


def source(lesson: Path, name: str) -> str:
    [found] = [cell.source for cell in cells(lesson) if cell.metadata.get("id") == name]
    return found


@functools.cache
def names(lesson: Path) -> dict[str, Any]:
    """What the lesson's given cells and right answers bind."""
    found: dict[str, Any] = {"MODEL": "no model in a check"}
    for cell in cells(lesson):
        if cell.cell_type == "code" and {"given", "exercise"} & set(cell.metadata.get("tags", [])):
            exec(compile(cell.source, cell.metadata["id"], "exec"), found)
    return found


def passes(lesson: Path, exercise: str, answer: str) -> bool:
    """Whether the check lets this answer pass; it must not raise anything of its own."""
    own = dict(names(lesson))
    try:
        exec(compile(answer, exercise, "exec"), own)
    except Exception:
        return False  # the learner's own cell says so
    try:
        exec(compile(source(lesson, f"{exercise}-check"), exercise, "exec"), own)
    except CheckFailed:
        return False
    return True


@pytest.fixture
def shown(monkeypatch) -> dict[int, tuple[Task, set[int]]]:
    """id of a task → the task, and the places of its inputs on which a wrong answer was refused, and shown why."""
    found: dict[int, tuple[Task, set[int]]] = {}
    explained = Task._explained

    def noted(task: Task, answer: Any, outcomes: list, wanted: list, smallest: int) -> Any:
        found.setdefault(id(task), (task, set()))[1].add(smallest)
        return explained(task, answer, outcomes, wanted, smallest)

    monkeypatch.setattr(Task, "_explained", noted)
    return found


@pytest.mark.parametrize("lesson, exercise", exercises(), ids=lambda value: getattr(value, "stem", value))
def test_a_right_answer_with_one_thing_changed_is_refused(lesson, exercise, monkeypatch, shown):
    monkeypatch.setenv("PROMPT2DATA_STRICT", "1")
    monkeypatch.setattr(guard, "_PATIENCE", 2.0)
    answer = source(lesson, f"{exercise}-code")
    assert passes(lesson, exercise, answer)
    alive = {told for told, text in mutants(answer) if passes(lesson, exercise, text)}
    known = set(RIGHT.get(exercise, {}))
    assert alive == known, "\n".join(sorted(alive ^ known))
    number, _why = REDUNDANT.get(exercise, (0, ""))
    assert len(unused := idle(shown)) <= number, "\n".join(unused)


def idle(shown: dict[int, tuple[Task, set[int]]]) -> list[str]:
    """Inputs written by hand that show none of the wrong answers its fault, and do not say which fault is theirs."""
    for task, _places in list(shown.values()):
        for message in task.mistakes:
            for mistaken in task._mistaken(message):
                with suppress(Wrong):
                    task.judge(mistaken)
    return [
        safe_repr((*given.arguments, *given.options.values()))[:100]
        for task, places in shown.values()
        for place, given in enumerate(task.cases)
        if place not in places and not given.drawn and not given.says and "what" not in given.values
    ]


def test_few_changes_leave_an_answer_right():
    total = sum(1 for lesson, exercise in exercises() for _mutant in mutants(source(lesson, f"{exercise}-code")))
    assert total > 500
    assert sum(len(RIGHT.get(exercise, {})) for _lesson, exercise in exercises()) <= 0.03 * total


def test_the_mutants_are_what_they_say():
    answer = "def f(x):\n    seen = set()\n    if x.strip() and x != 'a':\n        seen.add(x)\n    return seen"
    told = dict(mutants(answer))
    for change in (
        "def f(x): / seen = set() -> def f(x, *, seen=set()):",
        "if x.strip() and x != 'a': -> if x.strip() and x == 'a':",
        "if x.strip() and x != 'a': -> if x.strip() or x != 'a':",
        "if x.strip() and x != 'a': -> if x and x != 'a':",
        "if x.strip() and x != 'a': -> if x.strip():",
        "seen.add(x) -> pass",
    ):
        assert change in told, list(told)
