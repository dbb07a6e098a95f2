"""Which exercises there are, and which have passed: a small JSON file remembers it when the kernel is gone.

`progress.json` lies in `PROMPT2DATA_HOME`, or else in the user's data folder. Any number of notebooks may write it at
once, and may be killed while they do. What has passed stays so.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from prompt2data.ground.errors import OneSentence
from prompt2data.ground.whole import remove_leftovers, replace_file
from prompt2data.i18n import _

FILE = "progress.json"

_LESSON = re.compile(r"prompt2data\.checks\.(lesson_\d+)")
_PATIENCE = 5.0  # seconds for which another process may hold the lock
# Some file systems have no locks: filelock says so with the second.
_TROUBLES = (OSError, NotImplementedError)

Passed = dict[str, set[str]]  # lesson ("lesson_01") → names of the check functions that have passed

_exercises: dict[str, list[str]] = {}
_unsaved: Passed = {}  # passed in this kernel, and could not be written
_said: set[str] = set()


class RecordUnavailable(OneSentence, RuntimeError):
    """The record could not be read or written. The text is one sentence with the cause and a way out."""


@dataclass(frozen=True)
class Record:
    """What the file held, and a sentence about it where something was wrong."""

    passed: Passed = field(default_factory=dict)
    said: str = ""


def register(function: Callable) -> str:
    """Count a check function as the next exercise of its module's lesson; the lesson, or "" for other modules."""
    match = _LESSON.fullmatch(function.__module__)
    if match is None:
        return ""
    names = _exercises.setdefault(match[1], [])
    if function.__name__ not in names:  # else the module was loaded again
        names.append(function.__name__)
    return match[1]


def exercises() -> dict[str, dict[str, str]]:
    """Lessons whose checks were imported → names of their check functions → the exercises' numbers ("1.2")."""
    return {
        lesson: {name: f"{lesson_number(lesson)}.{place}" for place, name in enumerate(names, start=1)}
        for lesson, names in sorted(_exercises.items())
    }


def lesson_number(lesson: str) -> int:
    """1 for "lesson_01"."""
    return int(lesson.removeprefix("lesson_"))


def progress(lesson: str, name: str = "") -> tuple[list[tuple[str, bool]], str]:
    """The lesson's exercises, each with its number and whether it has passed; `name` has, from now on.

    With it comes a sentence, most often empty, about what was wrong with the record. Never raises for that, and says
    the same only once in a process.
    """
    try:
        record = add(lesson, name) if name else read()
    except RecordUnavailable as error:
        record = Record(said=str(error))
        if name:
            _unsaved.setdefault(lesson, set()).add(name)
            with suppress(RecordUnavailable):
                record = Record(read().passed, str(error))
    known = record.passed.get(lesson, set()) | _unsaved.get(lesson, set())
    return [(number, check in known) for check, number in exercises().get(lesson, {}).items()], _once(record.said)


def path() -> Path:
    """Where the record is kept, whether or not there is one yet."""
    chosen = os.environ.get("PROMPT2DATA_HOME")
    if chosen:
        return Path(os.path.expanduser(chosen)) / FILE
    from platformdirs import user_data_path

    return user_data_path("prompt2data", appauthor=False) / FILE


def read() -> Record:
    """What has passed. A damaged file is set aside. Raises `RecordUnavailable`."""
    with _explained():
        try:
            return Record(_load(path()))
        except ValueError:
            with _locked(path()) as file:
                return _sound(file)


def add(lesson: str, name: str) -> Record:
    """What has passed, with this exercise. It is on the disk when this returns. Raises `RecordUnavailable`."""
    record = read()
    if name in record.passed.get(lesson, ()) and not _unsaved:
        return record
    with _explained(), _locked(path()) as file:
        now = _sound(file)  # another process may have written meanwhile
        for other, names in [(lesson, {name}), *_unsaved.items()]:
            now.passed.setdefault(other, set()).update(names)
        _write(file, now.passed)
    _unsaved.clear()
    return Record(now.passed, record.said or now.said)


def clear() -> Record:
    """Forget all of it; what was forgotten. A damaged file is set aside, too. Raises `RecordUnavailable`."""
    record = read()
    if record.passed:
        with _explained(), _locked(path()) as file:
            record = _sound(file)
            file.unlink(missing_ok=True)
    return record


def _load(file: Path) -> Passed:
    """Raises `ValueError` for a damaged file."""
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except RecursionError as error:
        raise ValueError("nested without end") from error
    if not isinstance(content, dict) or not all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in content.values()
    ):
        raise ValueError("not lists of names by lesson")
    return {lesson: set(names) for lesson, names in content.items()}


def _sound(file: Path) -> Record:
    """What the file holds; a damaged one is set aside. To be called with the lock held."""
    try:
        return Record(_load(file))
    except ValueError:
        aside = file.with_name(f"{file.stem}.damaged-{time.time_ns()}{file.suffix}")
        file.rename(aside)
        return Record(
            {},
            _("The record of passed exercises was damaged: it is now {file}, and a new one begins.").format(file=aside),
        )


def _write(file: Path, passed: Passed) -> None:
    """Replace the file. To be called with the lock held."""
    remove_leftovers(file.parent)
    content = {lesson: sorted(names) for lesson, names in sorted(passed.items())}
    replace_file(file, json.dumps(content, indent=1), durable=True)


@contextmanager
def _locked(file: Path) -> Iterator[Path]:
    """Hold the lock of the record; the system frees it if this process dies."""
    from filelock import FileLock

    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(".progress.lock"), timeout=_PATIENCE):
        yield file


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except _TROUBLES as error:
        raise RecordUnavailable(
            _(
                "Your progress cannot be kept in {folder} ({reason}): make that folder writable, or set "
                "PROMPT2DATA_HOME to another one."
            ).format(
                folder=path().parent, reason=getattr(error, "strerror", None) or str(error) or type(error).__name__
            )
        ) from error


def _once(sentence: str) -> str:
    """The sentence, or nothing if this process has said it."""
    if sentence in _said:
        return ""
    _said.add(sentence)
    return sentence
