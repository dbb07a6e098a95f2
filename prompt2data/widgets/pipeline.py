"""Pipeline monitor: the drawn pipeline, with rows, batches and time of each step filling in while it runs."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from prompt2data.display.progress import duration, in_notebook, in_words
from prompt2data.ground.errors import interrupted
from prompt2data.i18n import _, ngettext
from prompt2data.pipelines.events import Event, RunBegan, RunEnded, RunListener
from prompt2data.pipelines.progress import finished
from prompt2data.pipelines.step_times import StepTimes
from prompt2data.untrusted import visible
from prompt2data.widgets.run_state import RunWatch
from prompt2data.widgets.view import View

_PAUSE_SECONDS = 0.25  # between two drawings while the run goes on
_ERROR_LENGTH = 400  # characters
# Sizes of the drawing, in em.
_BOX, _ACROSS, _DOWN = (14.5, 6.2), (2.6, 1.0), (1.2, 1.9)


class PipelineMonitor(View):
    """Shows `pipeline`, and what each step does while it runs.

    >>> monitor = PipelineMonitor(pipeline)  # doctest: +SKIP
    >>> distiset = pipeline.run(logging_handlers=[monitor.handler])  # doctest: +SKIP

    In a notebook the monitor shows itself below the cell that runs the pipeline; `monitor.show()` before the run shows
    it elsewhere. The notebook stores the state at the end of the run. Each run begins anew.

    Attributes:
        handler: for `logging_handlers`.
        watch: the state of the run.

    Raises:
        TypeError: for anything but a pipeline.
    """

    part_names = ("head", "status", "picture", "total", "steps", "batches")
    templates = "pipeline"
    most_batches = 50  # listed of one step

    def __init__(self, pipeline: Any) -> None:
        if not hasattr(getattr(pipeline, "dag", None), "G") or not hasattr(pipeline, "run"):
            raise TypeError(
                _("PipelineMonitor takes a pipeline, the one that `with Pipeline(…) as pipeline:` gives, not {what}.")
                .format(what=visible(type(pipeline).__name__, 80))
            )  # fmt: skip
        self.watch = RunWatch(pipeline)
        self.handler = _Handler(self)
        self._update_stored: Callable[[], None] | None = None  # None: not displayed
        self._drawing: threading.Thread | None = None
        self._changed = threading.Event()
        self._ended = threading.Event()
        super().__init__()

    @property
    def times(self) -> StepTimes:
        """When each batch of the last run was worked on."""
        return self.watch.times

    def title(self) -> str:
        name = self.watch.pipeline.name
        return in_words(_("Pipeline monitor"), visible(name, 100) if name else "")

    def summary(self) -> str:
        return in_words(self.label, self.phase())

    def show(self) -> Callable[[], None]:
        """Display the monitor here; the run that follows does not display it again."""
        self._update_stored = super().show()
        return self._update_stored

    # -- parts --------------------------------------------------------------------------------------------------------

    def has_part(self, name: str, static: bool) -> bool:
        if name == "picture":
            return not static  # without styles the boxes are a heap of words; the table has the same content
        if name == "batches" and self.watch.times.batches:
            return True
        return name not in ("total", "batches") or self.watch.began is not None

    def part_picture(self, static: bool) -> str:
        columns = self.watch.columns
        flat = max(map(len, columns), default=0)
        across = _drawing(columns, self.watch.arrows, across=True)
        down = _drawing(columns, self.watch.arrows, across=False)
        wide = across if len(columns) <= 4 or flat > len(columns) else down
        return self.render("picture", steps=self.steps(), wide=wide, narrow=down, long=len(columns) > 3)

    def part_total(self, static: bool) -> str:
        rows = self.watch.rows_at_the_end()
        words = ngettext("{n} row at the end", "{n} rows at the end", rows).format(n=f"{rows:,}")
        return self.render("total", words=in_words(duration(self.watch.seconds()), words))

    def phase(self) -> str:
        """The state of the run, in one sentence."""
        watch = self.watch
        if watch.began is None:
            return _("The run has not begun.")
        if watch.running:
            return _("the steps are loading") if watch.loading else _("running the pipeline")
        if watch.error is None:
            words = finished(len(watch.steps), watch.rows_at_the_end())
            return words + " " + _("No step had to run: all rows come from the cache.") if watch.all_cached else words
        if isinstance(watch.error, KeyboardInterrupt):
            return str(interrupted())
        error = visible(str(watch.error) or type(watch.error).__name__, _ERROR_LENGTH)
        return _("The run failed. {error}").format(error=error)

    def steps(self) -> list[dict[str, Any]]:
        """What picture and table tell of each step: what is known of it, and numbers once it has begun."""
        steps = []
        for name, step in self.watch.steps.items():
            batches, state = len(self.watch.batches(name)), step.state
            numbers = {"batches": batches, "rows": self.watch.rows(name), "seconds": self.watch.at_work(name)}
            now = {"state": state, "doing": sorted(step.doing), "began": bool(batches) or state == "working"}
            steps.append({**vars(step), **now, **numbers})
        return steps

    # -- a run --------------------------------------------------------------------------------------------------------

    def begin(self, pipeline: Any) -> None:
        """Forget the last run, and draw one of `pipeline` until its `end`."""
        self._stop_drawing()
        self.watch = RunWatch(pipeline, began=time.time())
        self.label = self.title()
        self.redraw()
        if self._update_stored is None and in_notebook():
            self.show()
        self.handler.on_page = self._update_stored is not None
        self._ended.clear()
        self._changed.clear()
        run = contextvars.copy_context().run
        self._drawing = threading.Thread(target=run, args=(self._draw_until_the_end,), daemon=True)
        self._drawing.start()

    def note(self, event: Event) -> None:
        """Handle an event of the run, as `RunListener.note` does."""
        match event:
            case RunBegan():
                self.begin(event.pipeline)
            case RunEnded():
                self.end(event.distiset, event.error)
            case _:
                self.watch.note(event)
                self._changed.set()

    def end(self, distiset: Any, error: BaseException | None) -> None:
        """Draw the final state of the run, also in the stored form."""
        self._stop_drawing()
        self.watch.end(distiset, error)
        self.redraw()
        if self._update_stored is not None:
            self._update_stored()
        self._update_stored, self.handler.on_page = None, False  # another cell may start the next run

    def _draw_until_the_end(self) -> None:
        """Draw at most four times a second after events, else once a second, for the clocks."""
        idle = 0.0
        while not self._ended.wait(_PAUSE_SECONDS):
            idle += _PAUSE_SECONDS
            if self._changed.is_set() or idle >= 1:
                self._changed.clear()
                idle = 0.0
                with suppress(Exception):  # the graph grew meanwhile, or the page is gone
                    self.redraw(*self.part_names[1:])

    def _stop_drawing(self) -> None:
        self._ended.set()
        if self._drawing is not None:
            self._drawing.join(timeout=2)  # a page that hangs must not hold up the run
            self._drawing = None


class _Handler(RunListener):
    """Passes the events of a run to the monitor: a widget is not a logging handler."""

    def __init__(self, monitor: PipelineMonitor) -> None:
        super().__init__()
        self._monitor = monitor

    def note(self, event: Event) -> None:
        self._monitor.note(event)


def _drawing(columns: list[list[str | None]], arrows: list[list[tuple[int, int]]], across: bool) -> dict[str, Any]:
    """The graph drawn to the right or downwards, in em: `boxes` name -> (left, top), `arrows` as SVG paths."""
    box, gap = _BOX, _ACROSS if across else _DOWN
    most = max(map(len, columns), default=0)
    counts = (len(columns), most) if across else (most, len(columns))
    width, height = (max(0, count * box[axis] + (count - 1) * gap[axis]) for axis, count in enumerate(counts))

    def corner(column: int, row: int) -> tuple[float, float]:
        middle = row + (most - len(columns[column])) / 2
        x, y = (column, middle) if across else (middle, column)
        return round(x * (box[0] + gap[0]), 2), round(y * (box[1] + gap[1]), 2)

    boxes = {
        name: corner(column, row)
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
        if name is not None
    }
    paths = [_arrow([corner(*cell) for cell in cells], across) for cells in arrows]
    return {"width": width, "height": height, "boxes": boxes, "arrows": paths}


def _arrow(corners: list[tuple[float, float]], across: bool) -> str:
    """An SVG path from the first box to the last, straight through the free cells between, with a head."""
    wide, high = _BOX
    enters = [(x, y + high / 2) if across else (x + wide / 2, y) for x, y in corners]
    leaves = [(x + wide, y + high / 2) if across else (x + wide / 2, y + high) for x, y in corners]
    path = "M{:g} {:g}".format(*leaves[0])
    for (x, y), (to_x, to_y), leave in zip(leaves[:-1], enters[1:], leaves[1:], strict=True):
        middle = (x + to_x) / 2, (y + to_y) / 2
        bends = (middle[0], y, middle[0], to_y) if across else (x, middle[1], to_x, middle[1])
        path += " C{:g} {:g} {:g} {:g} {:g} {:g}".format(*bends, to_x, to_y)
        if leave != leaves[-1]:
            path += " L{:g} {:g}".format(*leave)
    x, y = enters[-1]
    head = [(-0.5, -0.35), (-0.5, 0.35)] if across else [(-0.35, -0.5), (0.35, -0.5)]
    (a, b), (c, d) = head
    return f"{path} M{x + a:g} {y + b:g} L{x:g} {y:g} L{x + c:g} {y + d:g}"
