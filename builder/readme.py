"""The generated blocks of README.md: text between <!-- begin:NAME --> and <!-- end:NAME -->."""

from __future__ import annotations

import re
from pathlib import Path

from builder.course import Course
from builder.notebooks import badge
from builder.problems import Problem, Refused
from builder.validate import Exercise

BLOCKS = ("lessons",)


def lessons(course: Course, exercises: dict[str, list[Exercise]]) -> str:
    """The lesson table. Minutes are the core path plus the exercises."""
    rows = [
        "| lesson | minutes | exercises | worked solution | in Colab |",
        "|---|---|---|---|---|",
    ]
    for entry in course.lessons:
        extra = sum(item.minutes for item in exercises[entry.name])
        rows.append(
            f"| {entry.number}. {entry.title} | {entry.minutes} + {extra} "
            f"| [notebook](notebooks/{entry.name}.ipynb) | [solution](solutions/{entry.name}.ipynb) "
            f"| {badge(course, entry.name, 'notebooks')} |"
        )
    return "\n".join(rows)


def filled(path: Path, blocks: dict[str, str]) -> str:
    """The README at `path` with every block filled. Raises Refused where a marker is missing or doubled."""
    text = path.read_text(encoding="utf-8")
    problems = []
    for name, content in blocks.items():
        begin, end = f"<!-- begin:{name} -->", f"<!-- end:{name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if text.count(begin) != 1 or text.count(end) != 1 or not pattern.search(text):
            problems.append(Problem(path, 0, f"needs the lines {begin} and {end} once each, in this order"))
            continue
        text = pattern.sub(lambda _, new=f"{begin}\n{content}\n{end}": new, text)
    if problems:
        raise Refused(problems)
    return text
