"""Which exercises have passed: kept when the kernel ends, whatever happens to the file, and silent when graded."""

from __future__ import annotations

import ast
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builder.course import load
from builder.source import parse
from builder.validate import validate
from prompt2data.__main__ import main
from prompt2data.checks import core, record
from prompt2data.checks.core import CheckFailed, Wrong, exercise

ROOT = Path(__file__).resolve().parents[2]
COURSE = load(ROOT)


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path) -> Path:
    """Like a kernel that has just started, with a home of its own: the file of progress there."""
    monkeypatch.delenv("PROMPT2DATA_STRICT", raising=False)
    monkeypatch.setenv("PROMPT2DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(record, "_reported", set())
    monkeypatch.setattr(record, "_unsaved", {})
    for entry in COURSE.lessons:
        importlib.import_module(f"prompt2data.checks.lesson_{entry.name[:2]}")
    monkeypatch.setattr(record, "_exercises", dict(record._exercises))
    return tmp_path / "home" / "progress.json"


def make(name: str):
    """An exercise of lesson 99: right is 42."""

    def function(answer):
        if answer != 42:
            raise Wrong("Not the answer.")

    function.__name__, function.__module__ = name, "prompt2data.checks.lesson_99"
    return exercise()(function)


@pytest.fixture
def lesson():
    return make("first"), make("second")


def python(code: str, *before: str, **environment: str) -> subprocess.Popen:
    command = [*before, sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, text=True, stdout=subprocess.PIPE)


def finished(process: subprocess.Popen) -> str:
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    return output


# -- which exercises there are ------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", COURSE.lessons, ids=lambda entry: entry.name)
def test_numbers_are_those_of_the_headings(entry):
    headings = {}
    for one in validate(parse(COURSE.source(entry.name)), entry):
        calls = [statement.value.func.attr for statement in ast.parse(one.check.source).body]
        assert len(calls) == 1, "an exercise has one check: the record counts checks"
        headings[calls[0]] = f"{int(entry.name[:2])}.{one.number}"
    assert record.exercises()[f"lesson_{entry.name[:2]}"] == headings


def test_loading_a_module_again_counts_nothing_twice(lesson):
    make("first")
    assert record.exercises()["lesson_99"] == {"first": "99.1", "second": "99.2"}


def test_checks_outside_a_lesson_have_no_progress(card, fresh):
    @exercise()
    def alone(answer):
        pass

    assert card(alone, 1) == "✔ Passed." and not fresh.exists()


# -- what has passed ----------------------------------------------------------------------------------------------


def test_the_tests_have_a_home_of_their_own(monkeypatch, tmp_path_factory, fresh):
    monkeypatch.undo()
    assert tmp_path_factory.getbasetemp() in record.path().parents and record.path() != fresh


def test_without_a_home_it_is_the_user_data_folder(monkeypatch):
    import platformdirs

    monkeypatch.delenv("PROMPT2DATA_HOME")
    assert record.path() == Path(platformdirs.user_data_dir("prompt2data", appauthor=False)) / "progress.json"


def test_the_card_shows_progress_and_passed_stays(card, lesson):
    first, second = lesson
    assert card(first, ...).endswith("Exercises of this lesson: ○ 99.1 · ○ 99.2")
    assert card(second, 42) == "✔ Passed.\nExercises of this lesson: ○ 99.1 · ✔ 99.2"
    again = card(second, 41)
    assert again.startswith("✘") and again.endswith("○ 99.1 · ✔ 99.2")
    assert card(first, 42).endswith("✔ 99.1 · ✔ 99.2")


def test_a_wrong_answer_writes_nothing(card, lesson, fresh):
    card(lesson[0], 41)
    card(lesson[0], ...)
    assert not fresh.parent.exists()


RIGHT = """
from prompt2data.checks import lesson_02
lesson_02.clean_lines({answer})
"""


def test_a_new_process_sees_it(fresh):
    record.add("lesson_02", "is_novel")
    assert "○ 2.1 · ✔ 2.2 · ○ 2.3" in finished(python(RIGHT.format(answer="...")))
    assert json.loads(fresh.read_text()) == {"lesson_02": ["is_novel"]}


@pytest.mark.parametrize("answer", [42, 41, ...])
def test_strict_mode_reads_writes_and_shows_nothing(card, lesson, fresh, capsys, monkeypatch, answer):
    fresh.parent.mkdir()
    fresh.write_text("damaged")
    monkeypatch.setenv("PROMPT2DATA_STRICT", "1")
    try:
        lesson[0](answer)
    except CheckFailed as error:
        assert "99.1" not in str(error) and answer != 42
    output = capsys.readouterr().out
    assert "99.1" not in output and "record" not in output
    assert [path.name for path in fresh.parent.iterdir()] == ["progress.json"] and fresh.read_text() == "damaged"


def test_a_card_in_html_has_it_too(monkeypatch, lesson):
    cards = []
    monkeypatch.setattr(core, "_show", cards.append)
    lesson[0](42)
    assert "99.1 passed" in cards[0]._repr_html_() and "99.2 open" in cards[0]._repr_html_()


# -- what may happen to the file ----------------------------------------------------------------------------------

ADDS = """
from prompt2data.checks import record
import itertools
for number in {numbers}:
    record.add("lesson_98", f"{name}{{number}}")
    print(number, flush=True)
"""


def test_two_processes_at_once_lose_nothing(fresh):
    both = [python(ADDS.format(numbers="range(60)", name=name)) for name in "ab"]
    for process in both:
        finished(process)
    assert record.read().passed == {"lesson_98": {f"{name}{n}" for name in "ab" for n in range(60)}}
    assert sorted(path.suffix for path in fresh.parent.iterdir()) == [".json", ".lock"]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such signal")
def test_killed_at_any_moment_it_is_whole_and_has_what_was_said(fresh):
    rng, told = random.Random(0), set()
    for start in range(0, 6_000, 1_000):
        process = python(ADDS.format(numbers=f"itertools.count({start})", name="n"))
        assert process.stdout.readline()
        time.sleep(rng.uniform(0, 0.1))
        os.kill(process.pid, signal.SIGKILL)
        told |= {start, *(int(line) for line in process.communicate()[0].splitlines())}
        found = record.read()
        assert not found.problem
        passed = {int(name[1:]) for name in found.passed["lesson_98"]}
        assert told <= passed and len(passed - told) <= start // 1_000 + 1  # what was written and not yet told
    record.add("lesson_98", "last")
    assert {path.suffix for path in fresh.parent.iterdir()} == {".json", ".lock"}, "no leftover of a killed process"


DAMAGED = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[]",
    b'"text"',
    b'{"lesson_99": "first"}',
    b'{"lesson_99": [1]}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_set_aside(card, lesson, fresh, content):
    fresh.parent.mkdir()
    fresh.write_bytes(content)
    said = card(lesson[0], 42).splitlines()
    assert said[:2] == ["✔ Passed.", "Exercises of this lesson: ✔ 99.1 · ○ 99.2"]
    (aside,) = fresh.parent.glob("progress.damaged-*.json")
    assert aside.read_bytes() == content and len(said) == 3 and "damaged" in said[2] and str(aside) in said[2]
    assert len(card(lesson[1], 42).splitlines()) == 2
    assert record.read().passed == {"lesson_99": {"first", "second"}}


def test_names_of_another_version_of_the_course_stay(card, lesson, fresh):
    record.add("lesson_99", "renamed")
    record.add("lesson_77", "<script>")
    assert card(lesson[0], 42).endswith("✔ 99.1 · ○ 99.2")
    assert record.read().passed == {"lesson_99": {"renamed", "first"}, "lesson_77": {"<script>"}}


UNWRITABLE = """
from prompt2data.checks.core import exercise
def second(answer): pass
def first(answer): pass
second.__module__ = first.__module__ = "prompt2data.checks.lesson_99"
first, second = exercise()(first), exercise()(second)
first(1)
second(1)
"""


def one_sentence_once(output: str, folder: Path) -> None:
    rows = output.splitlines()
    assert rows[:2] == ["✔ Passed.", "Exercises of this lesson: ✔ 99.1 · ○ 99.2"]
    assert str(folder) in rows[2] and "PROMPT2DATA_HOME" in rows[2]
    assert rows[3:] == ["✔ Passed.", "Exercises of this lesson: ✔ 99.1 · ✔ 99.2"]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such permissions")
def test_a_folder_without_permission_costs_the_progress_alone(fresh):
    fresh.parent.mkdir()
    fresh.parent.chmod(0o555)
    # Root may write anywhere, unless that right is taken away.
    before = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    one_sentence_once(finished(python(UNWRITABLE, *before)), fresh.parent)
    assert list(fresh.parent.iterdir()) == []


def test_a_folder_that_cannot_be(fresh):
    fresh.parent.write_text("a file")
    one_sentence_once(finished(python(UNWRITABLE)), fresh.parent)


def test_what_could_not_be_written_is_written_later(card, lesson, fresh):
    fresh.parent.write_text("a file")
    card(lesson[0], 42)
    fresh.parent.unlink()
    card(lesson[1], 42)
    assert record.read().passed == {"lesson_99": {"first", "second"}}


def test_a_lock_that_nobody_gives_back_is_not_waited_for_long(card, lesson, fresh, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(record, "_PATIENCE", 0.1)
    fresh.parent.mkdir()
    with FileLock(fresh.with_name(".progress.lock")):
        said = card(lesson[0], 42)
    assert said.startswith("✔ Passed.") and "cannot be kept" in said


# -- the command --------------------------------------------------------------------------------------------------


def test_the_command_shows_each_lesson(capsys, fresh):
    record.add("lesson_01", "distinct_share")
    assert main(["progress"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "Lesson 1  ○ 1.1 · ✔ 1.2 · ○ 1.3" and rows[-1] == f"File      {fresh}"
    assert len(rows) == len(COURSE.lessons) + 1


def test_the_command_forgets_and_says_what(capsys, fresh):
    assert main(["progress", "clear"]) == 0
    assert "nothing to forget" in capsys.readouterr().out and not fresh.parent.exists()
    record.add("lesson_01", "distinct_share")
    record.add("lesson_02", "is_novel")
    record.add("lesson_77", "\x1b[2Jodd")
    assert main(["progress", "clear"]) == 0
    output = capsys.readouterr().out
    assert "3 exercises" in output and "1.2, 2.2, lesson_77.␛[2Jodd" in output and str(fresh) in output
    assert not fresh.exists() and record.read().passed == {}


@pytest.mark.parametrize("action", ["show", "clear"])
def test_the_command_tells_of_damage_in_one_sentence(capsys, fresh, action):
    fresh.parent.mkdir()
    fresh.write_text("damaged")
    assert main(["progress", action]) == 0
    output, errors = capsys.readouterr()
    assert output and len(errors.splitlines()) == 1 and "damaged" in errors
    assert len(list(fresh.parent.glob("progress.damaged-*"))) == 1


@pytest.mark.parametrize("action", ["show", "clear"])
def test_the_command_where_the_folder_cannot_be(capsys, fresh, action):
    fresh.parent.write_text("a file")
    assert main(["progress", action]) == 1
    output, errors = capsys.readouterr()
    assert not output and len(errors.splitlines()) == 1 and str(fresh.parent) in errors


def test_as_a_program():
    command = [sys.executable, "-m", "prompt2data"]
    done = subprocess.run([*command, "progress"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("Lesson 1  ○ 1.1 · ○ 1.2") and not done.stderr
    for wrong in (["progress", "empty"], ["progress", "clear", "now"]):
        done = subprocess.run([*command, *wrong], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "usage: prompt2data" in done.stderr and "Traceback" not in done.stderr
