"""distilabel's own loops, queues and bookkeeping with a thread for each step instead of a process.

A run takes a fraction of a second. One that cannot go on is found by what it does, not by a clock: every thread waits
at an empty queue, or looks again and again at a state that none of the waiting threads can change.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from distilabel.pipeline.base import BasePipeline

_CACHE_LOCATION: Any = BasePipeline._cache_location
_NAP = 0.001
_LOOKS = 3  # a loop that has looked so often at a world that stands still has seen all of it


class Stuck(RuntimeError):
    """The run would wait forever."""


class _Ended(BaseException):
    """Ends a thread of a run that is over."""


class World:
    """The threads and queues of one run."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.threads = (
            2  # the loops of the pipeline, for its output and for what is loaded; then a thread for each step
        )
        self.waits: list[deque[bytes]] = []  # the queues at which threads wait
        self.events = 0  # whatever one thread does that another may see
        self.looks = (0, 0)
        self.stuck = self.over = False

    def happened(self) -> None:
        """Something changed; the caller holds the lock."""
        self.events += 1
        self.changed.notify_all()

    def look(self, moving: int = 0) -> bool:
        """Whether all threads but `moving` wait at empty queues; the caller holds the lock."""
        return len(self.waits) >= self.threads - moving and not any(self.waits)

    def get(self, items: deque[bytes]) -> Any:
        """The next item of a queue.

        Raises:
            Stuck: when all threads wait for one.
        """
        with self.changed:
            self.waits.append(items)
            try:
                while not items:
                    if self.over:
                        raise _Ended
                    if self.look():
                        self.stop()
                    if self.stuck and threading.current_thread().name != "step":
                        raise Stuck("all threads wait")
                    self.changed.wait()
            finally:
                for position, queue in enumerate(self.waits):
                    if queue is items:
                        del self.waits[position]
                        break
            self.happened()
            return pickle.loads(items.popleft())

    def nap(self, seconds: float = 0.0) -> None:
        """What a loop does that looks at a state until it is right."""
        time.sleep(_NAP)
        with self.changed:
            looks, events = self.looks
            self.looks = (looks + 1, events) if events == self.events and self.look(moving=1) else (0, self.events)
            if looks > _LOOKS:
                self.stop()
                raise Stuck("all threads wait, and one looks on")

    def stop(self) -> None:
        """Nothing can happen any more; the caller holds the lock."""
        self.stuck = True
        self.changed.notify_all()

    def end(self) -> None:
        """The run is over: whoever waits waits no longer."""
        with self.changed:
            self.over = True
            self.changed.notify_all()


class _WorldQueue:
    """A queue that hands over copies, as one between processes does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._items: deque[bytes] = deque()

    def put(self, item: Any) -> None:
        data = pickle.dumps(item)
        with self._world.changed:
            self._items.append(data)
            self._world.happened()

    def get(self, *_arguments: Any) -> Any:
        return self._world.get(self._items)

    def qsize(self) -> int:
        return len(self._items)

    def empty(self) -> bool:
        return not self._items


class _Manager:
    """Stands in for the process of queues."""

    def __init__(self, world: World) -> None:
        self.Queue = lambda: _WorldQueue(world)
        self._process = SimpleNamespace(is_alive=lambda: True, join=lambda timeout=None: None)

    def __enter__(self) -> _Manager:
        return self

    def __exit__(self, *exception: Any) -> None:
        pass

    def shutdown(self) -> None:
        pass

    join = shutdown


class _Threads:
    """Stands in for the pool of processes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> _Threads:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.terminate()
        self.join()

    def apply_async(self, function: Callable[[], Any], error_callback: Callable[[BaseException], Any]) -> None:
        def run() -> None:
            try:
                function()
            except _Ended:
                pass
            except Exception as error:
                error_callback(error)
            finally:
                with self._world.changed:
                    self._world.threads -= 1
                    self._world.happened()

        with self._world.changed:
            self._world.threads += 1
        self._threads.append(threading.Thread(target=run, name="step", daemon=True))
        self._threads[-1].start()

    def terminate(self) -> None:
        self._world.end()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def _location(pipeline: Any) -> dict[str, Any]:
    """`_cache_location`, computed once for a folder: distilabel dumps all steps for it, several times a batch."""
    known = vars(pipeline).setdefault("_locations", {})
    if pipeline._cache_dir not in known:
        known[pipeline._cache_dir] = _CACHE_LOCATION.fget(pipeline)
    return known[pipeline._cache_dir]


@contextmanager
def steps_in_threads() -> Iterator[None]:
    """Let every `Pipeline.run()` in this block run its steps in threads of this process.

    Raises:
        Stuck: from a run that would wait forever.
    """
    from distilabel.pipeline import base, local

    from prompt2data import pipelines
    from prompt2data.pipelines import flow
    from prompt2data.pipelines.worker_patches import STEP_PATCHES

    pipelines.install()
    worlds: list[World] = []

    def manager() -> _Manager:
        worlds[:] = [World()]
        return _Manager(worlds[0])

    clock = SimpleNamespace(sleep=lambda seconds: worlds[0].nap(), monotonic=time.monotonic)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "mp", SimpleNamespace(Queue=Queue, Manager=manager))
        patch.setattr(local, "_NoDaemonPool", lambda *_arguments, **_keywords: _Threads(worlds[0]))
        patch.setattr(base, "time", clock)
        patch.setattr(flow, "time", clock)
        patch.setattr(base.BasePipeline, "_cache_location", property(_location))
        for row in STEP_PATCHES:
            if row.name == "process_applying_mappings":
                owner = resolve_name(row.owner)
                patch.setattr(owner, row.name, row.value(getattr(owner, row.name)))
        yield
