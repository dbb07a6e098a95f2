"""`build`: sources → notebooks, solutions and README tables."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path

from builder.course import Course, LessonEntry, unmatched_sources
from builder.problems import Problem, Refused
from builder.state import State, checks_module


def build(course: Course, entries: list[LessonEntry], execute: bool, say: Callable[[str], None] = print) -> None:
    """Derive the notebooks of `entries`; with all lessons given, the README as well.

    Raises Refused when a source breaks a rule, ExecutionFailed (after all other lessons) when a solution does
    not run cleanly. Files are replaced whole or not at all.
    """
    whole = len(entries) == len(course.lessons)
    problems = unmatched_sources(course) if whole else []
    problems += [
        Problem(course.source(entry.name), 0, "this file is missing")
        for entry in entries
        if not whole and not course.source(entry.name).is_file()
    ]
    if problems:
        raise Refused(problems)
    state = State(course)
    stale = [entry for entry in entries if not state.unchanged(entry.name, execute)]
    if not stale and (not whole or state.readme_unchanged()):
        say("Nothing has changed.")
        return
    exercises = {}
    for entry in entries if whole else stale:
        try:
            exercises[entry.name] = validated(course, entry)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    failures = []
    for entry in stale:
        failure = _write(course, entry, *exercises[entry.name], execute, state, say)
        failures += [failure] if failure else []
    if whole and (course.root / "README.md").is_file():
        from builder import readme

        table = readme.lessons(course, {name: found for name, (_, found) in exercises.items()})
        replace(course.root / "README.md", readme.filled(course.root / "README.md", {"lessons": table}), say)
        state.remember_readme()
    if failures:
        from builder.execute import ExecutionFailed

        raise ExecutionFailed("\n".join(failures))


def validated(course: Course, entry: LessonEntry):
    """(lesson, exercises), validated."""
    from builder.source import parse
    from builder.validate import validate

    lesson = parse(course.source(entry.name))
    exercises = validate(lesson, entry)
    problems = unknown_checks(lesson, exercises, checks_module(course, entry.name))
    if problems:
        raise Refused(problems)
    return lesson, exercises


def derived(course: Course, entry: LessonEntry):
    """(exercise notebook, solution notebook not executed, exercises) of one lesson."""
    from builder import notebooks

    lesson, exercises = validated(course, entry)
    exercise = notebooks.exercise(course, entry, lesson, exercises)
    return exercise, notebooks.solution(course, entry, lesson), exercises


def unknown_checks(lesson, exercises, module: Path) -> list[Problem]:
    """Checks a lesson calls that its module does not define, and exercises' checks it never calls.

    Read from the module's source, so nothing is imported. Quiet while the module does not exist.
    """
    if not module.is_file():
        return []
    defined, decorated = set(), set()
    for statement in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            defined.add(statement.name)
            if any("exercise" in ast.dump(decorator) for decorator in statement.decorator_list):
                decorated.add(statement.name)
        elif isinstance(statement, ast.ImportFrom):
            defined |= {alias.asname or alias.name for alias in statement.names}
        elif isinstance(statement, ast.Assign):
            defined |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    problems, called = [], set()
    for exercise in exercises:
        for statement in ast.parse(exercise.check.source).body:
            name = statement.value.func.attr
            called.add(name)
            if name not in defined:
                line = exercise.check.first + statement.lineno - 1
                problems.append(Problem(lesson.path, line, f"{module.name} has no check called {name!r}"))
    problems += [Problem(lesson.path, 0, f"no check cell calls check.{name}") for name in sorted(decorated - called)]
    return problems


def _write(course, entry, lesson, exercises, execute, state, say) -> str | None:
    """Write one lesson's notebooks; the sentence of a failed execution, if it failed."""
    from builder import notebooks, record

    exercise = notebooks.exercise(course, entry, lesson, exercises)
    solution = notebooks.solution(course, entry, lesson)
    replace(course.exercise(entry.name), notebooks.to_text(exercise), say)
    target = course.solution(entry.name)
    executed = record.is_current(solution, record.read(target))
    if executed:
        record.carry_over(solution, target)
    elif execute:
        from builder.execute import ExecutionFailed, execute_to_store

        say(f"executing {entry.name}")
        try:
            execute_to_store(solution, course.root, course.package, say)
        except ExecutionFailed as failed:
            failing = course.runs(entry.name) / "failed.ipynb"
            replace(failing, notebooks.to_text(solution), lambda _: None)
            return f"{target}: {failed}\n(what ran is in {failing})"
        executed = True
    replace(target, notebooks.to_text(solution), say)
    state.remember(entry.name, executed)
    return None


def replace(path: Path, text: str, say: Callable[[str], None]) -> None:
    """Write `text` to `path` in one step, if it is not there already."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8", newline="\n")
    os.replace(half, path)
    say(f"wrote {path}")
