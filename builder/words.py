"""What the build itself writes into notebooks and READMEs: English words, each a message of the course's catalogue."""

from __future__ import annotations

CONTEXT = "generated"
WRITTEN = "written by the build"  # the kind of these messages

STUB = "your code here"
SOLUTION = "Worked solution"
EXERCISES = "Exercises to fill in"
IN_COLAB = "in Colab"
OPEN_IN_COLAB = "Open in Colab"
LESSON = "lesson"
MINUTES = "minutes"
EXERCISE_COLUMN = "exercises"
SOLUTION_COLUMN = "worked solution"
NOTEBOOK_LINK = "notebook"
SOLUTION_LINK = "solution"
TOTAL = "all lessons"
GOAL = "What a good result looks like"
INSTALLS = "Installs the course where it is missing (in Colab), then prepares this notebook"

ALL = (
    STUB, SOLUTION, EXERCISES, IN_COLAB, OPEN_IN_COLAB, LESSON, MINUTES, EXERCISE_COLUMN, SOLUTION_COLUMN,
    NOTEBOOK_LINK, SOLUTION_LINK, TOTAL, GOAL, INSTALLS,
)  # fmt: skip
