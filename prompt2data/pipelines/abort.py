"""How a pipeline run ends when it does not end well: at once, with one error, and with nothing left behind.

Functions that take `original` first replace the method of distilabel that `patches` names.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from prompt2data.ground.errors import PipelineError, StepFailed, interrupted, manager_died
from prompt2data.pipelines import flow
from prompt2data.pipelines.flow import POLL_SECONDS
from prompt2data.pipelines.processes import StepProcesses


def abort(pipeline: Any, error: BaseException) -> None:
    """End the run of `pipeline` with this error: its workers are killed, its loops get what they wait for."""
    from distilabel.pipeline.base import _STEP_LOAD_FAILED_CODE  # distilabel is slow to import

    if pipeline._exception is not None:
        return
    pipeline._exception = error
    if pool := getattr(pipeline, "_pool", None):
        pool.terminate()
    with suppress(EOFError, OSError):  # the manager may be what died
        pipeline._stop_load_queue_loop()  # first what the steps said before, so that it cannot overwrite this:
        pipeline._load_steps_thread.join()
    with pipeline._steps_load_status_lock:
        for step in pipeline.dag:
            pipeline._steps_load_status[step] = _STEP_LOAD_FAILED_CODE
    with suppress(EOFError, OSError):
        pipeline._stop_output_queue_loop()


def error_callback(original: Callable[..., None], self: Any, error: BaseException) -> None:
    """End the run with the error of a worker, unless distilabel goes on without the step."""
    if not isinstance(error, PipelineError):  # distilabel's own exceptions, from a pool that is not ours
        original(self, error)
    elif _manager_is_gone(self, error):
        abort(self, manager_died())
    elif isinstance(error, StepFailed) and _distilabel_goes_on(self, error.wrapped):
        self._prompt2data_left_out.add(error.step)
        original(self, error.wrapped)
    else:
        if error.details:
            self._logger.debug(error.details)
        abort(self, error)


def _manager_is_gone(pipeline: Any, error: BaseException) -> bool:
    """Whether a step failed because the process that holds its queues died."""
    process = pipeline._manager._process
    if isinstance(error.__cause__, EOFError | ConnectionError):
        process.join(timeout=2)  # a step loses its queues a moment before the end of that process is known here
    return not process.is_alive()


def _distilabel_goes_on(pipeline: Any, wrapped: BaseException | None) -> bool:
    """Whether distilabel has a use for this failure: offline generation not ready, or a side branch that it drops."""
    # distilabel is slow to import.
    from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
    from distilabel.pipeline.step_wrapper import _StepWrapperException

    if not isinstance(wrapped, _StepWrapperException) or wrapped.is_load_error:
        return False
    if isinstance(wrapped.subprocess_exception, DistilabelOfflineBatchGenerationNotFinishedException):
        return True
    name = wrapped.step.name
    dead_end = not list(pipeline.dag.get_step_successors(name)) and not pipeline.dag.step_in_last_trophic_level(name)
    return wrapped.step.is_global and dead_end


def keep_first_error(original: Callable[..., None], self: Any) -> None:
    """Let the error of the step that did not load end the run, and a general one only where there is none."""
    deadline = time.monotonic() + 5  # a step says "load failed" a moment before it says why
    while self._exception is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if self._exception is None:
        original(self)


def record_errors(original: Callable[..., None], self: Any) -> None:
    """Run a loop of a thread so that an error in it ends the run, instead of being printed and forgotten."""
    try:
        original(self)
    except (EOFError, ConnectionError) as error:
        if self._exception is None:
            self._exception = manager_died()
            self._exception.__cause__ = error
    except Exception as error:
        if self._exception is None:
            self._exception = error


def count_replicas(original: Callable[..., None], self: Any) -> None:
    """Count the replicas of each step that are at work, in a loop whose errors end the run."""
    record_errors(flow.count_replicas, self)


def unless_failed(original: Callable[..., bool], self: Any, stage: int) -> bool:
    """Start a stage only in a run that has not failed; whether it still has not when the stage is loaded."""
    return self._exception is None and original(self, stage) and self._exception is None


def quiet_teardown(original: Callable[..., None], self: Any) -> None:
    """Tear down; after a failure, whatever closing half-built parts raises is ignored.

    A global step that fails hands on its last batch, an empty one, before it reports the error: hence the wait.
    """
    pool = getattr(self, "_pool", None)
    if isinstance(pool, StepProcesses) and self._exception is None and not self._stop_called:
        pool.wait_for_reports()
    try:
        original(self)
    except Exception:
        if self._exception is None:
            raise


def handle_keyboard_interrupt(self: Any) -> Any:
    """Let an interrupt end the run at once. distilabel waits for the batches at work, and then calls `sys.exit`."""
    if threading.current_thread() is not threading.main_thread():
        return None

    def on_interrupt(signum: int, frame: Any) -> None:
        if self._exception is not None or not hasattr(self, "_load_steps_thread"):
            raise interrupted()
        abort(self, interrupted())

    return signal.signal(signal.SIGINT, on_interrupt)
