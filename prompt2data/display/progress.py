"""Progress of whatever may take long: fetching and loading a model, generating, running a pipeline.

A bar appears after two seconds and is gone when the work is done, however it ends. In a notebook it is a piece of
HTML with a name for screen readers, and nothing of it is left in the saved file; in a terminal it is one line on
stderr. In a pipeline's worker there is nobody to see it. `PROMPT2DATA_PROGRESS=0` turns it off (builds and CI, where
outputs are stored).

A thread draws, since work that blocks, such as loading a model, cannot be asked how far it is. What fails while it
draws is forgotten: the work goes on without a bar.
"""

from __future__ import annotations

import contextvars
import html
import math
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from prompt2data.i18n import _, ngettext

_DELAY_SECONDS = 2.0
_INTERVAL_SECONDS = 0.2


class State(NamedTuple):
    """What a bar shows: how much is `done` of a `total` (`None`: nobody knows), and the same in words."""

    done: float
    total: float | None
    text: str


def enabled() -> bool:
    """Whether a progress bar has somebody to look at it."""
    in_worker = multiprocessing.parent_process() is not None
    return os.environ.get("PROMPT2DATA_PROGRESS", "1") != "0" and not in_worker


# What is counted ----------------------------------------------------------------------------------------------------


def rows(done: int, total: int) -> str:
    return ngettext("{done} of {n} row", "{done} of {n} rows", total).format(done=done, n=total)


def megabytes(done: int, total: int) -> str:
    """For amounts in bytes."""
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
    """The parts of a bar's text, those that are empty left out."""
    return " · ".join(filter(None, parts))


def _time_left(done: float, total: float, seconds: float) -> str:
    """How long the rest takes at the pace so far; empty as long as there is no pace."""
    if not 0 < done < total:
        return ""
    return _("{time} left").format(time=duration(math.ceil(seconds * (total - done) / done)))


class Progress:
    """Counts what is done; `total=None` where nobody knows how much there is to do."""

    def __init__(
        self,
        total: int | None,
        unit: Callable[[int, int], str] = steps,
        look: Callable[[], int] | None = None,
    ) -> None:
        self._started = time.monotonic()
        self._total, self._unit, self._look = total, unit, look
        self.done = 0

    def update(self, done: int = 1) -> None:
        """Count so many more as done."""
        self.done += done

    def state(self) -> State:
        """What to show now."""
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
    """Counts rows and tokens of a generation."""

    def __init__(self, total: int) -> None:
        self._started = time.monotonic()
        self._total = total
        self._found = 0  # rows that cost no time
        self.rows = 0
        self.tokens = 0

    def update(self, tokens: int, rows: int) -> None:
        """Count the tokens of one step and the rows that it finished."""
        if not self.tokens and not tokens:
            self._found += rows
        self.tokens += tokens
        self.rows += rows

    def mark(self) -> int:
        """Where the counting stands now, for `rewind`."""
        return self.rows

    def rewind(self, rows: int) -> None:
        """Go back to a mark: what came after it failed and will be made again."""
        self.rows = rows

    def state(self) -> State:
        """What to show now."""
        seconds = max(time.monotonic() - self._started, 1e-9)
        speed = _("{speed:.0f} tokens/s").format(speed=self.tokens / seconds) if self.tokens else ""
        left = _time_left(self.rows - self._found, self._total - self._found, seconds)
        return State(self.rows, self._total, in_words(rows(self.rows, self._total), speed, left))


@contextmanager
def generation_progress(total: int) -> Iterator[GenerationProgress]:
    """A bar over `total` rows for the duration of a `with` block."""
    progress = GenerationProgress(total)
    # Also where stderr is no terminal: the consoles of editors are none, and a generation is what one waits for.
    with shown(_("generating"), progress.state, only_terminals=False):
        yield progress


@contextmanager
def progress_bar(
    total: int | None,
    label: str,
    unit: Callable[[int, int], str] = steps,
    look: Callable[[], int] | None = None,
) -> Iterator[Progress]:
    """A bar for the duration of a `with` block.

    Args:
        total: how much there is to do, or `None`: the bar then shows that something goes on, and for how long.
        label: the bar's name, in the reader's language, such as "loading the model".
        unit: what is counted: `rows`, `megabytes` (amounts are in bytes) or `steps`.
        look: gives how much is done, for work that does not call `update()`; asked by the thread that draws.
    """
    progress = Progress(total, unit, look)
    with shown(label, progress.state):
        yield progress


# Showing it ---------------------------------------------------------------------------------------------------------


@contextmanager
def shown(label: str, state: Callable[[], State], only_terminals: bool = True) -> Iterator[None]:
    """Show what `state()` says, under the name `label`, until the `with` block ends.

    `only_terminals`: outside of notebooks, show nothing where stderr is no terminal.
    """
    if not enabled():
        yield
        return
    drawing = _Drawing(label, state, _Notebook() if _in_notebook() else _Terminal(only_terminals))
    try:
        drawing.start()
        yield
    finally:
        drawing.end()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return hasattr(ipython.get_ipython(), "kernel") if ipython is not None else False


class _Drawing:
    """The thread that draws a bar, at most five times a second and only what changed."""

    def __init__(self, label: str, state: Callable[[], State], view: _Notebook | _Terminal) -> None:
        self._label, self._state, self._view = label, state, view
        self._last: State | None = None
        self._ended = threading.Event()
        # In the context of the cell: that is how ipykernel knows below which one to show something.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=(self._draw_until_the_end,), name="progress", daemon=True)

    def start(self) -> None:
        with suppress(RuntimeError):  # the system has no more threads to give
            self._thread.start()

    def end(self) -> None:
        self._ended.set()
        try:
            if self._thread.ident is not None:
                self._thread.join(timeout=2)  # a display that hangs must not hold up the work
        finally:
            if self._last is not None:
                with suppress(Exception):
                    self._view.vanish()

    def _draw_until_the_end(self) -> None:
        pause = _DELAY_SECONDS
        with suppress(Exception):
            while not self._ended.wait(pause):
                pause = _INTERVAL_SECONDS
                state = self._state()
                if state != self._last:
                    self._last = state
                    self._view.show(self._label, state)


class _Notebook:
    """A bar below the cell that runs."""

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
        self._handle.update({}, raw=True)  # an output without data takes no room and says nothing


def as_html(label: str, state: State) -> str:
    """The bar as HTML. Where the total is not known, the bar has no value, and its label stands beside it."""
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
        self._bar.close()
