"""The small course in a second language, translated by a machine that only puts accents on letters."""

from __future__ import annotations

import re
from pathlib import Path

from builder.catalogues import store
from builder.course import Course, load
from builder.messages import update

ACCENTS = str.maketrans("aeiouy", "ạẹịọụỵ")
KEPT = re.compile(r"`[^`]*`|\{[^{}]*\}|\]\([^)]*\)|<[^>]*>|\$[^$]+\$")
VIETNAMESE = '[[languages]]\ncode = "vi"\nname = "Tiếng Việt"\nbuilt = true\n\n[[lessons]]'


def accented(text: str) -> str:
    """The text with its vowels accented, but for code, placeholders, links and formulas: no guard minds that."""
    parts, end = [], 0
    for match in KEPT.finditer(text):
        parts += [text[end : match.start()].translate(ACCENTS), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].translate(ACCENTS)])


def add_vietnamese(root: Path) -> Course:
    """Give the course in `root` Vietnamese: listed in course.toml, with complete catalogues."""
    toml, readme = root / "course.toml", root / "README.md"
    toml.write_text(toml.read_text("utf-8").replace("[[lessons]]", VIETNAMESE, 1), "utf-8")
    markers = "\n<!-- begin:languages -->\n<!-- end:languages -->\n\n<!-- begin:lessons -->"
    readme.write_text(readme.read_text("utf-8").replace("\n<!-- begin:lessons -->", markers, 1), "utf-8")
    course = load(root)
    translate(course)
    return course


def translate(course: Course, only: str = "") -> None:
    """Bring the Vietnamese catalogues up to date and translate what is missing or fuzzy (in the cell `only`)."""
    update(course, lambda _text: None)
    for path in (course.root / "translations" / "vi").rglob("*.po"):
        catalogue = store.load(path, "vi")
        for entry in catalogue.entries:
            if (not entry.msgstr or entry.fuzzy) and only in (entry.msgctxt or ""):
                entry.msgstr, entry.flags, entry.previous_msgid = accented(entry.msgid), [], None
        path.write_text(store.text_of(catalogue, path.stem), "utf-8")
