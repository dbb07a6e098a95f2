"""Which exercises there are and which have passed, remembered across kernels in a small JSON file.

`progress.json` lies in `PROMPT2DATA_HOME`, or else in the user's data folder. Any number of notebooks may write it at
once and be killed while they do. What has passed stays passed.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from prompt2data.ground.errors import OneSentence
from prompt2data.ground.folders import home
from prompt2data.ground.whole import remove_leftovers, replace_file
from prompt2data.i18n import _

_LESSON = re.compile(r"prompt2data\.checks\.(lesson_\d+)")
_PATIENCE = 5.0  # seconds for which another process may hold the lock

Passed = dict[str, set[str]]  # lesson ("lesson_01") → names of the check functions that have passed

_exercises: dict[str, list[str]] = {}
_unsaved: Passed = {}  # passed in this kernel, but could not be written
_reported: set[str] = set()


class RecordUnavailable(OneSentence, RuntimeError):
    """The record could not be read or written. The text is one sentence with the cause and a way out."""


@dataclass(frozen=True)
class Record:
    """What the file held, and a sentence about what is wrong with it, if anything is."""

    passed: Passed = field(default_factory=dict)
    problem: str = ""


def register(function: Callable[..., object]) -> str:
    """Count a check function as the next exercise of its module's lesson; return the lesson, "" for other modules."""
    if not (match := _LESSON.fullmatch(function.__module__)):
        return ""
    names = _exercises.setdefault(match[1], [])
    if function.__name__ not in names:  # else the module was loaded again
        names.append(function.__name__)
    return match[1]


def exercises() -> dict[str, dict[str, str]]:
    """Lessons whose checks were imported → names of their check functions → the exercises' numbers ("1.2")."""
    return {
        lesson: {name: f"{int(lesson.removeprefix('lesson_'))}.{number}" for number, name in enumerate(names, start=1)}
        for lesson, names in sorted(_exercises.items())
    }


def progress(lesson: str, name: str = "") -> tuple[list[tuple[str, bool]], str]:
    """The lesson's exercises, each with its number and whether it has passed; `name` has, from now on.

    The second value is a sentence, usually empty, about a problem with the record, which is never raised, and reported
    only once in a process.
    """
    try:
        record = add(lesson, name) if name else read()
    except RecordUnavailable as error:
        record = Record(problem=str(error))
        if name:
            _unsaved.setdefault(lesson, set()).add(name)
            with suppress(RecordUnavailable):
                record = Record(read().passed, str(error))
    known = record.passed.get(lesson, set()) | _unsaved.get(lesson, set())
    problem = "" if record.problem in _reported else record.problem
    _reported.add(record.problem)
    return [(number, check in known) for check, number in exercises().get(lesson, {}).items()], problem


def path() -> Path:
    """Where the record is kept, whether or not there is one yet."""
    return home("data") / "progress.json"


def read() -> Record:
    """What has passed. A damaged file is set aside. Raises `RecordUnavailable`."""
    with _explained():
        try:
            return Record(_load())
        except ValueError:
            with _locked() as record:
                return record


def add(lesson: str, name: str) -> Record:
    """What has passed, including this exercise. It is on the disk when this returns. Raises `RecordUnavailable`."""
    before = read()
    if name in before.passed.get(lesson, ()) and not _unsaved:
        return before
    with _explained(), _locked() as now:  # read again: another process may have written meanwhile
        for other, names in [(lesson, {name}), *_unsaved.items()]:
            now.passed.setdefault(other, set()).update(names)
        remove_leftovers(path().parent)
        content = {lesson: sorted(names) for lesson, names in sorted(now.passed.items())}
        replace_file(path(), json.dumps(content, indent=1), durable=True)
    _unsaved.clear()
    return Record(now.passed, before.problem or now.problem)


def clear() -> Record:
    """Forget everything; return what was forgotten. A damaged file is set aside, too. Raises `RecordUnavailable`."""
    record = read()
    if record.passed:
        with _explained(), _locked() as record:
            path().unlink(missing_ok=True)
    return record


def _load() -> Passed:
    """Read the file. Raises `ValueError` if it is damaged."""
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(Passed).validate_json(path().read_bytes())
    except FileNotFoundError:
        return {}


@contextmanager
def _locked() -> Iterator[Record]:
    """Hold the lock, which the system frees if this process dies, and yield the record; set a damaged file aside."""
    from filelock import FileLock  # here, since it takes 50 ms, and most checks find nothing to write

    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(".progress.lock"), timeout=_PATIENCE):
        try:
            record = Record(_load())
        except ValueError:
            aside = file.rename(file.with_name(f"{file.stem}.damaged-{time.time_ns()}{file.suffix}"))
            sentence = _("The record of passed exercises was damaged: it is now {file}, and a new one begins.")
            record = Record(problem=sentence.format(file=aside))
        yield record


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (OSError, NotImplementedError) as error:  # filelock raises the second on file systems without locks
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        message = _(
            "Your progress cannot be kept in {folder} ({reason}): make that folder writable, or set "
            "PROMPT2DATA_HOME to another one."
        )
        raise RecordUnavailable(message.format(folder=path().parent, reason=reason)) from error
