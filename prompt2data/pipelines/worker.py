"""Code that runs inside a worker: the process of one step of a pipeline.

A worker gets everything as arguments, since it is forked from a server that started with another environment:
environment variables, folder, thread count, and the step itself, pickled by value (so that steps defined in a cell
work, and the notebook or script is not imported again). It reports through a pipe of its own. No lock is shared
between workers, so a killed worker cannot leave one locked.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from prompt2data import i18n
from prompt2data.ground.children import guard
from prompt2data.ground.quiet import quiet
from prompt2data.pipelines import log
from prompt2data.pipelines.patching import apply_patches
from prompt2data.pipelines.worker_patches import FILE_PATCHES, STEP_PATCHES, load_distilabel


@dataclass
class Surroundings:
    """What a worker takes over from the notebook's process."""

    pipeline: str
    cache_id: str
    step: str
    replica: int
    threads: int
    parent: int = field(default_factory=os.getpid)
    folder: str = field(default_factory=os.getcwd)
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def apply(self) -> None:
        """Bring this process into the state of the notebook's process."""
        os.environ.clear()
        os.environ.update(self.environ)
        os.chdir(self.folder)
        os.environ["OMP_NUM_THREADS"] = str(self.threads)
        if "torch" in sys.modules:  # loaded in the fork server: too late for the variable
            sys.modules["torch"].set_num_threads(self.threads)


class Channel:
    """The worker's end of its pipe: log records, printed text and the outcome, each as `(kind, content)`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, kind: str, content: Any) -> None:
        """Send one message; ignore that the notebook's process is gone (the guard ends this one)."""
        with self._lock, suppress(BrokenPipeError, ConnectionResetError):
            self._connection.send((kind, content))

    def put_nowait(self, record: logging.LogRecord) -> None:
        """Send a log record: for `QueueHandler`, this is a queue."""
        self.send("log", record)


class ChannelText(io.TextIOBase):
    """`sys.stdout` of a worker: what a step prints appears under the cell that runs the pipeline."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self._channel.send("print", text)
        return len(text)


def prepare_manager(parent: int) -> None:
    """Prepare the process that holds the queues: it unpickles batches, and so imports distilabel."""
    guard(parent)
    warnings.simplefilter("ignore")


def prepare_worker() -> None:
    """Do the part of `setup()` that a worker needs; it has got the environment already."""
    if "PROMPT2DATA_LANGUAGE" in os.environ:
        i18n.set_language(os.environ["PROMPT2DATA_LANGUAGE"])
    quiet()
    load_distilabel()
    apply_patches([*FILE_PATCHES, *STEP_PATCHES])


def setup_logging(log_queue: Any = None, filename: str | None = None, logging_handlers: Any = None) -> None:
    """Replace distilabel's function of this name. Without `filename`, the caller is a Ray worker."""
    if filename is None:
        prepare_worker()
        log.log_to(log_queue)
    else:
        log.setup_logging(log_queue, filename, logging_handlers)


def run_step(connection: Connection, surroundings: Surroundings, payload: bytes) -> None:
    """The worker's main function: run the pickled `_StepWrapper` to its end and report how it ended."""
    signal.signal(signal.SIGINT, _note_interrupt)
    guard(surroundings.parent)
    channel = Channel(connection)
    sys.stdout = ChannelText(channel)
    surroundings.apply()
    try:
        prepare_worker()
        # Slow to import, and quiet only after prepare_worker().
        import cloudpickle
        from distilabel.pipeline.base import set_pipeline_running_env_variables

        set_pipeline_running_env_variables(surroundings.pipeline, surroundings.cache_id)
        log.log_to(channel)
        cloudpickle.loads(payload).run()
    except BaseException as error:
        channel.send("failed", _account(error))
    else:
        channel.send("done", None)


def _note_interrupt(signum: int, frame: Any) -> None:
    # An interrupt reaches the whole process group. The notebook's process decides; distilabel's offline generation
    # looks at this variable.
    os.environ["sigint_handler_called"] = "1"


def _account(error: BaseException) -> dict[str, Any]:
    """Describe an error to the notebook's process, and add the error itself where it can be pickled."""
    import cloudpickle

    portable: bytes | None = None
    with suppress(Exception):
        data = cloudpickle.dumps(error)
        cloudpickle.loads(data)  # some exceptions can be pickled, but not unpickled
        portable = data
    cause = getattr(error, "subprocess_exception", error)
    return {
        "summary": f"{type(cause).__name__}: {cause}".strip().removesuffix(":"),
        "loading": getattr(error, "is_load_error", False),
        "traceback": getattr(error, "formatted_traceback", "") or "".join(traceback.format_exception(error)),
        "error": portable,
    }
