"""The pictures of the diagrams on disk: images/LANGUAGE/NAME.svg, and the same as NAME.png for notebooks.

Drawing one takes most of a second, so each SVG ends with a stamp: hashes of what it was made from, of itself and of its
PNG. Whether a picture is missing, out of date or edited shows without drawing it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from builder.catalogues.sources import COURSE
from builder.catalogues.translate import Translator
from builder.course import Course
from builder.diagrams import draw
from builder.diagrams.source import Diagram, all_of
from builder.problems import Problem

ADVICE = "run `make build`"


def pictures(course: Course) -> Iterator[tuple[Path, bytes]]:
    """(path, content) of every picture that is not what its source gives, drawn now. Raises Refused."""
    for diagram in all_of(course):
        for language in course.built_languages:
            if any(faults(course, diagram, language.code)):
                drawing, picture = drawn(course, diagram, language.code)
                yield course.picture(diagram.name, language.code, "svg"), drawing
                yield course.picture(diagram.name, language.code, "png"), picture


def drawn(course: Course, diagram: Diagram, language: str) -> tuple[bytes, bytes]:
    """(SVG with its stamp, PNG) of a diagram in a language. Raises Refused."""
    drawing = draw.svg(diagram, _translated(course, diagram, language), language)
    picture = draw.png(drawing, language)
    stamp = _stamp(course, diagram, language, drawing.encode(), picture)
    return f"{drawing}{stamp}".encode(), picture


def problems(course: Course, languages: list[str]) -> list[Problem]:
    """Pictures in these `languages` that are missing, edited or out of date, and files that no diagram gives.

    Raises Refused.
    """
    found, expected = [], set()
    for diagram in all_of(course):
        expected.add(diagram.path)
        for language in course.built_languages:
            expected |= {course.picture(diagram.name, language.code, suffix) for suffix in ("svg", "png")}
            for path, fault in faults(course, diagram, language.code) if language.code in languages else ():
                found.append(Problem(path, 0, f"{fault}: {ADVICE}"))
    strays = {path for path in course.images.rglob("*") if path.is_file()} - expected
    return found + [Problem(path, 0, "stray file: no diagram gives it") for path in sorted(strays)]


def faults(course: Course, diagram: Diagram, language: str) -> Iterator[tuple[Path, str]]:
    """(file, what is wrong with it) for the two files of a diagram in a language."""
    drawing, picture = (course.picture(diagram.name, language, suffix) for suffix in ("svg", "png"))
    for path in (drawing, picture):
        if not path.is_file():
            yield path, "this picture is missing"
    if not drawing.is_file():
        return
    body, begin, rest = drawing.read_bytes().rpartition(b"<!-- ")
    png = picture.read_bytes() if picture.is_file() else b""
    stored = (begin + rest).decode(errors="replace").split()
    expected = _stamp(course, diagram, language, body, png).split()
    if len(stored) != len(expected) or stored[4] != expected[4]:
        yield drawing, "was edited by hand, or half written"
    elif stored[2] != expected[2]:
        yield drawing, f"is not what {diagram.path.name} and its translations give"
    elif stored[6] != expected[6] and picture.is_file():
        yield picture, f"is not the picture that was made with {drawing.name}"


def _stamp(course: Course, diagram: Diagram, language: str, drawing: bytes, picture: bytes) -> str:
    """The last line of an SVG."""
    translated = _translated(course, diagram, language)
    texts = [translated(message.text) for message in diagram.messages()]
    tools = [f"{name} {version(name)}" for name in ("mermaidx", "novasvg", "pillow")]
    recipe = "\0".join([language, diagram.text, *texts, *tools, *draw.colours()]).encode()
    look = Path(draw.__file__).read_bytes()
    return f"<!-- from {_hash(recipe + look)} svg {_hash(drawing)} png {_hash(picture)} -->\n"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _translated(course: Course, diagram: Diagram, language: str) -> Callable[[str], str]:
    translator = Translator(course, language)
    return lambda text: translator.text(COURSE, diagram.context, text)
