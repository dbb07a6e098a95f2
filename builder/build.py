"""`build`: sources and catalogues → notebooks, solutions, READMEs, diagrams, and the helper package's catalogues."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder import goals, minutes, notebooks, record, results, words
from builder.catalogues import sources, store
from builder.catalogues.translate import Translator
from builder.course import SOURCE_LANGUAGE, Course, LessonEntry, unmatched_sources
from builder.diagrams import files, place
from builder.diagrams import source as diagrams
from builder.guards import code, links
from builder.guards.translations import unknown_languages
from builder.problems import ExecutionFailed, Problem, Refused, gathered
from builder.reading import read
from builder.readme import readme
from builder.source import Lesson, parse
from builder.state import DOMAIN, State, checks_module
from builder.validate import Exercise, validate
from prompt2data.ground.whole import replace_file

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Valid:
    """A lesson that breaks no rule, with its exercises."""

    entry: LessonEntry
    lesson: Lesson
    exercises: list[Exercise]


def build(course: Course, entries: list[LessonEntry], execute: bool, say: Callable[[str], None] = print) -> None:
    """Derive the notebooks of `entries` in all languages; with all lessons given, all the rest as well.

    Raises Refused when a source breaks a rule or a translation would change code, ExecutionFailed (after all other
    lessons) when a solution does not run cleanly. Files are replaced whole or not at all.
    """
    whole = len(entries) == len(course.lessons)
    problems = unknown_languages(course) + (unmatched_sources(course) if whole else [])
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
    valid = {}
    for entry in course.lessons:
        if whole or entry in stale:
            with gathered(problems, course.source(entry.name)):
                valid[entry.name] = validated(course, entry)
                say(f"{entry.name}: core {minutes.exact(valid[entry.name].lesson):.0f} min")
    with gathered(problems, course.images):
        diagrams.all_of(course)
    for language in course.built_languages:
        problems += [problem for found in unsafe(course, valid, language.code).values() for problem in found]
    if problems:
        raise Refused(list(dict.fromkeys(problems)))
    for path, content in compiled(course).items():  # first, since solutions run with what it says in their language
        replace(path, content, say)
    for path, picture in files.pictures(course):  # before the notebooks that show them
        replace(path, picture, say)
    notebooks_of = {}
    for entry in stale:  # all of them, before the first one is executed
        with gathered(problems, course.source(entry.name)):
            notebooks_of[entry.name] = all_derived(course, valid[entry.name])
    if problems:
        raise Refused(list(dict.fromkeys(problems)))
    failures = []
    for entry in stale:
        try:
            executed = _write(course, valid[entry.name], notebooks_of[entry.name], execute, say)
        except ExecutionFailed as failed:
            failures.append(str(failed))
        else:
            state.remember(entry.name, executed)
    if whole and course.readme().is_file():
        for path, text in readmes(course, valid).items():
            replace(path, text, say)
        state.remember_readme()
    if failures:
        raise ExecutionFailed("\n".join(failures))


def validated(course: Course, entry: LessonEntry) -> Valid:
    """The lesson, validated. Raises Refused."""
    lesson = parse(course.source(entry.name))
    exercises = validate(lesson, entry)
    problems: list[Problem] = []
    with gathered(problems, checks_module(course, entry.name)):
        problems += unknown_checks(lesson, exercises, checks_module(course, entry.name))
    problems += place.faults(course, lesson) + links.of_lesson(course, lesson)
    if problems:
        raise Refused(problems)
    return Valid(entry, lesson, exercises)


def derived(course: Course, valid: Valid, language: str = SOURCE_LANGUAGE) -> tuple[NotebookNode, NotebookNode]:
    """(exercise notebook, solution notebook not executed) of one lesson."""
    lesson = Translator(course, language).lesson(valid.lesson)
    exercise = notebooks.exercise(course, valid.entry, lesson, valid.exercises, language)
    return exercise, notebooks.solution(course, valid.entry, lesson, language)


def all_derived(course: Course, valid: Valid) -> dict[str, tuple[NotebookNode, NotebookNode]]:
    """Language → `derived`, for every language. Raises Refused where the code of one is not that of the English."""
    found: dict[str, tuple[NotebookNode, NotebookNode]] = {}
    problems: list[Problem] = []
    for language in course.built_languages:
        found[language.code] = derived(course, valid, language.code)
        pairs = zip(found[SOURCE_LANGUAGE], found[language.code], (course.exercise, course.solution), strict=True)
        for english, localized, path_of in pairs:
            path = path_of(valid.entry.name, language.code)
            translate = Translator(course, language.code).shown(valid.lesson)
            problems += [Problem(path, 0, fault) for fault in code.faults(english, localized, language.code, translate)]
    if problems:
        raise Refused(problems)
    return found


def unsafe(course: Course, valid: dict[str, Valid], language: str) -> dict[Path, list[Problem]]:
    """Catalogue → what is wrong with it, for those that cannot be read or that would change code."""
    found: dict[Path, list[Problem]] = {}
    for name in sources.names(course) if language != SOURCE_LANGUAGE else ():
        path, lesson = course.catalogue(language, name), valid.get(name.removeprefix("lessons/"))
        problems: list[Problem] = []
        with gathered(problems, path):
            store.load(path, language)
            if name == sources.COURSE:
                problems += code.of_words(course, language)
            elif lesson:
                problems += code.of_lesson(course, lesson.lesson, language)
        if problems:
            found[path] = problems
    return found


def readmes(course: Course, valid: dict[str, Valid], codes: Sequence[str] | None = None) -> dict[Path, str]:
    """Path → text of the README of every language, or of those with `codes`."""
    exercises = {name: lesson.exercises for name, lesson in valid.items()}
    lessons = {name: lesson.lesson for name, lesson in valid.items()}
    codes = [language.code for language in course.built_languages] if codes is None else codes
    return {course.readme(code): readme(course, exercises, lessons, code) for code in codes}


def compiled(course: Course, codes: Sequence[str] | None = None) -> dict[Path, bytes]:
    """Path → content of the binary catalogues that the helper package reads: its messages.

    Of every language but English, or of those with `codes`.
    """
    found = {}
    for language in course.built_languages[1:]:
        if codes is not None and language.code not in codes:
            continue
        text = Translator(course, language.code)
        path = course.compiled(language.code, DOMAIN)
        found[path] = store.compiled(text.catalogue(sources.PACKAGE), course.title)
    return found


def unknown_checks(lesson, exercises, module: Path) -> list[Problem]:
    """Checks a lesson calls that its module does not define, and exercises' checks it never calls.

    Read from the module's source, so nothing is imported. Quiet while the module does not exist.
    """
    if not module.is_file():
        return []
    defined, decorated = set(), set()
    try:
        tree = ast.parse(read(module, bom=True))
    except SyntaxError as error:
        return [Problem(module, error.lineno or 0, f"does not parse: {error.msg}")]
    for statement in tree.body:
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


def _write(
    course: Course,
    valid: Valid,
    found: dict[str, tuple[NotebookNode, NotebookNode]],
    execute: bool,
    say: Callable[[str], None],
) -> bool:
    """Write one lesson's notebooks in all languages; whether all solutions are executed. Raises ExecutionFailed."""
    # English first: it generates what the others find in the cache.
    return all([_write_language(course, valid, *one, language, execute, say) for language, one in found.items()])


