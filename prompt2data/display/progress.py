"""Progress bars for what may take long: fetching and loading a model, generating, running a pipeline.

A bar appears after two seconds and disappears when the work ends, however it ends. In a notebook it is HTML with a name
for screen readers, and nothing of it is left in the saved file; in a terminal it is one line on stderr. In a pipeline's
worker nobody would see it. `PROMPT2DATA_PROGRESS=0` turns it off (for builds and CI, where outputs are stored).

A thread draws the bar, since work that blocks, such as loading a model, cannot report how far it is. If drawing fails,
the work goes on without a bar.
"""

from __future__ import annotations

import contextvars
import html
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from prompt2data.ground.machine import in_worker
from prompt2data.i18n import _, ngettext

_DELAY_SECONDS = 2.0
_INTERVAL_SECONDS = 0.2


class State(NamedTuple):
    """What a bar shows: how much is `done` of a `total` (`None`: unknown), and the same in words."""

    done: float
    total: float | None
    text: str


def enabled() -> bool:
    """Whether progress bars are shown in this process."""
    return _is_switched_on() and not in_worker()


def announce(message: str) -> None:
    """Print what begins to take long, unless progress is turned off."""
    if _is_switched_on():
        print(message, flush=True)


def _is_switched_on() -> bool:
    return os.environ.get("PROMPT2DATA_PROGRESS", "1") != "0"


def rows(done: int, total: int) -> str:
    return ngettext("{done} of {n} row", "{done} of {n} rows", total).format(done=done, n=total)


