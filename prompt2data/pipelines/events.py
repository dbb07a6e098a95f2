"""The events of a run, read once from distilabel's log, for all who follow a run: bar, monitor, times, summary."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from prompt2data.engine.text_counts import TextsCounted

TRACEBACK = "Subprocess traceback:"
_ROWS = logging.getLogger("distilabel.rows")
_ROWS.setLevel(logging.INFO)  # followers get them whatever level of the log the reader asks for

StepEventKind = Literal["loaded", "yielding", "began", "sent", "failed", "finished", "left out"]
_STEP_EVENTS: dict[StepEventKind, re.Pattern[str]] = {
    "yielding": re.compile(r"🚰 Starting yielding batches from generator step '(?P<step>[^']+)'"),
    "began": re.compile(r"📦 Processing batch (?P<batch>\d+) in '(?P<step>[^']+)'"),
    "sent": re.compile(r"📨 Step '(?P<step>[^']+)' sending batch (?P<batch>\d+)"),
    "failed": re.compile(r"⚠️ Processing batch (?P<batch>\d+) with step '(?P<step>[^']+)' failed"),
    "finished": re.compile(r"🏁 Finished running step '(?P<step>[^']+)'"),
    "left out": re.compile(r"✋ An error occurred when running global step '(?P<step>[^']+)'"),
}
_STAGE = re.compile(r"^ \* Stage (?P<stage>\d+):$")
_STAGE_STEP = re.compile(r"^   - \S+ '(?P<step>[^']+)'(?P<cached> \(results cached)?")
_LOADING = re.compile(r"⏳ Waiting for all the steps of stage (?P<stage>\d+) to load")
_LOADED = re.compile(r"^ \* '(?P<step>[^']+)' replicas: (\d+)/\2$", flags=re.MULTILINE)


@dataclass(frozen=True)
class RunBegan:
    """The run begins; no other event was there before."""

    pipeline: Any


@dataclass(frozen=True)
class RunEnded:
    """The run returned its distiset or raised an error; no other event follows."""

    distiset: Any
    error: BaseException | None


@dataclass(frozen=True)
class StagesPlanned:
    """Which steps each stage will load, and which steps are taken from the cache."""

    stages: dict[int, list[str]]
    cached: list[str]


@dataclass(frozen=True)
class AllCached:
    """No step has to run, since the cache holds all rows."""


@dataclass(frozen=True)
class StageLoading:
    """All processes of a stage have been started, at `time` in seconds since the epoch."""

    stage: int
    time: float


@dataclass(frozen=True)
class StepEvent:
    """What happens to one step, at `time` in seconds since the epoch.

    Kinds: all its replicas are "loaded"; a generator begins ("yielding"); a batch "began", was "sent" on, or "failed"
    and holds `None`; a replica has "finished"; a global step failed and is "left out". `batch` is None in the others.
    """

    kind: StepEventKind
    step: str
    batch: int | None
    time: float


@dataclass(frozen=True)
class BatchReceived:
    """A batch of a step has arrived, with so many rows; `last` says whether it is the step's last one."""

    step: str
    batch: int
    rows: int
    last: bool


Event = RunBegan | RunEnded | StagesPlanned | AllCached | StageLoading | StepEvent | BatchReceived | TextsCounted


def log_batch(step: str, batch: int, rows: int, last: bool) -> None:
    """Note a batch that has arrived in the log."""
    event = BatchReceived(step, batch, rows, last)
    _ROWS.info("Batch %d of '%s': %d rows", batch, step, rows, extra={"event": event})


def events_of(record: logging.LogRecord) -> Iterator[Event]:
    """The events that a record of the run's log tells of."""
    message = record.getMessage()
    if not record.name.startswith("distilabel") or message.startswith(TRACEBACK):
        return  # they may hold what a model wrote
    if (event := getattr(record, "event", None)) is not None:
        yield event
    elif message.startswith("⌛"):
        yield _planned(message)
    elif match := _LOADING.match(message):
        yield StageLoading(int(match["stage"]), record.created)
    elif message.startswith("⏳ Steps from stage"):
        for match in _LOADED.finditer(message):
            yield StepEvent("loaded", match["step"], None, record.created)
    elif message.startswith("💾 Loaded batch manager from cache doesn't contain"):
        yield AllCached()
    else:
        for kind, pattern in _STEP_EVENTS.items():
            if match := pattern.match(message):
                batch = match.groupdict().get("batch")
                yield StepEvent(kind, match["step"], None if batch is None else int(batch), record.created)


def _planned(message: str) -> StagesPlanned:
    stages: dict[int, list[str]] = {}
    cached: list[str] = []
    steps = cached
    for line in message.splitlines():
        if match := _STAGE.match(line):
            steps = stages.setdefault(int(match["stage"]), [])
        elif match := _STAGE_STEP.match(line):
            (cached if match["cached"] else steps).append(match["step"])
    return StagesPlanned(stages, cached)


class RunListener(logging.Handler):
    """Gets the events of a run: a handler for `pipeline.run(logging_handlers=[…])`.

    Attributes:
        on_page: whether it shows the reader how far the run is, so that no progress bar is needed.
    """

    on_page = False

    def __init__(self) -> None:
        super().__init__(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        for event in events_of(record):
            self.notify(event)

    def notify(self, event: Event) -> None:
        """Take note of an event. What fails here does not harm the run."""
        with suppress(Exception):
            self.note(event)

    def note(self, event: Event) -> None:
        """Take note of an event.

        `RunBegan` and `RunEnded` come in the thread that runs the pipeline, the others in the one that reads the log,
        which must not wait.
        """
        raise NotImplementedError


@dataclass
class Outcome:
    """What the listeners of a run will be told; `on_page`: whether one of them shows how far it is."""

    on_page: bool
    distiset: Any = None


@contextmanager
def announced(pipeline: Any, handlers: Iterable[logging.Handler]) -> Iterator[Outcome]:
    """Tell the listeners among `handlers` that a run begins, and how it ended: the block sets `.distiset`."""
    listeners = [handler for handler in handlers if isinstance(handler, RunListener)]
    error: BaseException | None = None
    for listener in listeners:
        listener.notify(RunBegan(pipeline))
    outcome = Outcome(on_page=any(listener.on_page for listener in listeners))
    try:
        yield outcome
    except BaseException as caught:
        error = caught
        raise
    finally:
        for listener in listeners:
            listener.notify(RunEnded(outcome.distiset, error))
