"""Processes for the steps of a pipeline: one per step replica, watched, and never left behind.

`StepProcesses` replaces distilabel's `multiprocessing.Pool`, which silently restarts a dead worker, forks while OpenMP
threads are running, and pickles functions by name. Here a death is reported with the step's name, workers come from a
clean server process, and steps are pickled by value.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from multiprocessing.managers import SyncManager
from typing import Any

from prompt2data.ground.errors import StepFailed, not_portable, worker_died
from prompt2data.ground.machine import available_cores
from prompt2data.i18n import _
from prompt2data.pipelines import worker

_PRELOAD = ["prompt2data.pipelines.preload"]
_PRELOAD_MODELS = ["prompt2data.pipelines.preload_models"]
_JOIN_SECONDS = 5.0
_REPORT_SECONDS = 30.0  # a run that went well never needs it
_state = threading.local()
# multiprocessing polls the exit codes of all its children when it starts one; two polls at once lose a code.
_polling = threading.Lock()


def context() -> Any:
    """The multiprocessing context of pipelines: a fork server on Linux, new processes elsewhere.

    `PROMPT2DATA_START_METHOD` overrides this. The start method of other processes is not changed.
    """
    default = "forkserver" if sys.platform.startswith("linux") else "spawn"
    method = os.environ.get("PROMPT2DATA_START_METHOD", default)
    chosen = multiprocessing.get_context(method)
    if method == "forkserver":
        chosen.set_forkserver_preload(_PRELOAD + (_PRELOAD_MODELS if "torch" in sys.modules else []))
    return chosen


@contextmanager
def _starting() -> Iterator[None]:
    """Start a process in this block: it does not import the notebook's or script's `__main__` again.

    Steps are sent by value, so no worker needs it; a script without `if __name__ == "__main__"` would run itself again
    in each of them.
    """
    with _polling:
        _state.without_main = True
        try:
            yield
        finally:
            _state.without_main = False


def prepare_without_main(original: Callable[[str], dict[str, Any]], name: str) -> dict[str, Any]:
    """`multiprocessing.spawn.get_preparation_data`, without the main module for the processes of `_starting()`."""
    data = original(name)
    if getattr(_state, "without_main", False):
        data.pop("init_main_from_name", None)
        data.pop("init_main_from_path", None)
    return data


def start_manager() -> SyncManager:
    """Start the process that holds the queues between steps; it ends with this one."""
    manager = SyncManager(ctx=context())
    with _starting():
        manager.start(worker.prepare_manager, (os.getpid(),))
    return manager


class _Worker:
    """One process and the thread that listens to it."""

    def __init__(self, owner: StepProcesses, surroundings: worker.Surroundings, payload: bytes) -> None:
        self.owner = owner
        self.step = surroundings.step
        ours, theirs = multiprocessing.Pipe(duplex=False)
        name = f"{surroundings.step}-{surroundings.replica}"
        self.process = context().Process(target=worker.run_step, args=(theirs, surroundings, payload), name=name)
        try:
            with _starting():
                self.process.start()
        except (OSError, EOFError) as error:  # the fork server or the new process was killed while it started
            ours.close()
            raise worker_died(self.step, None) from error
        finally:
            theirs.close()
        self.finished = False
        self.thread = threading.Thread(target=self._listen, args=(ours,), name=f"listen-{name}", daemon=True)
        self.thread.start()

    def _listen(self, connection: Connection) -> None:
        failure: BaseException | None = None
        with connection:
            while not self.finished:
                ready = wait([connection, self.process.sentinel])
                if connection in ready:
                    try:
                        kind, content = connection.recv()
                    except (EOFError, OSError):
                        break
                    except Exception:  # a log record that cannot be read here is not worth a run
                        continue
                    if kind == "log":
                        self.owner.log_queue.put_nowait(content)
                    elif kind == "print":
                        sys.stdout.write(content)
                    else:
                        self.finished = True
                        failure = _read_failure(self.step, content) if kind == "failed" else None
                elif not connection.poll():
                    break
        if not self.finished and not self.owner.stopped:
            wait([self.process.sentinel], timeout=_JOIN_SECONDS)
            with _polling:
                failure = worker_died(self.step, self.process.exitcode)
        if failure is not None and not self.owner.stopped:
            self.owner.report(failure)

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        import psutil

        with suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            for member in (*process.children(recursive=True), process):
                with suppress(psutil.Error):
                    member.kill()

    def join(self) -> None:
        """Wait until the process has exited and its pipe is drained."""
        if not wait([self.process.sentinel], timeout=_JOIN_SECONDS):
            self.kill()
        if threading.current_thread() is not self.thread:
            self.thread.join(timeout=_JOIN_SECONDS)
        with _polling:
            self.process.join(timeout=0)


class StepProcesses(AbstractContextManager["StepProcesses"]):
    """The processes of one pipeline run.

    The interface is the part of `multiprocessing.Pool` that distilabel uses: `apply_async`, `terminate`, `join`, and
    the `with` statement. A worker starts when its step is due, so the number of processes is not fixed in advance.
    """

    def __init__(
        self, processes: int | None = None, initializer: Callable[..., Any] | None = None, initargs: Any = ()
    ) -> None:
        self.log_queue, self._pipeline_name, self._cache_id = initargs
        self._workers: list[_Worker] = []
        self.report: Callable[[BaseException], Any]
        self.stopped = False
        # Before multiprocessing's own exit function, which would wait for processes still at work.
        self._finalizer = util.Finalize(self, StepProcesses._kill_all, args=(self._workers,), exitpriority=100)

    def __exit__(self, *exception: Any) -> None:
        self.terminate()
        self.join()

    def apply_async(self, function: Any, error_callback: Any) -> None:
        """Start a process for `function`, the `run` of distilabel's `_StepWrapper`."""
        if self.stopped:
            return
        self.report, step_wrapper = error_callback, function.__self__
        step = step_wrapper.step.name
        surroundings = worker.Surroundings(
            pipeline=self._pipeline_name,
            cache_id=self._cache_id,
            step=step,
            replica=step_wrapper.replica,
            threads=threads_for(error_callback.__self__, step),
        )
        self._workers.append(_Worker(self, surroundings, pickled(step_wrapper)))

    def wait_for_reports(self) -> None:
        """Wait until all workers have reported how they ended, in a run whose batches have all arrived."""
        deadline = time.monotonic() + _REPORT_SECONDS
        for process in self._workers:
            process.thread.join(max(0.0, deadline - time.monotonic()))

    @staticmethod
    def _kill_all(processes: list[_Worker]) -> None:
        for process in processes:
            if not process.finished:
                process.kill()

    def terminate(self) -> None:
        """Kill all workers; what they still report is no longer an error."""
        self.stopped = True
        self._kill_all(self._workers)

    def join(self) -> None:
        """Wait until all processes have exited."""
        for process in self._workers:
            process.join()
        self._finalizer.cancel()


