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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

import numpy as np

_PATIENCE = 5.0  # seconds of work without `alive()`
_NAP = 8.0  # seconds without `alive()` in which it works for a smaller share than `_AWAKE`
_AWAKE = 0.02
_LONGEST = 20.0  # seconds without `alive()`, whatever it does
_FAREWELL = 1.0  # seconds to end what was stopped
_STEP = 0.02
_OTHERS = {"prompt2data", *sys.stdlib_module_names}  # modules that are not a learner's

_here = threading.local()


class TookTooLong(Exception):
    """The code did not end; its thread may still wait for something.

    Attributes:
        doing: the call that did not end, as `alive` was told.
        line: the learner's line that it was at.
    """

    def __init__(self, doing: str = "", line: str = "") -> None:
        super().__init__(doing)
        self.doing, self.line = doing, line


class Stopped(SystemExit):  # of all errors the one that no thread reports when it dies of it
    """Raised again and again inside code that does not end, so that catching everything does not help."""


@dataclass
class _Signs:
    """The signs of life of a thread; of the last one seen its number, when that was, and the work done by then."""

    doing: str = ""
    number: int = 0  # of signs given; none until the thread has begun
    seen: tuple[int, float, float] = 0, 0.0, 0.0
    clock: int | None = None  # of the thread's work; macOS and Windows have none

    def missing(self) -> bool:
        now, worked = time.monotonic(), self.seen[2]
        with suppress(OSError):  # the thread has just ended; else a machine busy with others makes no answer wrong
            worked = now if self.clock is None else time.clock_gettime(self.clock)
        if not self.number or self.number > self.seen[0]:  # it has not begun, or goes on
            self.seen = self.number, now, worked
            return False
        waited, worked = now - self.seen[1], worked - self.seen[2]
        return worked > _PATIENCE or waited > _LONGEST or (waited > _NAP and worked < _AWAKE * waited)


def alive(doing: str = "") -> None:
    """Say that the code in this thread goes on, with a call or another thing; outside `guarded` nothing happens."""
    if signs := getattr(_here, "signs", None):
        signs.doing, signs.number = doing, signs.number + 1  # no clock is read: it is called a thousand times


def guarded(function: Callable[[], Any]) -> Any:
    """Call `function` in a thread of its own, and return or raise what it does.

    Afterwards the global random state, the working folder, the environment, the modules and the output are as before.

    Raises:
        TookTooLong: where `alive()` was not called for some seconds.
    """
    result: list[Any] = []
    signs, working = _Signs(), threading.Lock()  # unlike `join` and an event, no interruption harms it
    working.acquire()

    def run() -> None:
        with suppress(Stopped):  # one that comes late
            try:
                with suppress(AttributeError, OSError):
                    signs.clock = time.pthread_getcpuclockid(threading.get_ident())
                _here.signs = signs
                alive()
                result.append((function(), None))
            except BaseException as error:
                result.append((None, error))
            finally:
                working.release()

    # The context lets what is printed in the thread reach the cell that runs.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="check", daemon=True)
    with _as_before():
        try:  # an interruption may come before `start` returns
            thread.start()
            while not (ended := working.acquire(timeout=_STEP)) and not signs.missing():
                pass
            if not ended:
                raise TookTooLong(signs.doing, _line_now(thread))
        finally:  # also where the learner interrupts
            _stop(thread, result)
    [(value, error)] = result
    if error is not None:
        raise error
    return value


def _stop(thread: threading.Thread, result: list[Any]) -> None:
    if result:
        return
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    until = time.monotonic() + _FAREWELL
    report = sys.unraisablehook
    sys.unraisablehook = lambda told: None if told.exc_type is Stopped else report(told)  # it may meet a finalizer
    try:
        # Only Python code notices; what waits inside an operation written in C is left behind, and ends after it.
        while not result and time.monotonic() < until:
            ident = ctypes.c_ulong(thread.ident or 0)  # none yet where the interruption came while it started
            if thread.ident and not raise_in(ident, ctypes.py_object(Stopped)):
                break
            time.sleep(0.01)
        if result:
            raise_in(ctypes.c_ulong(thread.ident or 0), None)  # the last one, if it has not come yet
    finally:
        sys.unraisablehook = report


@contextmanager
def _as_before() -> Iterator[None]:
    folder, environment, modules = _folder(), dict(os.environ), dict(sys.modules)
    try:
        with GlobalRandomState(), redirect_stdout(sys.stdout), redirect_stderr(sys.stderr):
            yield
    finally:
        if folder and _folder() != folder:
            with suppress(OSError):
                os.chdir(folder)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update({name: text for name, text in environment.items() if os.environ.get(name) != text})
        # What was imported meanwhile may stay.
        sys.modules.update({name: it for name, it in modules.items() if sys.modules.get(name) is not it})


def _folder() -> str:
    """The working folder; "" if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


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


def line_in(traceback: TracebackType | None) -> str:
    """The learner's own line in a traceback: the last one of the file, or cell, that the checks called."""
    return _line((frame.tb_frame, frame.tb_lineno) for frame in _chain(traceback, "tb_next"))


def _line_now(thread: threading.Thread) -> str:
    """The learner's own line that a thread is at."""
    frames = list(_chain(sys._current_frames().get(thread.ident or 0), "f_back"))
    return _line((frame, frame.f_lineno) for frame in reversed(frames))


def _chain(first: Any, following: str) -> Iterator[Any]:
    while first is not None:
        yield first
        first = getattr(first, following)


def _line(frames: Iterable[tuple[FrameType, int]]) -> str:
    """The last line of the first file that is neither a module of this package nor one of Python's; "" without one."""
    file, line = "", ""
    for frame, number in frames:
        name = frame.f_code.co_filename
        file = file or ("" if str(frame.f_globals.get("__name__")).split(".")[0] in _OTHERS else name)
        if name == file:
            line = linecache.getline(file, number, frame.f_globals).strip() or line
    return line
