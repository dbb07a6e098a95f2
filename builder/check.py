"""`check`: are all derived files what their sources give, and all translations complete and in order?

Rebuilds in memory, trusts no earlier build.
"""

from __future__ import annotations

import json
from pathlib import Path

from builder import record
from builder.build import Valid, compiled, derived, readmes, validated
from builder.catalogues.translate import Translator
from builder.course import SOURCE_LANGUAGE, Course, unmatched_sources
from builder.diagrams import files
from builder.guards import code, links, translations
from builder.notebooks import to_text
from builder.problems import Problem, Refused

ADVICE = "run `make build`"


def check(course: Course) -> list[Problem]:
    """Derived files that are missing, stray, edited or out of date, and sources or translations that break a rule."""
    problems = unmatched_sources(course) + _strays(course)
    valid = {}
    for entry in course.lessons:
        if course.source(entry.name).is_file():
            try:
                valid[entry.name] = validated(course, entry)
            except Refused as refused:
                problems += refused.problems
    complete = len(valid) == len(course.lessons)
    try:
        problems += files.problems(course)
        for language in course.built_languages:
            for lesson in valid.values():
                problems += _lesson(course, lesson, language.code)
        if complete:
            problems += _readmes(course, valid) + _compiled(course)
            problems += translations.check(course, {name: lesson.lesson for name, lesson in valid.items()})
    except Refused as refused:
        problems += refused.problems
    for path in linked_files(course):
        if path.is_file() and (path.suffix != ".ipynb" or record.read(path) is not None):
            problems += [Problem(path, 0, fault) for fault in links.faults(path, course.root)]
    return list(dict.fromkeys(problems))


def report(course: Course) -> list[str]:
    """A line for each language but English: messages, translated, fuzzy."""
    lessons = {entry.name: validated(course, entry).lesson for entry in course.lessons}
    return translations.report(course, lessons)


def linked_files(course: Course) -> list[Path]:
    """The files whose links are followed: all notebooks and READMEs, and what the README leads others to."""
    files = [course.root / name for name in ("CONTRIBUTING.md", "ARCHITECTURE.md", "docs/teaching.md")]
    for language in course.built_languages:
        files.append(course.readme(language.code))
        for entry in course.lessons:
            files += [course.exercise(entry.name, language.code), course.solution(entry.name, language.code)]
    return files


def _lesson(course: Course, valid: Valid, language: str) -> list[Problem]:
    """One lesson's two notebooks in one language."""
    try:
        exercise, solution = derived(course, valid, language)
    except Refused as refused:
        return refused.problems
    name, shown = valid.entry.name, Translator(course, language).shown(valid.lesson)
    problems = _compare(course.exercise(name, language), exercise, outputs=False)
    found = _compare(course.solution(name, language), solution, outputs=True)
    problems += found or _executed(course.solution(name, language), solution, shown)
    if language != SOURCE_LANGUAGE:
        for path_of in (course.exercise, course.solution):
            english, localized = record.read(path_of(name)), record.read(path_of(name, language))
            if english is not None and localized is not None:
                faults = code.faults(english, localized, language)
                problems += [Problem(path_of(name, language), 0, fault) for fault in faults]
    return problems


def _strays(course: Course) -> list[Problem]:
    problems = []
    codes = [language.code for language in course.built_languages]
    for language in codes:
        for path_of in (course.exercise, course.solution):
            expected = {path_of(lesson.name, language) for lesson in course.lessons}
            # JupyterLab's own folder of checkpoints is ignored by version control and of no concern here.
            found = {path for path in path_of("", language).parent.glob("*") if path.name != ".ipynb_checkpoints"}
            problems += [Problem(path, 0, "stray file: no lesson gives it") for path in sorted(found - expected)]
    folders = {path for path in (course.root / "translations").glob("*") if path.is_dir()}
    folders -= {course.root / "translations" / language.code for language in course.languages}
    problems += [Problem(path, 0, "stray folder: course.toml has no such language") for path in sorted(folders)]
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


def _executed(path: Path, solution, shown: list[str]) -> list[Problem]:
    stored = record.read(path)
    recorded = stored["metadata"].get(record.KEY, {}).get("code_hash")
    if recorded is None:
        return [Problem(path, 0, f"was never executed: {ADVICE}")]
    if recorded != record.code_hash(solution, shown):
        return [Problem(path, 0, f"its outputs are older than its code: {ADVICE}")]
    if not record.is_current(solution, stored, shown):
        return [Problem(path, 0, f"some cells were not executed: {ADVICE}")]
    return []


def _readmes(course: Course, valid: dict[str, Valid]) -> list[Problem]:
    path = course.readme()
    if not path.is_file():
        return [Problem(path, 0, "this file is missing")]
    try:
        expected = readmes(course, valid)
    except Refused as refused:
        return refused.problems
    problems = []
    for path, text in expected.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            what = "its tables differ" if path == course.readme() else "it differs"
            problems.append(Problem(path, 0, f"{what} from what course.toml, lessons and catalogues give: {ADVICE}"))
    return problems


def _compiled(course: Course) -> list[Problem]:
    expected = compiled(course)
    found = set((course.root / course.package / "locale").rglob("*.mo"))
    problems = [Problem(path, 0, "stray file: no catalogue gives it") for path in sorted(found - set(expected))]
    for path, content in expected.items():
        if not path.is_file() or path.read_bytes() != content:
            problems.append(Problem(path, 0, f"differs from what the catalogues give: {ADVICE}"))
    return problems
