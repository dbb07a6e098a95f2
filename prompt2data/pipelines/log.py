"""The log of a pipeline run: complete in a file, and in the notebook only what a reader should act on.

distilabel shows everything, formatted by rich, and takes over the root logger for good. Here its own logger alone is
redirected, for the duration of a run. The notebook gets warnings and errors as one plain line each; set
`DISTILABEL_LOG_LEVEL=INFO` (or `DEBUG`) to see more.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

from prompt2data.engine.text_counts import TextCounts
from prompt2data.i18n import _

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_BLANKED_BATCH = re.compile(r"Processing batch (?P<batch>\d+) with step '(?P<step>[^']+)' failed")
_TRACEBACK = "Subprocess traceback:"
# Said better by the exception that follows.
_SAID_ELSEWHERE = ("❌ Failed to load", "🛑")

ROWS = logging.getLogger("distilabel.rows")
texts: TextCounts | None = None  # the TextCounts of the run that goes on, or went last
_listener: QueueListener | None = None
_file: logging.FileHandler | None = None
_before: tuple[list[logging.Handler], int, bool] | None = None


class OneLine(logging.Handler):
    """Prints a record as one line; a batch that failed as one sentence, without its traceback."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._blanked: dict[int | None, re.Match[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if match := _BLANKED_BATCH.search(message):
            self._blanked[record.process] = match  # its traceback follows, from the same process
            return
        if message.startswith(_TRACEBACK):
            if match := self._blanked.pop(record.process, None):
                print(
                    _("Step '{step}' failed on batch {batch}, whose rows now hold None: {error}").format(
                        step=match["step"], batch=match["batch"], error=last_line(message)
                    )
                )
            return
        if record.levelno >= logging.WARNING and message.startswith(_SAID_ELSEWHERE):
            return
        print(" ".join(message.split()))


def count_rows(step: str, batch: int, rows: int) -> None:
    """Note in the log how many rows a step handed on with a batch: the record has `step`, `batch` and `rows`."""
    ROWS.info("Batch %d of '%s': %d rows", batch, step, rows, extra={"step": step, "batch": batch, "rows": rows})


class RunListener(logging.Handler):
    """A handler for `pipeline.run(logging_handlers=[…])` that is also told when the run begins and how it ends.

    Attributes:
        on_page: whether it shows the reader how far the run is, so that no progress bar is needed.
    """

    on_page = False

    def run_began(self, pipeline: Any) -> None:
        """Called before the first record, in the thread that runs the pipeline."""

    def run_ended(self, distiset: Any, error: BaseException | None) -> None:
        """Called after the last record, in the same thread, with what the run returned (None: it failed) or raises."""


@contextmanager
def told(handlers: list[logging.Handler] | None, pipeline: Any) -> Iterator[SimpleNamespace]:
    """Tell the listeners among `handlers` of the run within the `with` block; it sets `.distiset` of what it gets.

    `.on_page` says whether one of them shows how far the run is. What fails in a listener does not harm the run.
    """
    listeners = [handler for handler in handlers or () if isinstance(handler, RunListener)]
    outcome, error = SimpleNamespace(distiset=None, on_page=False), None
    for listener in listeners:
        with suppress(Exception):
            listener.run_began(pipeline)
    outcome.on_page = any(listener.on_page for listener in listeners)
    try:
        yield outcome
    except BaseException as caught:
        error = caught
        raise
    finally:
        for listener in listeners:
            with suppress(Exception):
                listener.run_ended(outcome.distiset, error)


def last_line(traceback: str) -> str:
    """What a traceback says in the end, its message cut to one line: `ValueError: …`."""
    found = re.findall(r"^[ \t]+.*\n((?:\w+\.)*\w+(?::.*)?)$", traceback, flags=re.MULTILINE)
    return found[-1] if found else traceback.strip().splitlines()[-1]


def setup_logging(
    log_queue: Queue[Any] | None = None,
    filename: str | None = None,
    logging_handlers: list[logging.Handler] | None = None,
) -> None:
    """Begin the log of a run in the process that runs it."""
    global _listener, _file, _before, texts
    stop_logging()
    if log_queue is None:  # a pipeline class without workers
        return
    chosen = os.environ.get("DISTILABEL_LOG_LEVEL", "").upper()
    if chosen and chosen not in _LEVELS:
        warnings.warn(f"DISTILABEL_LOG_LEVEL is '{chosen}', which is none of {', '.join(_LEVELS)}.", stacklevel=2)
        chosen = ""
    Path(filename).parent.mkdir(parents=True, exist_ok=True)
    _file = logging.FileHandler(filename, delay=True, encoding="utf-8")
    _file.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)-8s %(message)s", "%Y-%m-%d %H:%M:%S"))
    texts = TextCounts()
    handlers = [*(logging_handlers or []), texts, OneLine(getattr(logging, chosen or "WARNING")), _file]
    _listener = QueueListener(log_queue, *handlers, respect_handler_level=True)
    _listener.start()
    logger = logging.getLogger("distilabel")
    _before = (logger.handlers, logger.level, logger.propagate)
    logger.handlers, logger.propagate = [QueueHandler(log_queue)], False
    logger.setLevel(chosen or "INFO")


def stop_logging() -> None:
    """End the run's log and give the logger back as it was. Safe to call again."""
    global _listener, _file, _before
    if _listener is not None:
        _listener.stop()
        _file.close()
        _listener = _file = None
    if _before is not None:
        logger = logging.getLogger("distilabel")
        logger.handlers, level, logger.propagate = _before
        logger.setLevel(level)
        _before = None


class _Sender(QueueHandler):
    """Makes records picklable (as QueueHandler does) and hands them to a function."""

    def __init__(self, send: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(None)
        self._send = send

    def enqueue(self, record: logging.LogRecord) -> None:
        self._send(record)


def log_to(send: Callable[[logging.LogRecord], None]) -> None:
    """In a worker: hand every log record to `send`, distilabel's from INFO on, other libraries' from WARNING on."""
    root = logging.getLogger()
    root.handlers[:] = [_Sender(send)]
    root.setLevel(logging.WARNING)
    chosen = os.environ.get("DISTILABEL_LOG_LEVEL", "").upper()
    logging.getLogger("distilabel").setLevel(chosen if chosen in _LEVELS else "INFO")
