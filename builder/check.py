"""`check`: are all derived files what their sources give, and all translations complete and in order?

Rebuilds in memory, trusts no earlier build.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from builder import goals, record, results
from builder.build import Valid, compiled, derived, readmes, unsafe, validated
from builder.catalogues import sources
from builder.catalogues.translate import Translator
from builder.course import SOURCE_LANGUAGE, Course, unmatched_sources
from builder.diagrams import files, place
from builder.guards import code, links, translations
from builder.notebooks import to_text
from builder.problems import Problem, gathered
from builder.state import DOMAIN

if TYPE_CHECKING:
    from nbformat import NotebookNode

ADVICE = "run `make build`"


def check(course: Course) -> list[Problem]:
    """Derived files that are missing, stray, edited or out of date, and sources or translations that break a rule.

    Whatever is wrong with one file, the others are looked at too; what only follows from a fault is not told again.
    """
    problems = unmatched_sources(course) + translations.unknown_languages(course)
    if any(problem.path.name == "course.toml" for problem in problems):
        return problems  # all else would follow from it
    problems += _strays(course)
    valid: dict[str, Valid] = {}
    for entry in course.lessons:
        if course.source(entry.name).is_file():
            with gathered(problems, course.source(entry.name)):
                valid[entry.name] = validated(course, entry)
    languages = [language.code for language in course.built_languages]
    built = [language for language in languages if _begun(course, language)]
    for language in languages:
        if language not in built:
            text = f"nothing is built in this language yet: {ADVICE}"
            problems.append(Problem(course.of_language(language), 0, text))
    # What is made of a catalogue with such a fault is not looked at.
    faults = {language: unsafe(course, valid, language) for language in languages}
    problems += [problem for found in faults.values() for of_file in found.values() for problem in of_file]
    of_course = [one for one in built if course.catalogue(one, sources.COURSE) not in faults[one]]
    pictures: list[Problem] = []
    with gathered(pictures, course.images):
        pictures += files.problems(course, of_course)
    problems += pictures
    undrawn = {problem.path.parent for problem in pictures}
    english: dict[str, tuple[NotebookNode, NotebookNode]] = {}  # lesson → its notebooks
    for language in of_course:
        for name, lesson in valid.items():
            if course.images / language in undrawn and place.diagrams_of(lesson.lesson):
                continue  # its notebooks hold the picture
            if course.catalogue(language, f"lessons/{name}") not in faults[language]:
                with gathered(problems, course.source(name)):
                    pair = derived(course, lesson, language)
                    if language == SOURCE_LANGUAGE:
                        english[name] = pair
                    problems += _lesson(course, lesson, language, pair, english.get(name), set(problems))
    sound = [language for language in built if not faults[language]]
    with gathered(problems, course.readme()):
        if len(valid) == len(course.lessons):
            problems += _readmes(course, valid, sound)
    with gathered(problems, course.root / course.package):
        problems += _compiled(course, sound)
    with gathered(problems, course.root / "translations"):
        problems += translations.check(course, {name: lesson.lesson for name, lesson in valid.items()})
    problems += _links(course, valid, {problem.path.resolve() for problem in problems})
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


def _begun(course: Course, language: str) -> bool:
    """Whether anything of a language was ever built; of English always."""
    paths = [course.readme(language)]
    paths += [
        path_of(entry.name, language) for entry in course.lessons for path_of in (course.exercise, course.solution)
    ]
    return language == SOURCE_LANGUAGE or any(path.is_file() for path in paths)


def _links(course: Course, valid: dict[str, Valid], told: set[Path]) -> list[Problem]:
    """Links that lead nowhere, but for those to files that were `told`; translations have those of the English."""
    problems: list[Problem] = []
    for path in linked_files(course):
        notebook = path.suffix == ".ipynb"
        if not path.is_file() or (notebook and (path.stem not in valid or record.read(path) is None)):
            continue
        folder, *parts = path.relative_to(course.root).parts
        english = course.root.joinpath(*parts[1:]) if folder == "translations" else path
        if english not in {problem.path for problem in problems}:
            with gathered(problems, path):
                problems += links.problems(path, course.root, told)
    return problems


def _lesson(
    course: Course,
    valid: Valid,
    language: str,
    pair: tuple[NotebookNode, NotebookNode],
    english: tuple[NotebookNode, NotebookNode] | None,
    told: set[Problem],
) -> list[Problem]:
    """One lesson's two notebooks in one language, against what they are to be.

    What was `told` of the English notebook is not told again of the others: they follow it.
    """
    name = valid.entry.name
    unexecuted = _executed(course.solution(name, language), pair[1])
    stored = record.read(course.solution(name, language))
    for notebook in pair:
        results.fill(notebook, record.results_of(stored))
    exercise = course.exercise(name, language)
    # What an unreadable solution found stands in the exercise, too: that follows from it, and is not told again.
    problems = [] if stored is None and exercise.is_file() else _compare(exercise, pair[0], outputs=False)
    problems += _compare(course.solution(name, language), pair[1], outputs=True) or unexecuted
    if language != SOURCE_LANGUAGE and english:
        for path_of, notebook in zip((course.exercise, course.solution), english, strict=True):
            path, localized = path_of(name, language), record.read(path_of(name, language))
            problems = [one for one in problems if one.path != path or Problem(path_of(name), 0, one.text) not in told]
            # Where the English one is not up to date, this is no surprise.
            if localized is not None and path_of(name) not in {problem.path for problem in told}:
                translate = Translator(course, language).shown(valid.lesson)
                found = code.faults(notebook, localized, language, translate)
                faults = [Problem(path, 0, f"{fault}: {ADVICE}") for fault in found]
                problems = faults + [problem for problem in problems if not faults or problem.path != path]
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
    """`path` against the notebook its sources give; `outputs`: these, counts and record are not compared.

    Nor is what an exercise shows of its solution's outputs.
    """
    if not path.is_file():
        return [Problem(path, 0, f"this half of the pair is missing: {ADVICE}")]
    stored = record.read(path)
    if stored is None:
        text = f"cannot be read as a notebook of the course ({record.unreadable(path)}): {ADVICE}"
        return [Problem(path, 0, text)]
    expected = to_text(notebook)
    if not outputs:
        text = goals.without(path.read_text(encoding="utf-8"))
        same, stored = text == expected, json.loads(text)
    else:
        same = record.without_execution(stored) == record.without_execution(json.loads(expected))
    if same:
        return []
    where = _first_difference(stored, json.loads(expected))
    return [Problem(path, 0, f"differs from what its source gives ({where}), and is not edited by hand: {ADVICE}")]


def _first_difference(stored: dict, expected: dict) -> str:
    one, two = record.without_execution(stored)["cells"], record.without_execution(expected)["cells"]
    for ours, theirs in zip(one, two, strict=False):
        if ours != theirs:
            return f"cell {theirs['id']!r}"
    return f"{len(one)} cells, {len(two)} expected" if len(one) != len(two) else "metadata, outputs or layout"


def _executed(path: Path, solution) -> list[Problem]:
    stored = record.read(path)
    if stored is None:
        return []  # `_compare` tells it
    recorded = stored["metadata"].get(record.KEY, {}).get("code_hash")
    if recorded is None:
        return [Problem(path, 0, f"was never executed: {ADVICE}")]
    if recorded != record.code_hash(solution):
        return [Problem(path, 0, f"its outputs are older than its code: {ADVICE}")]
    if not record.is_current(solution, stored):
        return [Problem(path, 0, f"some cells were not executed: {ADVICE}")]
    return []


def _readmes(course: Course, valid: dict[str, Valid], codes: list[str]) -> list[Problem]:
    path = course.readme()
    if not path.is_file():
        return [Problem(path, 0, "this file is missing")]
    problems = []
    for path, text in readmes(course, valid, codes).items():
        if not path.is_file() or path.read_bytes().decode(errors="replace").replace("\r\n", "\n") != text:
            what = "its tables differ" if path == course.readme() else "it differs"
            problems.append(Problem(path, 0, f"{what} from what course.toml, lessons and catalogues give: {ADVICE}"))
    return problems


def _compiled(course: Course, codes: list[str]) -> list[Problem]:
    expected = compiled(course, codes)
    found = set((course.root / course.package / "locale").rglob("*.mo"))
    known = {course.compiled(one.code, DOMAIN) for one in course.built_languages[1:]}
    problems = [Problem(path, 0, "stray file: no catalogue gives it") for path in sorted(found - known)]
    for path, content in expected.items():
        if not path.is_file() or path.read_bytes() != content:
            what = "differs from what the catalogues give" if path.is_file() else "this file is missing"
            problems.append(Problem(path, 0, f"{what}: {ADVICE}"))
    return problems
