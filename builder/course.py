"""course.toml: the course's title, repository, languages and lessons."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.problems import Problem, Refused, Unknown, refuse
from builder.reading import read

SOURCE_LANGUAGE = "en"
NAME = re.compile(r"(\d\d)_[a-z0-9_]+")
_CODE = re.compile(r"[a-z]{2,3}(_[A-Za-z]+)*")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_STRICT: dict[str, Any] = {"strict": True, "extra": "forbid"}  # no text stands for a number, no entry is unknown
_MUST_BE = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "string_type": "must be a text",
    "tuple_type": "must be a list",
    "missing": "is missing",
    "unexpected_keyword_argument": "is not known here",
}


@dataclass(frozen=True)
class Language:
    """A language of the course, under its own name. `built`: its notebooks are generated."""

    __pydantic_config__ = _STRICT
    code: str
    name: str
    built: bool


@dataclass(frozen=True)
class LessonEntry:
    """What course.toml says of a lesson. `minutes` is the core path, without the exercises."""

    __pydantic_config__ = _STRICT
    name: str
    title: str
    minutes: int
    prerequisites: tuple[str, ...]

    @property
    def number(self) -> int:
        return int(self.name[:2])


@dataclass(frozen=True)
class _File:
    """course.toml as it is written."""

    __pydantic_config__ = _STRICT
    title: str
    package: str
    repository: str
    branch: str
    languages: tuple[Language, ...]
    lessons: tuple[LessonEntry, ...]


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
        """The built language with this code. Raises Unknown with one sentence that lists them."""
        for language in self.built_languages:
            if language.code == code:
                return language
        codes = ", ".join(language.code for language in self.built_languages)
        raise Unknown(f"The course has no language {code!r}; choose one of: {codes}.")

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

        Raises Unknown with one sentence that lists the lessons.
        """
        for lesson in self.lessons:
            if word in (lesson.name, lesson.name[3:]) or (word.isdigit() and int(word) == lesson.number):
                return lesson
        names = ", ".join(lesson.name for lesson in self.lessons)
        raise Unknown(f"There is no lesson called {word!r}; choose one of: {names}.")


def load(root: Path) -> Course:
    """Read `root`/course.toml. Raises Refused with all that is missing, misspelt, doubled or of a wrong type."""
    path = root / "course.toml"
    if not path.is_file():
        raise refuse(path, 0, "this file is missing; run the command in the course's folder")
    text = read(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        raise refuse(path, int(found[1]) if found else 0, f"cannot be read as TOML: {error}") from None
    from pydantic import TypeAdapter, ValidationError

    try:
        # By way of JSON, whose lists may become tuples while all else stays strict.
        file = TypeAdapter(_File).validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        raise Refused([Problem(path, _line(text, *at), said) for at, said in _wrong_types(error.errors())]) from None
    problems = [Problem(path, _line(text, *at), said) for at, said in _faults(file)]
    if problems:
        raise Refused(problems)
    return Course(root, file.title, file.package, file.repository, file.branch, file.languages, file.lessons)


def _wrong_types(errors: list[Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(place, what is wrong) for each fault; a misspelt entry and the one it stands for are one."""
    named: dict[tuple[str | int, ...], list[tuple[str | int, str]]] = {}  # a part of the file -> its wrong names
    for error in errors:
        *part, entry = error["loc"][:3] or ("",)  # deeper: an element of a list
        said = f"{entry!r} {_MUST_BE.get(error['type'], error['msg'])}"
        if error["type"] in ("missing", "unexpected_keyword_argument"):
            named.setdefault(tuple(part), []).insert(0 if error["type"] != "missing" else 99, (entry, said))
        else:
            yield (*part, entry), f"{_table(part)}{said}, not {error['input']!r}"
    for place, found in named.items():
        yield (*place, found[0][0]), _table(place) + ", ".join(said for _, said in found)


def _table(place: Sequence[str | int]) -> str:
    return f"[[{place[0]}]] number {int(place[1]) + 1}: " if len(place) > 1 else ""


def _faults(file: _File) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(place, what is wrong) with entries that have the right types."""
    if not _REPOSITORY.fullmatch(file.repository):
        yield ("repository",), f"repository {file.repository!r} is not like owner/name"
    codes = [language.code for language in file.languages]
    if not codes or (_CODE.fullmatch(codes[0]) and (codes[0] != SOURCE_LANGUAGE or not file.languages[0].built)):
        said = f"the first language is {SOURCE_LANGUAGE!r}, with built = true: the lessons are written in it"
        yield ("languages", 0), said
    for number, code in enumerate(codes):
        if not _CODE.fullmatch(code):
            yield ("languages", number, "code"), f"language code {code!r} is not like 'vi' or 'pt_BR'"
        elif code in codes[:number]:
            yield ("languages", number, "code"), f"the language {code!r} is listed twice"
    names = [lesson.name for lesson in file.lessons]
    in_order = True
    for number, lesson in enumerate(file.lessons):
        if lesson.minutes < 1:
            yield ("lessons", number, "minutes"), f"minutes of {lesson.name} must be at least 1, not {lesson.minutes}"
        at = ("lessons", number, "name")
        if not NAME.fullmatch(lesson.name):
            yield at, f"lesson name {lesson.name!r} is not like 01_some_words"
            in_order = False
        elif lesson.name in names[:number]:
            yield at, f"{lesson.name} is listed twice"
            in_order = False
        elif in_order and lesson.number != number + 1:  # those after it would be wrong as well
            yield at, f"{lesson.name}: lessons are numbered 01, 02, 03 … in their order, and {number + 1:02} comes here"
            in_order = False


def _line(text: str, *at: str | int) -> int:
    """The line (from 1) at which an entry of course.toml stands, as in ("lessons", 2, "minutes"); 0 where unknown."""
    lines, start = text.split("\n"), -1
    if len(at) > 1:
        tables = [number for number, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{at[0]}\s*\]\]", line)]
        if not int(at[1]) < len(tables):
            return 0
        start = tables[int(at[1])]
    for number in range(start + 1, len(lines)):
        if re.match(rf"\s*\[*\s*[\"']?{re.escape(str(at[-1]))}[\"']?\s*[=\]]", lines[number]):
            return number + 1
        if len(at) > 1 and lines[number].lstrip().startswith("["):
            break
    return start + 1


def unmatched_sources(course: Course) -> list[Problem]:
    """Lessons listed without a source, sources that no lesson lists, and a package that is not there."""
    listed = {course.source(lesson.name) for lesson in course.lessons}
    found = set((course.root / "lessons").glob("*.py"))
    toml = course.root / "course.toml"
    problems = [Problem(path, 0, f"listed in {toml.name}, but the file is missing") for path in listed - found]
    problems += [Problem(path, 0, f"no lesson of {toml.name} has this source") for path in found - listed]
    if not (course.root / course.package).is_dir():
        problems.append(Problem(toml, 0, f"package {course.package!r}: there is no such folder"))
    return sorted(problems, key=str)
