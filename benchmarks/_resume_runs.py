"""Running, killing and comparing runs of `_resume_child.py`, for `resume.py`."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks._forward_log import read

ROOT = Path(__file__).resolve().parents[1]
PHASES = ("loading", "first", "second", "writing")
TARGETS = ("worker", "parent", "group")
_POLL_SECONDS = 0.002
_ATTEMPTS = 8

Event = dict[str, Any]


class TooLate(Exception):
    """The kill found its phase over: it is repeated, not counted."""


@dataclass(frozen=True)
class Settings:
    """What all runs of one pipeline have in common.

    Attributes:
        pipeline: "a", "b" or "c" (`_resume_child.PIPELINES`).
        rows: rows of the dataset.
        batch: rows a step takes at once.
        tokens: the most new tokens a text may get.
        cache: whether the runs have a generation cache.
    """

    pipeline: str
    rows: int
    batch: int
    tokens: int
    cache: bool = True

    def phase(self, event: Event) -> str:
        """The phase to which an event of the model's work belongs: the step, or the call of each batch in turn."""
        if self.pipeline == "a":
            return event["step"]
        return "first" if event["call"] % 2 else "second"


class Child:
    """One process that runs the pipeline, in a session and process group of its own."""

    def __init__(self, settings: Settings, folder: Path, number: int = 1) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "forward.jsonl"
        self.rows_file = folder / f"rows-{number}.jsonl"
        self.output = folder / f"output-{number}.txt"
        self.events: list[Event] = []
        self._offset = 0
        command = [sys.executable, "-m", "benchmarks._resume_child", settings.pipeline]
        for name in ("rows", "batch", "tokens"):
            command += [f"--{name}", str(getattr(settings, name))]
        with open(self.output, "w") as output:
            self.started = time.time()
            self.process = subprocess.Popen(
                [*command, "--log", str(self.log), "--out", str(self.rows_file)],
                cwd=ROOT,
                env=_environment(folder, settings.cache),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def poll(self) -> list[Event]:
        """The events that came since the last call; all of them are in `events`."""
        new, self._offset = read(self.log, self._offset)
        self.events += new
        return new

    def wait_for(self, matches: Callable[[Event], bool]) -> None:
        """Return as soon as the log has an event that matches. Raises `TooLate` if the process ends before."""
        while True:
            ended = self.process.poll() is not None
            if any(matches(event) for event in self.poll()):
                return
            if ended:
                raise TooLate
            time.sleep(_POLL_SECONDS)

    def finish(self, seconds: float) -> bool:
        """Wait for the end, at most so long; whether it ended well. What hangs is ended."""
        try:
            return self.process.wait(timeout=seconds) == 0
        except subprocess.TimeoutExpired:
            self.end()
            return False

    def family(self) -> list[psutil.Process]:
        """This process and all below it."""
        with suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            return [process, *process.children(recursive=True)]
        return []

    def end(self) -> None:
        """End the process and all below it, if they still live."""
        for process in reversed(self.family()):
            with suppress(psutil.Error):
                process.kill()
        self.process.wait()

    def rows(self) -> list[dict[str, Any]]:
        """The rows it wrote."""
        if not self.rows_file.exists():
            return []
        return [json.loads(line) for line in self.rows_file.read_text("utf-8").splitlines()]


def _environment(folder: Path, cache: bool) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PROMPT2DATA", "DISTILABEL"))}
    return environ | {
        "PROMPT2DATA_CACHE": str(folder / "cache") if cache else "off",
        "PROMPT2DATA_PROGRESS": "0",
        "TMPDIR": str(folder),  # who is killed does not tidy up
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        # On a GPU a text may change with the batch it is made in; this is about what is made, kept and lost.
        "CUDA_VISIBLE_DEVICES": "",
    }


# The run that nobody kills -------------------------------------------------------------------------------------------


@dataclass
class Reference:
    """What an uninterrupted run did, and when.

    Attributes:
        rows: its rows.
        ended: ids of its generations.
        events: its log.
        started: when its process started, and
        exited: when that had ended, both in seconds since the epoch.
    """

    settings: Settings
    rows: list[dict[str, Any]]
    events: list[Event]
    started: float
    exited: float
    ended: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.ended = {event["id"] for event in self.events if event["event"] == "end"}

    @classmethod
    def make(cls, settings: Settings, folder: Path) -> Reference:
        """Run the pipeline once, with an empty cache of its own. Raises `SystemExit` when that fails."""
        child = Child(settings, folder)
        try:
            finished = child.finish(1200)
        finally:
            child.end()
        exited = time.time()
        child.poll()
        if not finished:
            raise SystemExit(f"The uninterrupted run failed:\n{child.output.read_text()}")
        return cls(settings, child.rows(), child.events, child.started, exited)

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self.exited - self.started

    def first(self, kind: str, step: str | None = None) -> Event:
        """The first event of this kind (of this step)."""
        return next(event for event in self.events if event["event"] == kind and step in (None, event["step"]))

    def passes(self, phase: str) -> list[tuple[Event, float]]:
        """The forward passes of a phase, each with the seconds until its process noted the next thing."""
        found = []
        for index, event in enumerate(self.events):
            if event["event"] == "pass" and self.settings.phase(event) == phase:
                later = (other for other in self.events[index + 1 :] if other["pid"] == event["pid"])
                found.append((event, next(later)["time"] - event["time"]))
        return found


# One kill -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kill:
    """Which pipeline to kill, when, and which of its processes."""

    pipeline: str
    phase: str
    target: str


@dataclass
class Outcome:
    """What a killed and resumed run came to.

    Attributes:
        kill: what was done to it.
        finished: whether the resumed run ended well.
        lost: rows of the reference that it lacks.
        doubled: rows it has more than once, and rows that the reference has not.
        differing: rows that are not, in every column, those of the reference.
        again: finished generations that were started once more.
        before: generations that were finished when it was killed.
        passes: forward passes of both runs together, as a ratio to the reference's.
        work: the same for rows times forward passes.
        seconds: of both runs together.
        output: what the processes printed.
    """

    kill: Kill
    finished: bool
    lost: int
    doubled: int
    differing: int
    again: int
    before: int
    passes: float
    work: float
    seconds: float
    output: str

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled, changed or made again."""
        return self.finished and not (self.lost or self.doubled or self.differing or self.again)


def kill_and_resume(kill: Kill, reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """Kill a run at a random moment of a phase, resume it, and compare what came of it with the reference."""
    settings = reference.settings
    for attempt in range(_ATTEMPTS):
        attempt_folder = folder / str(attempt)  # short: sockets are made in it
        child = Child(settings, attempt_folder)
        runs, family = [child], child.family()
        try:
            victim = _wait_for_moment(kill, reference, child, chance)
            family = child.family()
            before = _strike(kill, reference, child, victim)
            if kill.target != "worker":  # at once: what the killed run left behind may still be ending
                runs.append(Child(settings, attempt_folder, number=2))
            finished = runs[-1].finish(300 + 5 * reference.seconds)
            seconds = time.time() - child.started
        except TooLate:
            continue
        finally:
            for process in family:
                with suppress(psutil.Error):
                    process.kill()
            for run in runs:
                run.end()
        log, _end = read(child.log)
        lost, doubled, differing = compare(reference.rows, runs[-1].rows())
        passes, work = (amount(log) / amount(reference.events) for amount in (count_passes, count_work))
        output = "".join(run.output.read_text() for run in runs)
        again = made_again(log)
        return Outcome(kill, finished, lost, doubled, differing, again, before, passes, work, seconds, output)
    raise SystemExit(f"{kill}: {_ATTEMPTS} runs were over before they could be killed; is this machine idle?")


def _wait_for_moment(kill: Kill, reference: Reference, child: Child, chance: random.Random) -> int:
    """Wait for the random moment of this kill; returns the id of the process to kill."""
    steps = sorted({event["step"] for event in reference.events if event["event"] == "pass"})
    step = chance.choice(steps)
    if kill.phase == "loading":
        begin = reference.started
        if kill.target == "worker":
            begin = reference.first("load", step)["time"]
            child.wait_for(lambda event: event["event"] == "load" and event["step"] == step)
        time.sleep(chance.random() * (reference.first("pass")["time"] - begin))
    elif kill.phase == "writing":
        last = max(event["time"] for event in reference.events if event["event"] == "end")
        end = reference.exited
        missing = set(reference.ended)
        child.wait_for(lambda event: missing.discard(event.get("id")) or not missing)
        if kill.target == "worker":  # the one that ended last: the others may be gone
            step = next(event["step"] for event in reversed(child.events) if event["event"] == "end")
            end = max(event["time"] for event in reference.events if event["event"] == "unload")
        time.sleep(chance.random() * max(0.0, end - last))
    else:
        passes = reference.passes(kill.phase)
        chosen, duration = chance.choices(passes, weights=[seconds for _event, seconds in passes])[0]
        step = chosen["step"]
        expected = {name: chosen[name] for name in ("event", "step", "call", "number")}
        child.wait_for(lambda event: expected.items() <= event.items())
        time.sleep(chance.random() * duration)
    if kill.target == "worker":
        return next(event["pid"] for event in child.events if event["event"] == "load" and event["step"] == step)
    return child.process.pid


def _strike(kill: Kill, reference: Reference, child: Child, victim: int) -> int:
    """Kill; returns how many generations were finished. Raises `TooLate` when the phase was over."""
    try:
        if kill.target == "group":
            os.killpg(victim, signal.SIGKILL)
        else:
            if psutil.Process(victim).status() == psutil.STATUS_ZOMBIE:
                raise TooLate
            os.kill(victim, signal.SIGKILL)
    except (ProcessLookupError, psutil.NoSuchProcess):
        raise TooLate from None
    if kill.target != "worker" and child.process.wait() != -signal.SIGKILL:
        raise TooLate
    child.poll()
    ended = {event["id"] for event in child.events if event["event"] == "end"}
    if kill.phase == "loading" and any(event["event"] == "pass" for event in child.events):
        raise TooLate
    if kill.phase in ("first", "second") and ended == reference.ended:
        raise TooLate
    return len(ended)


# What came of it ------------------------------------------------------------------------------------------------------


def compare(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> tuple[int, int, int]:
    """How many rows are lost, doubled (or strange), and different, told apart by their `id`."""
    texts = {row["id"]: row for row in expected}
    count = Counter(row["id"] for row in found)
    lost = sum(count[number] == 0 for number in texts)
    doubled = sum(times - (number in texts) for number, times in count.items())
    differing = sum(row != texts.get(row["id"], row) for row in found)
    return lost, doubled, differing


def made_again(events: Iterable[Event]) -> int:
    """How often a generation was started after it had been finished."""
    finished: set[str] = set()
    again = 0
    for event in events:
        if event["event"] == "end":
            finished.add(event["id"])
        elif event["event"] == "start":
            again += sum(row in finished for row in event["ids"])
    return again


def count_passes(events: Iterable[Event]) -> int:
    """Forward passes of the model."""
    return sum(event["event"] == "pass" for event in events)


def count_work(events: Iterable[Event]) -> int:
    """Rows in all forward passes together."""
    return sum(event["rows"] for event in events if event["event"] == "pass")
