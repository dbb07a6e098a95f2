"""`classroom`: a course folder in nbgrader's source form, for those who grade with nbgrader."""

from __future__ import annotations

from pathlib import Path

from builder import notebooks
from builder.build import replace, validated
from builder.catalogues.translate import Translator
from builder.course import SOURCE_LANGUAGE, Course
from builder.problems import refuse

CONFIG = '''\
"""nbgrader's configuration for this course folder."""

import os

# A check shows a card and lets the notebook run on; for grading it must raise on anything but a pass.
os.environ["PROMPT2DATA_STRICT"] = "1"
os.environ["PROMPT2DATA_PROGRESS"] = "0"

c = get_config()  # noqa: F821 (given by nbgrader)
c.CourseDirectory.course_id = {course!r}
c.ClearSolutions.code_stub = {{"python": {stub!r}}}
c.Execute.timeout = 900  # seconds for one cell: a real model runs in these notebooks
'''


def classroom(course: Course, folder: Path, language: str = SOURCE_LANGUAGE) -> None:
    """Write nbgrader_config.py and source/NAME/NAME.ipynb for every lesson into `folder`, in this language.

    Raises Refused where a file of that name is already there and is another course folder's work.
    """
    config = folder / "nbgrader_config.py"
    if config.exists() and course.package not in config.read_text(encoding="utf-8"):
        raise refuse(config, 0, "belongs to another course; choose another folder")
    replace(config, CONFIG.format(course=course.package, stub=notebooks.stub(course, language)), lambda _: None)
    for entry in course.lessons:
        valid = validated(course, entry)
        lesson = Translator(course, language).lesson(valid.lesson)
        notebook = notebooks.graded(course, entry, lesson, valid.exercises, language)
        replace(
            folder / "source" / entry.name / f"{entry.name}.ipynb",
            notebooks.to_text(notebook),
            lambda _: None,
        )
