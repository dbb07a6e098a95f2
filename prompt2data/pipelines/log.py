"""The log of a pipeline run: complete in a file, and in the notebook only what a reader should act on.

distilabel shows everything, formatted by rich, and changes the root logger for good. Here only its own logger is
redirected, for the duration of a run. The notebook gets warnings and errors as one plain line each; set
`DISTILABEL_LOG_LEVEL=INFO` (or `DEBUG`) to see more.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from contextlib import ExitStack
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import Queue
from typing import Any

from prompt2data.i18n import _
from prompt2data.pipelines.events import TRACEBACK, StepEvent, events_of

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# The exception or the sentence that follows has a better message.
_TOLD_AGAIN = ("❌ Failed to load", "🛑", "No output files for step")

_run_log = ExitStack()  # closed when the run ends


class OneLine(logging.Handler):
    """Prints a record as one line; a batch that failed as one sentence, without its traceback."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._failed: dict[int | None, StepEvent] = {}

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        for event in events_of(record):
            if isinstance(event, StepEvent) and event.kind == "failed":
                self._failed[record.process] = event  # its traceback follows, from the same process
                return
        if message.startswith(TRACEBACK):
            if failed := self._failed.pop(record.process, None):
                sentence = _("Step '{step}' failed on batch {batch}, whose rows now hold None: {error}")
                print(sentence.format(step=failed.step, batch=failed.batch, error=last_line(message)))
        elif record.levelno < logging.WARNING or not message.startswith(_TOLD_AGAIN):
            print(" ".join(message.split()))


def last_line(traceback: str) -> str:
    """The error at the end of a traceback, its message cut to one line: `ValueError: …`."""
    errors = re.findall(r"^[ \t]+.*\n((?:\w+\.)*\w+(?::.*)?)$", traceback, flags=re.MULTILINE)
    return errors[-1] if errors else traceback.strip().splitlines()[-1]


def setup_logging(log_queue: Queue[Any] | None, filename: str, logging_handlers: list[logging.Handler] | None) -> None:
    """Begin the log of a run in the process that runs it."""
    stop_logging()
    if log_queue is None:  # a pipeline class without workers, such as those of distilabel's own tests
        return
    chosen = os.environ.get("DISTILABEL_LOG_LEVEL", "").upper()
    if chosen and chosen not in _LEVELS:
        warnings.warn(f"DISTILABEL_LOG_LEVEL is '{chosen}', which is none of {', '.join(_LEVELS)}.", stacklevel=2)
        chosen = ""
    Path(filename).parent.mkdir(parents=True, exist_ok=True)
    file = logging.FileHandler(filename, delay=True, encoding="utf-8")
    file.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)-8s %(message)s", "%Y-%m-%d %H:%M:%S"))
    handlers = [*(logging_handlers or []), OneLine(getattr(logging, chosen or "WARNING")), file]
    listener = QueueListener(log_queue, *handlers, respect_handler_level=True)
    listener.start()
    logger = logging.getLogger("distilabel")
    _run_log.callback(logger.setLevel, logger.level)
    _run_log.callback(vars(logger).update, handlers=logger.handlers, propagate=logger.propagate)
    _run_log.callback(file.close)
    _run_log.callback(listener.stop)
    logger.handlers, logger.propagate = [QueueHandler(log_queue)], False
    logger.setLevel(chosen or "INFO")


def stop_logging() -> None:
    """End the run's log and restore the logger. Safe to call again."""
    _run_log.close()


def log_to(queue: Any) -> None:
    """In a worker: put log records into `queue`, distilabel's from INFO on, other libraries' from WARNING on."""
    root = logging.getLogger()
    root.handlers[:] = [QueueHandler(queue)]
    root.setLevel(logging.WARNING)
    chosen = os.environ.get("DISTILABEL_LOG_LEVEL", "").upper()
    logging.getLogger("distilabel").setLevel(chosen if chosen in _LEVELS else "INFO")