def pickled(step_wrapper: Any) -> bytes:
    """The step with all it needs, by value where it is defined in a notebook or script.

    Raises:
        NotPortable: in one sentence, when something in it cannot leave this process.
    """
    import cloudpickle

    try:
        return cloudpickle.dumps(step_wrapper)
    except Exception as error:
        raise not_portable(step_wrapper.step.name, error) from error


def threads_for(pipeline: Any, step: str) -> int:
    """How many cores this step may use: all of them, shared between the models that are loaded at the same time."""
    cores = available_cores()
    if os.environ.get("OMP_NUM_THREADS", "").isdigit():
        cores = min(cores, int(os.environ["OMP_NUM_THREADS"]))
    stages, _last_steps = pipeline._get_steps_load_stages()
    together = next((stage for stage in stages if step in stage), [step])
    models = sum(pipeline.dag.get_step_replica_count(name) for name in together if _has_model(pipeline, name))
    return max(1, cores // max(1, models))


def _has_model(pipeline: Any, name: str) -> bool:
    step = pipeline.dag.get_step(name)["step"]
    return any(hasattr(step, field) for field in ("llm", "embeddings", "image_generation_model"))


def _read_failure(step: str, account: dict[str, Any]) -> StepFailed:
    if account["loading"]:
        sentence = _("Step '{step}' could not load: {error}")
    else:
        sentence = _("Step '{step}' failed, and the pipeline cannot go on without it: {error}")
    failure = StepFailed(sentence.format(step=step, error=" ".join(account["summary"].split())), step)
    failure.details = account["traceback"]
    if account["error"] is not None:
        import cloudpickle

        failure.wrapped = wrapped = cloudpickle.loads(account["error"])
        failure.__cause__ = getattr(wrapped, "subprocess_exception", wrapped)
    return failure
