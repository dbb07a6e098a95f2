"""The one set-up cell all notebooks share: installs the course where it is missing, then sets it up."""

from __future__ import annotations

from builder import words
from builder.catalogues.translate import Translator
from builder.course import Course

NAMES = ("MODEL", "setup")  # what the other cells of a lesson may use from it

TEMPLATE = """\
# {installs}
import importlib.util

if importlib.util.find_spec("{package}") is None:
    import subprocess
    import sys

    course = "{package} @ git+https://github.com/{repository}@{branch}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", course], check=True)

from {package} import MODEL, setup

setup(language="{language}")"""


def setup_cell(course: Course, language: str = "en") -> str:
    """Source of the set-up cell in a notebook of `language`."""
    text = Translator(course, language)
    return TEMPLATE.format(
        package=course.package,
        repository=course.repository,
        branch=course.branch,
        language=language,
        installs=text.word(words.INSTALLS),
    )