def _write_language(
    course: Course,
    valid: Valid,
    exercise: NotebookNode,
    solution: NotebookNode,
    language: str,
    execute: bool,
    say: Callable[[str], None],
) -> bool:
    """Write a lesson's notebooks in one language; whether the solution is executed. Raises ExecutionFailed."""
    name = valid.entry.name
    target = course.solution(name, language)
    executed = record.is_current(solution, record.read(target))
    if executed:
        record.carry_over(solution, target)
    elif execute:
        from builder.execute import execute_to_store  # most builds execute nothing, and nbclient is slow to import

        say(f"executing {name}" + (f" ({language})" if language != SOURCE_LANGUAGE else ""))
        cache = course.runs(name) / "generations"
        if language == SOURCE_LANGUAGE:  # what it stores is generated by the code as it is now
            shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        try:
            execute_to_store(solution, course.root, course.package, say, cache)
        except ExecutionFailed as failed:
            failing = course.runs(name) / "failed.ipynb"
            replace(failing, notebooks.to_text(solution), lambda _: None)
            raise ExecutionFailed(f"{target}: {failed}\n(what ran is in {failing})") from None
        executed = True
    for notebook in (exercise, solution):
        results.fill(notebook, record.results_of(solution))
    goals.put(exercise, solution, Translator(course, language).word(words.GOAL))
    replace(course.exercise(name, language), notebooks.to_text(exercise), say)
    replace(target, notebooks.to_text(solution), say)
    return executed


def replace(path: Path, content: str | bytes, say: Callable[[str], None]) -> None:
    """Write `content` to `path` in one step, if it is not there already."""
    content = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)
    say(f"wrote {path}")
