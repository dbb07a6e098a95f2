"""Run a learner's code so that nothing escapes: no error, no endless loop, no change to what lies around it."""

from __future__ import annotations

import contextvars
import ctypes
import linecache
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

import numpy as np

_PATIENCE = 8.0  # seconds without `alive()`
_FAREWELL = 1.0  # seconds to end what was stopped
_STEP = 0.02

_beat = threading.local()


class TookTooLong(Exception):
    """The code did not end. Its thread may still run."""


class Stopped(BaseException):
    """Raised again and again inside code that does not end, so that catching everything does not help."""


def guarded(function: Callable[[], Any]) -> Any:
    """Call `function` in a thread of its own, and return or raise what it does.

    Afterwards the global random state, the working folder, the environment and the modules are as they were before.

    Raises:
        TookTooLong: where `alive()` was not called for some seconds.
    """
    result: list[Any] = []
    beat = [time.monotonic()]

    def run() -> None:
        _beat.last = beat
        try:
            result.append((function(), None))
        except BaseException as error:
            result.append((None, error))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="check", daemon=True)
    with _as_before():
        thread.start()
        try:
            while thread.is_alive() and time.monotonic() - beat[0] < _PATIENCE:
                thread.join(_STEP)
        finally:
            _stop(thread)
    if not result or isinstance(result[0][1], Stopped):
        raise TookTooLong
    value, error = result[0]
    if error is not None:
        raise error
    return value


def alive() -> None:
    """Say that the code in this thread goes on; outside `guarded` nothing happens."""
    if beat := getattr(_beat, "last", None):
        beat[0] = time.monotonic()


def _stop(thread: threading.Thread) -> None:
    until = time.monotonic() + _FAREWELL
    while thread.is_alive() and time.monotonic() < until:
        # Only Python code notices; what waits inside an operation written in C is left behind.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Stopped))
        thread.join(0.001)


@contextmanager
def _as_before() -> Iterator[None]:
    folder, environment, modules = os.getcwd(), dict(os.environ), dict(sys.modules)
    try:
        with GlobalRandomState():
            yield
    finally:
        with suppress(OSError):
            os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        for name, module in modules.items():  # what was imported meanwhile may stay
            if sys.modules.get(name) is not module:
                sys.modules[name] = module


class GlobalRandomState:
    """Context manager that restores the global random state of Python and numpy on exit.

    Attributes:
        changed: whether either state changed inside the block; known once it has ended.
    """

    changed = False

    def __enter__(self) -> GlobalRandomState:
        self._before = random.getstate(), np.random.get_state()
        return self

    def __exit__(self, *_error: object) -> None:
        python, numpy = self._before
        self.changed = random.getstate() != python or _comparable(np.random.get_state()) != _comparable(numpy)
        random.setstate(python)
        np.random.set_state(numpy)


def _comparable(state: Any) -> list[Any]:
    """A state of numpy's generator, which contains an array, as values that `==` compares."""
    return [np.asarray(part).tolist() for part in state]


def line_in(function: Any, traceback: TracebackType | None) -> str:
    """The last line of the file, or notebook cell, of `function` that a traceback passes; "" where there is none."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    line = ""
    while traceback is not None:
        frame = traceback.tb_frame
        if file is not None and frame.f_code.co_filename == file:
            line = linecache.getline(file, traceback.tb_lineno, frame.f_globals).strip() or line
        traceback = traceback.tb_next
    return line
