"""course.toml: the course's title, repository, languages and lessons."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from builder.problems import Problem, Refused, refuse

SOURCE_LANGUAGE = "en"
NAME = re.compile(r"(\d\d)_[a-z0-9_]+")


@dataclass(frozen=True)
class Language:
    """A language of the course, under its own name. `built`: its notebooks are generated."""

    code: str
    name: str
    built: bool


@dataclass(frozen=True)
class LessonEntry:
    """What course.toml says of a lesson. `minutes` is the core path, without the exercises."""

    name: str
    title: str
    minutes: int
    prerequisites: tuple[str, ...]

    @property
    def number(self) -> int:
        return int(self.name[:2])


@dataclass(frozen=True)
class Course:
    """course.toml, and where it lies. Paths of the course are properties here, nowhere else."""

    root: Path
    title: str
    package: str
    repository: str
    branch: str
    languages: tuple[Language, ...]
    lessons: tuple[LessonEntry, ...]

    @property
    def built_languages(self) -> list[Language]:
        """The languages whose notebooks are generated, in the order of course.toml."""
        return [language for language in self.languages if language.built]

    def language(self, code: str) -> Language:
        """The built language with this code. Raises KeyError with one sentence that lists them."""
        for language in self.built_languages:
            if language.code == code:
                return language
        codes = ", ".join(language.code for language in self.built_languages)
        raise KeyError(f"The course has no language {code!r}; choose one of: {codes}.")

    def source(self, name: str) -> Path:
        return self.root / "lessons" / f"{name}.py"

    def of_language(self, language: str) -> Path:
        """The folder that holds a language's notebooks and README."""
        return self.root if language == SOURCE_LANGUAGE else self.root / "translations" / language

    def exercise(self, name: str, language: str = SOURCE_LANGUAGE) -> Path:
        return self.of_language(language) / "notebooks" / f"{name}.ipynb"

    def solution(self, name: str, language: str = SOURCE_LANGUAGE) -> Path:
        return self.of_language(language) / "solutions" / f"{name}.ipynb"

    def readme(self, language: str = SOURCE_LANGUAGE) -> Path:
        return self.of_language(language) / "README.md"

    def catalogue(self, language: str, name: str) -> Path:
        """The PO file `name` ("lessons/01_…", "course", "prompt2data") of a language."""
        return self.root / "translations" / language / f"{name}.po"

    def compiled(self, language: str, domain: str) -> Path:
        """The binary catalogue that the helper package reads at run time."""
        return self.root / self.package / "locale" / language / "LC_MESSAGES" / f"{domain}.mo"

    @property
    def images(self) -> Path:
        return self.root / "images"

    def diagram(self, name: str) -> Path:
        """The source of a diagram."""
        return self.images / f"{name}.mmd"

    def picture(self, name: str, language: str, suffix: str) -> Path:
        """A diagram drawn in a language, as "svg" or "png"."""
        return self.images / language / f"{name}.{suffix}"

    def runs(self, name: str) -> Path:
        """Where runs of a lesson leave their files; never committed."""
        return self.root / "runs" / name

    def find(self, word: str) -> LessonEntry:
        """The lesson called `word`: its name, its number (`5`, `05`) or its words (`pipeline`).

        Raises KeyError with one sentence that lists the lessons.
        """
        for lesson in self.lessons:
            if word in (lesson.name, lesson.name[3:]) or (word.isdigit() and int(word) == lesson.number):
                return lesson
        names = ", ".join(lesson.name for lesson in self.lessons)
        raise KeyError(f"There is no lesson called {word!r}; choose one of: {names}.")


def load(root: Path) -> Course:
    """Read `root`/course.toml. Raises Refused for a missing entry, a bad name, a lesson listed twice."""
    path = root / "course.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refuse(path, 0, "this file is missing; run the command in the course's folder") from None
    except tomllib.TOMLDecodeError as error:
        raise refuse(path, 0, f"cannot be read as TOML: {error}") from None
    try:
        course = Course(
            root=root,
            title=data["title"],
            package=data["package"],
            repository=data["repository"],
            branch=data["branch"],
            languages=tuple(Language(**language) for language in data["languages"]),
            lessons=tuple(
                LessonEntry(**{**lesson, "prerequisites": tuple(lesson["prerequisites"])}) for lesson in data["lessons"]
            ),
        )
    except (KeyError, TypeError) as error:
        raise refuse(path, 0, f"an entry is missing or misspelt: {error}") from None
    problems = []
    for lesson in course.lessons:
        if not NAME.fullmatch(lesson.name):
            problems.append(Problem(path, 0, f"lesson name {lesson.name!r} is not like 01_some_words"))
    names = [lesson.name for lesson in course.lessons]
    problems += [Problem(path, 0, f"{name} is listed twice") for name in set(names) if names.count(name) > 1]
    if problems:
        raise Refused(problems)
    return course


def unmatched_sources(course: Course) -> list[Problem]:
    """Lessons listed without a source, and sources that no lesson lists."""
    listed = {course.source(lesson.name) for lesson in course.lessons}
    found = set((course.root / "lessons").glob("*.py"))
    toml = course.root / "course.toml"
    problems = [Problem(path, 0, f"listed in {toml.name}, but the file is missing") for path in listed - found]
    problems += [Problem(path, 0, f"no lesson of {toml.name} has this source") for path in found - listed]
    return sorted(problems, key=str)