def megabytes(done: int, total: int) -> str:  # amounts are in bytes
    return _("{done} of {n} MB").format(done=done // 1_000_000, n=total // 1_000_000)


def steps(done: int, total: int) -> str:
    return ngettext("{done} of {n} step", "{done} of {n} steps", total).format(done=done, n=total)


def duration(seconds: float) -> str:
    """ "8 s", and from two minutes on "3 min 20 s"."""
    whole = int(seconds)
    if whole < 120:
        return _("{n} s").format(n=whole)
    minutes = _("{n} min").format(n=whole // 60)  # not within an f-string, where Babel would not find it
    return minutes + " " + _("{n} s").format(n=whole % 60)


def in_words(*parts: str) -> str:
    """Join the parts of a bar's text that are not empty."""
    return " · ".join(filter(None, parts))


def _time_left(done: float, total: float, seconds: float) -> str:
    """How long the rest takes at the pace so far; empty while there is none."""
    if not 0 < done < total:
        return ""
    return _("{time} left").format(time=duration(math.ceil(seconds * (total - done) / done)))


class Progress:
    """Counts what is done; the arguments are those of `progress_bar`."""

    def __init__(
        self, total: int | None, unit: Callable[[int, int], str] = steps, look: Callable[[], int] | None = None
    ) -> None:
        self._started = time.monotonic()
        self._total, self._unit, self._look = total, unit, look
        self.done = 0

    def update(self, done: int = 1) -> None:
        self.done += done

    def state(self) -> State:
        seconds = time.monotonic() - self._started
        if self._look is not None:
            self.done = self._look()
        if self._total is None:
            return State(0, None, duration(seconds))
        done = min(self.done, self._total)
        # Steps differ too much in length for the first to tell how long the others take.
        clock = duration(seconds) if self._unit is steps else _time_left(done, self._total, seconds)
        return State(done, self._total, in_words(self._unit(done, self._total), clock))


class GenerationProgress:
    """Counts rows and tokens of a generation. To repeat rows that failed, set `rows` back."""

    def __init__(self, total: int) -> None:
        self._started = time.monotonic()
        self._total = total
        self._found = 0  # rows that cost no time
        self.rows = 0
        self.tokens = 0
        self.at_once = 0  # rows; chosen when the generation begins

    def update(self, tokens: int, rows: int) -> None:
        """Count the tokens of one step and the rows that it finished."""
        if not self.tokens and not tokens:
            self._found += rows
        self.tokens += tokens
        self.rows += rows

    def state(self) -> State:
        seconds = max(time.monotonic() - self._started, 1e-9)
        speed = _("{speed:.0f} tokens/s").format(speed=self.tokens / seconds) if self.tokens else ""
        at_once = _("{n} at once").format(n=self.at_once) if self.at_once > 1 else ""
        left = _time_left(self.rows - self._found, self._total - self._found, seconds)
        return State(self.rows, self._total, in_words(rows(self.rows, self._total), at_once, speed, left))


@contextmanager
def generation_progress(total: int) -> Iterator[GenerationProgress]:
    """A bar over `total` rows for the duration of a `with` block."""
    progress = GenerationProgress(total)
    # Also where stderr is not a terminal, as in the consoles of editors: this is what a learner waits for most.
    with shown(_("generating"), progress.state, only_terminals=False):
        yield progress


@contextmanager
def progress_bar(
    total: int | None, label: str, unit: Callable[[int, int], str] = steps, look: Callable[[], int] | None = None
) -> Iterator[Progress]:
    """A bar for the duration of a `with` block.

    Args:
        total: how much there is to do; with `None`, the bar shows only for how long something goes on.
        label: the bar's name, in the reader's language, such as "loading the model".
        unit: what is counted: `rows`, `megabytes` (amounts are in bytes) or `steps`.
        look: returns how much is done, for work that does not call `update()`; called by the drawing thread.
    """
    progress = Progress(total, unit, look)
    with shown(label, progress.state):
        yield progress


@contextmanager
def shown(label: str, state: Callable[[], State], only_terminals: bool = True) -> Iterator[None]:
    """Show a bar with the name `label` and what `state()` returns until the `with` block ends.

    With `only_terminals`, nothing is shown outside notebooks if stderr is not a terminal.
    """
    if not enabled():
        yield
        return
    view = _Notebook() if in_notebook() else _Terminal(only_terminals)
    ended = threading.Event()

    def draw() -> None:
        pause, last = _DELAY_SECONDS, None
        with suppress(Exception):
            while not ended.wait(pause):
                pause = _INTERVAL_SECONDS
                if (now := state()) != last:
                    last = now
                    view.show(label, now)

    # In the context of the cell, from which ipykernel tells below which one to show something.
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(draw,), name="progress", daemon=True)
    try:
        with suppress(RuntimeError):  # the system has no more threads to give
            thread.start()
        yield
    finally:
        ended.set()
        try:
            if thread.ident is not None:
                thread.join(timeout=2)  # a display that hangs must not hold up the work
        finally:
            with suppress(Exception):
                view.vanish()


def in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return hasattr(ipython.get_ipython(), "kernel") if ipython is not None else False


class _Notebook:
    """A bar below the running cell."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, label: str, state: State) -> None:
        data = {"text/html": as_html(label, state), "text/plain": in_words(label, state.text)}
        if self._handle is None:
            from IPython.display import DisplayHandle

            self._handle = DisplayHandle()
            self._handle.display(data, raw=True)
        else:
            self._handle.update(data, raw=True)

    def vanish(self) -> None:
        if self._handle is not None:
            self._handle.update({}, raw=True)  # an output without data takes no room and says nothing


def as_html(label: str, state: State) -> str:
    """The bar as HTML. If the total is unknown, the bar has no value, and its label is shown beside it."""
    text = in_words(label, state.text) if state.total is None else state.text
    amount = "" if state.total is None else f' value="{state.done:g}" max="{max(state.total, 1):g}"'
    return (
        '<div style="display: flex; flex-wrap: wrap; align-items: center; gap: 0 1em">'
        f'<progress aria-label="{html.escape(label)}"{amount} style="width: 16em"></progress>'
        f'<span style="font-variant-numeric: tabular-nums">{html.escape(text)}</span></div>'
    )


class _Terminal:
    """One line on stderr, wiped at the end."""

    def __init__(self, only_terminals: bool) -> None:
        self._disable = None if only_terminals else False  # tqdm's None: disabled where stderr is no terminal
        self._bar: Any = None

    def show(self, label: str, state: State) -> None:
        text = in_words(label, state.text)
        if self._bar is None:
            from tqdm import tqdm

            form = "{desc}" if state.total is None else "{desc} |{bar}|"
            options = {"disable": self._disable, "leave": False, "dynamic_ncols": True, "bar_format": form}
            self._bar = tqdm(total=state.total, initial=state.done, desc=text, **options)
            return
        self._bar.n = state.done
        self._bar.set_description_str(text)

    def vanish(self) -> None:
        if self._bar is not None:
            self._bar.close()
