"""The generated blocks of README.md: text between <!-- begin:NAME --> and <!-- end:NAME -->."""

from __future__ import annotations

import os
import re
from pathlib import Path

from builder import words
from builder.catalogues.sources import marker_faults
from builder.catalogues.translate import Translator
from builder.course import SOURCE_LANGUAGE, Course
from builder.notebooks import badge
from builder.problems import Refused
from builder.reading import read
from builder.source import Lesson
from builder.state import PICTURES
from builder.validate import Exercise

# A link to a file of the course, outside the folders that every language has.
_LINK = re.compile(r"\]\((?!\w+:|#|notebooks/|solutions/|\.\./)([^)\s]+)\)")

_LAB, _LAB_ON_WINDOWS = (
    re.compile(rf"^({one})$", re.MULTILINE) for one in ("make lab", r"py \S+ scripts/setup\.py lab")
)


def readme(course: Course, exercises: dict[str, list[Exercise]], lessons: dict[str, Lesson], language: str) -> str:
    """The README of a language. Raises Refused where a marker in README.md is missing or doubled."""
    path = course.readme()
    text = read(path)
    if language != SOURCE_LANGUAGE:
        text = relocated(Translator(course, language).readme(text), course, language)
    filling = {"lessons": table(course, exercises, lessons, language)}
    if len(course.built_languages) > 1:
        filling["languages"] = switcher(course, language)
    return filled(path, text, filling)


def table(course: Course, exercises: dict[str, list[Exercise]], lessons: dict[str, Lesson], language: str) -> str:
    """The lesson table. Minutes are the core path plus the exercises."""
    text = Translator(course, language)
    head = (words.LESSON, words.MINUTES, words.EXERCISE_COLUMN, words.SOLUTION_COLUMN, words.IN_COLAB)
    rows = [f"| {' | '.join(map(text.word, head))} |", "|---|---|---|---|---|"]
    extras = {name: sum(item.minutes for item in found) for name, found in exercises.items()}
    for entry in course.lessons:
        rows.append(
            f"| {entry.number}. {text.title(lessons[entry.name])} | {entry.minutes} + {extras[entry.name]} "
            f"| [{text.word(words.NOTEBOOK_LINK)}](notebooks/{entry.name}.ipynb) "
            f"| [{text.word(words.SOLUTION_LINK)}](solutions/{entry.name}.ipynb) "
            f"| {badge(course, entry.name, 'notebooks', language)} |"
        )
    core, extra = sum(entry.minutes for entry in course.lessons), sum(extras.values())
    rows.append(f"| **{text.word(words.TOTAL)}** | {core} + {extra} ({(core + extra) / 60:.0f} h) | | | |")
    return "\n".join(rows)


def switcher(course: Course, language: str) -> str:
    """The README's languages by their own names, each but this one a link."""
    here = course.of_language(language)
    return " · ".join(
        one.name
        if one.code == language
        else f"[{one.name}]({Path(os.path.relpath(course.readme(one.code), here)).as_posix()})"
        for one in course.built_languages
    )


def relocated(text: str, course: Course, language: str) -> str:
    """README.md's text for the folder of a language: links lead outside it from its new place, and the commands to copy
    open JupyterLab in this language."""
    text = _LAB.sub(rf"\1 LANGUAGE={language}", text)
    text = _LAB_ON_WINDOWS.sub(rf"\1 {language}", text)
    if (course.root / PICTURES / language).is_dir():
        text = text.replace(f"{PICTURES}/{SOURCE_LANGUAGE}/", f"{PICTURES}/{language}/")
    up = Path(os.path.relpath(course.root, course.of_language(language))).as_posix()
    return _LINK.sub(lambda match: f"]({up}/{match[1]})", text)


def filled(path: Path, text: str, blocks: dict[str, str]) -> str:
    """The text of the README at `path` with every block filled. Raises Refused where a marker is missing or doubled."""
    problems = marker_faults(path, text, blocks)
    if problems:
        raise Refused(problems)
    for name, content in blocks.items():
        begin, end = f"<!-- begin:{name} -->", f"<!-- end:{name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        text = pattern.sub(lambda _, new=f"{begin}\n{content}\n{end}": new, text)
    return text
