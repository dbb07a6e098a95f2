"""The events of a run, parsed from distilabel's log once for all listeners: progress bar, monitor, step times."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from prompt2data.engine.text_counts import TextsCounted

TRACEBACK = "Subprocess traceback:"
_STEP_EVENTS = {
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
    """The run begins; the first event."""

    pipeline: Any


@dataclass
class RunEnded:
    """The run returned its distiset or raised an error; the last event."""

    distiset: Any = None
    error: BaseException | None = None


@dataclass(frozen=True)
class StagesPlanned:
    """The steps that each stage will load, and those whose rows come from the cache."""

    stages: dict[int, list[str]]
    cached: list[str]


@dataclass(frozen=True)
class AllCached:
    """No step has to run: all rows come from the cache."""


@dataclass(frozen=True)
class StageLoading:
    """All processes of a stage have been started, at `time` in seconds since the epoch."""

    stage: int
    time: float


@dataclass(frozen=True)
class StepEvent:
    """Something happened to one step, at `time` in seconds since the epoch.

    Kinds: all its replicas are "loaded"; a generator begins ("yielding"); a batch "began", was "sent" on, or "failed"
    and holds `None`; a replica has "finished"; a global step failed and is "left out". Only batches have a `batch`.
    """

    kind: str
    step: str
    batch: int | None
    time: float


@dataclass(frozen=True)
class BatchReceived:
    """A step's batch of `rows` rows arrived in the main process; `last`: it is the step's last one."""

    step: str
    batch: int
    rows: int
    last: bool


Event = RunBegan | RunEnded | StagesPlanned | AllCached | StageLoading | StepEvent | BatchReceived | TextsCounted


def events_of(record: logging.LogRecord) -> Iterator[Event]:
    """The events in a record of the run's log."""
    message = record.getMessage()
    if not record.name.startswith("distilabel") or message.startswith(TRACEBACK):
        return  # may hold text of a model
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
                batch = match["batch"] if "batch" in pattern.groupindex else None
                yield StepEvent(kind, match["step"], int(batch) if batch else None, record.created)


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
    """A handler for `pipeline.run(logging_handlers=[…])` that receives the events of the run."""

    on_page = False  # whether it shows progress to the reader, so that no progress bar is needed

    def __init__(self) -> None:
        super().__init__(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        for event in events_of(record):
            self.notify(event)

    def notify(self, event: Event) -> None:
        """Handle an event; an error in a listener does not harm the run."""
        with suppress(Exception):
            self.note(event)

    def note(self, event: Event) -> None:
        """Handle an event.

        `RunBegan` and `RunEnded` come from the thread that runs the pipeline, the others from the thread that reads
        the log, which must not block.
        """
        raise NotImplementedError


@contextmanager
def announced(pipeline: Any, handlers: Iterable[logging.Handler]) -> Iterator[RunEnded]:
    """Tell the listeners among `handlers` that a run begins, and how it ended: the block sets `.distiset`."""
    listeners = [handler for handler in handlers if isinstance(handler, RunListener)]
    for listener in listeners:
        listener.notify(RunBegan(pipeline))
    ended = RunEnded()
    try:
        yield ended
    except BaseException as error:
        ended.error = error
        raise
    finally:
        for listener in listeners:
            listener.notify(ended)
