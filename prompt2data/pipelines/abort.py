"""How a pipeline run ends when it does not end well: at once, with one error, and with nothing left behind.

Each function here takes a method of distilabel's pipeline classes and gives the one that replaces it
(`pipelines.install()` puts them in place).
"""

from __future__ import annotations

import functools
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from prompt2data.ground.errors import PipelineError, interrupted, manager_died

_POLL_SECONDS = 0.02


def abort(pipeline: Any, error: BaseException) -> None:
    """End the run of `pipeline` with this error: its workers are killed, its loops get what they wait for."""
    from distilabel.pipeline.base import _STEP_LOAD_FAILED_CODE

    if pipeline._exception is not None:
        return
    pipeline._exception = error
    if pool := getattr(pipeline, "_pool", None):
        pool.kill()
    with suppress(EOFError, OSError):  # the manager may be what died
        pipeline._stop_load_queue_loop()  # first what the steps said before, so that it cannot overwrite this:
        pipeline._load_steps_thread.join()
    with pipeline._steps_load_status_lock:
        for step in pipeline.dag:
            pipeline._steps_load_status[step] = _STEP_LOAD_FAILED_CODE
    with suppress(EOFError, OSError):
        pipeline._stop_output_queue_loop()


def error_callback(stock: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(stock)
    def error_callback(self: Any, error: BaseException) -> None:
        if not isinstance(error, PipelineError):  # distilabel's own exceptions, from a pool that is not ours
            stock(self, error)
        elif _manager_is_gone(self, error):
            abort(self, manager_died())
        elif _distilabel_goes_on(self, error):
            stock(self, error.wrapped)
        else:
            if details := getattr(error, "details", ""):
                self._logger.debug(details)
            abort(self, error)

    return error_callback


def _manager_is_gone(pipeline: Any, error: BaseException) -> bool:
    """Whether a step failed because the process that holds its queues died."""
    process = pipeline._manager._process
    if isinstance(error.__cause__, EOFError | ConnectionError):
        process.join(timeout=2)  # a step loses its queues a moment before the end of that process is known here
    return not process.is_alive()


def _distilabel_goes_on(pipeline: Any, error: BaseException) -> bool:
    """Whether distilabel has a use for this failure: offline generation not ready, or a side branch that it drops."""
    from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
    from distilabel.pipeline.step_wrapper import _StepWrapperException

    wrapped = getattr(error, "wrapped", None)
    if not isinstance(wrapped, _StepWrapperException) or wrapped.is_load_error:
        return False
    if isinstance(wrapped.subprocess_exception, DistilabelOfflineBatchGenerationNotFinishedException):
        return True
    name = wrapped.step.name
    dead_end = not list(pipeline.dag.get_step_successors(name)) and not pipeline.dag.step_in_last_trophic_level(name)
    return wrapped.step.is_global and dead_end


def keep_first_error(stock: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(stock)
    def set_steps_not_loaded_exception(self: Any) -> None:
        deadline = time.monotonic() + 5  # a step says "load failed" a moment before it says why
        while self._exception is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if self._exception is None:
            stock(self)

    return set_steps_not_loaded_exception


def recording_errors(stock: Callable[..., None]) -> Callable[..., None]:
    """A loop that runs in a thread: an error in it ends the run instead of being printed and forgotten."""

    @functools.wraps(stock)
    def loop(self: Any) -> None:
        try:
            stock(self)
        except (EOFError, ConnectionError) as error:
            if self._exception is None:
                self._exception = manager_died()
                self._exception.__cause__ = error
        except Exception as error:
            if self._exception is None:
                self._exception = error

    return loop


def unless_failed(stock: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(stock)
    def run_stage_steps_and_wait(self: Any, stage: int) -> bool:
        return self._exception is None and stock(self, stage) and self._exception is None

    return run_stage_steps_and_wait


def quiet_teardown(stock: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(stock)
    def teardown(self: Any) -> None:
        if self._exception is None:
            stock(self)
            return
        with suppress(Exception):  # the error is known; what is half made may fail to close
            stock(self)

    return teardown


def handle_keyboard_interrupt(self: Any) -> Any:
    """Let an interrupt end the run at once. distilabel waits for the batches at work, and then calls `sys.exit`."""
    if threading.current_thread() is not threading.main_thread():
        return None

    def on_interrupt(signum: int, frame: Any) -> None:
        if self._exception is not None or not hasattr(self, "_load_steps_thread"):
            raise interrupted()
        abort(self, interrupted())

    return signal.signal(signal.SIGINT, on_interrupt)
