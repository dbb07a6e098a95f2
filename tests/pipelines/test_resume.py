"""Pipelines killed in the middle and run again, by the means of `benchmarks/resume.py`, which kills more of them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import resume
from benchmarks._forward_log import read, write
from benchmarks._resume_runs import (
    PHASES,
    TARGETS,
    Kill,
    Outcome,
    Reference,
    Settings,
    compare,
    kill_and_resume,
    made_again,
)

SETTINGS = {"a": Settings("a", 12, 4, 8), "b": Settings("b", 4, 2, 8), "c": Settings("c", 12, 4, 8)}
KILLS = (Kill("c", "writing", "group"), Kill("b", "second", "parent"), Kill("a", "first", "worker"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """One with a short name: the path of a socket has about a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="resume-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def test_killed_runs_are_continued_and_what_is_made_twice_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One test, and two runs at a time, with a core for each: most of a run's time goes into starting it.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with ThreadPoolExecutor(2) as threads:
        runs = {name: threads.submit(Reference.make, settings, folder / name) for name, settings in SETTINGS.items()}
        references = {name: run.result() for name, run in runs.items()}
        without_cache = replace(references["c"], settings=replace(SETTINGS["c"], cache=False))
        attempts = [(kill, references[kill.pipeline]) for kill in KILLS]
        attempts.append((Kill("c", "second", "worker"), without_cache))
        *continued, anew = threads.map(
            lambda number, attempt: kill_and_resume(*attempt, folder / str(number), random.Random(0)),
            *zip(*enumerate(attempts), strict=True),
        )

    for outcome in continued:
        assert outcome.good, f"{outcome}\n{outcome.output}"
        assert outcome.passes < 2  # it did not start anew
        assert (outcome.kill.target == "worker") == ("died (SIGKILL)" in outcome.output)
    assert continued[0].before == len(references["c"].ended) and continued[0].passes == 1
    assert anew.again >= anew.before > 0 and not anew.good
    assert (anew.finished, anew.lost, anew.doubled, anew.differing) == (True, 0, 0, 0)


ROWS = [{"id": number, "generation": f"text {number}"} for number in range(3)]


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (ROWS, (0, 0, 0)),
        (ROWS[::-1], (0, 0, 0)),
        (ROWS[:2], (1, 0, 0)),
        ([*ROWS, ROWS[0]], (0, 1, 0)),
        ([*ROWS, {"id": 3, "generation": "of another run"}], (0, 1, 0)),
        ([*ROWS[:2], {"id": 2, "generation": "text 1"}], (0, 0, 1)),
        ([], (3, 0, 0)),
    ],
)
def test_rows_are_compared_by_their_id(found: list[dict], counts: tuple[int, int, int]) -> None:
    assert compare(ROWS, found) == counts


def test_made_again_is_what_starts_after_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert read(log) == ([], 0)
    write(str(log), event="start", ids=["x", "y"])
    write(str(log), event="end", id="x")
    events, end = read(log)
    assert made_again(events) == 0
    write(str(log), event="start", ids=["y", "z"])  # y was never finished
    later, _end = read(log, end)
    assert made_again(events + later) == 0 and len(later) == 1
    write(str(log), event="start", ids=["x", "z"])
    with open(log, "a") as file:
        file.write('{"event": "sta')  # a line that is only begun is not read
    assert made_again(read(log)[0]) == 1


def test_the_kills_are_spread_over_everything() -> None:
    kills = resume.plan(20)
    assert {(kill.phase, kill.target) for kill in kills} == {(phase, target) for phase in PHASES for target in TARGETS}
    for name, least in (("pipeline", 6), ("phase", 5), ("target", 6)):
        values = [getattr(kill, name) for kill in kills]
        assert min(values.count(value) for value in values) >= least


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the benchmark find what is given here, without running anything."""

    def find(**fault: object) -> None:
        good = {"finished": True, "lost": 0, "doubled": 0, "differing": 0, "again": 0}
        rest = {"before": 7, "passes": 1.25, "work": 1.5, "seconds": 30.0, "output": ""}
        reference = Reference(SETTINGS["a"], [], [], 0.0, 1.0)
        monkeypatch.setattr(resume.Reference, "make", lambda *_arguments: reference)
        monkeypatch.setattr(resume, "kill_and_resume", lambda kill, *_rest: Outcome(kill, **{**good, **rest, **fault}))

    return find


def test_the_benchmark_says_yes_only_when_all_is_well(
    outcomes: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes()
    assert resume.main(["--kills", "12", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "| loading | worker | 1 | 1 | 0 | 0 | 0 | 7 | 0 | 1.25 | 1.50 |"
    assert len(lines) == 15 and lines[-1] == "| all |  | 12 | 12 | 0 | 0 | 0 | 84 | 0 | 1.25 | 1.50 |"
    for fault in ({"finished": False}, {"lost": 1}, {"doubled": 1}, {"differing": 1}, {"again": 1}):
        outcomes(**fault)
        assert resume.main(["--kills", "1"]) == 1, fault
