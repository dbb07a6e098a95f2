"""How long a lesson takes a reader who is not a native speaker, by one rule for all lessons."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Sequence

from builder.source import Cell, Lesson

WORDS = 130  # of prose, read in a minute
LINE = 4 / 60  # minutes for a line of code
PLOT, WIDGET = 1, 4  # minutes for looking at one
LONGEST = 50  # minutes that the core of a lesson may take
TIME = re.compile(r"\*\*Time\*\*: (\d+) minutes\D+(\d+) ")  # in a title
_FURTHER = re.compile(r"## Further\b")  # here the core ends
_WORD = re.compile(r"\w[\w'’.,-]*")


def exact(lesson: Lesson) -> float:
    """Minutes for the core path: what stands before *Further*, without exercises and what solutions add."""
    found, widgets = 0.0, set()
    for cell in lesson.cells:
        if not cell.code and any(map(_FURTHER.match, cell.lines())):
            break
        if {"exercise", "check", "solution-only", "setup"} & set(cell.tags):
            continue
        if not cell.code:
            found += len(_WORD.findall(cell.source)) / WORDS
            continue
        found += LINE * sum(bool(line.strip()) for line in cell.lines())
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prompt2data.widgets"):
                widgets |= {alias.asname or alias.name for alias in node.names if alias.name[:1].isupper()}
            elif isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                found += PLOT * (name == "plots.show") + WIDGET * (name in widgets)
    return found


def faults(lesson: Lesson, stated: int, exercises: Sequence[int]) -> Iterator[tuple[Cell, str]]:
    """(cell, what is wrong) with the time that a lesson takes, and with what course.toml and its title say of it.

    `stated`: minutes of the core in course.toml; `exercises`: those of each exercise.
    """
    title, needed = lesson.cells[0], exact(lesson)
    if needed > LONGEST:
        yield title, f"its core takes {math.ceil(needed)} minutes: what goes beyond {LONGEST} belongs under ## Further"
    elif needed > stated:
        yield title, f"its core takes {math.ceil(needed)} minutes, and course.toml says {stated}"
    told = TIME.search(title.source)
    if told and [int(told[1]), int(told[2])] != [stated, sum(exercises)]:
        yield (
            title,
            f"the title says {told[1]} and {told[2]} minutes; it is {stated}, and {sum(exercises)} for exercises",
        )
