"""Progress of a pipeline's run: how many rows each step has handed on, counted where the batches arrive."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prompt2data.display.progress import State, duration, in_words, shown
from prompt2data.i18n import _, ngettext


class RunProgress:
    """Counts for one run of `pipeline`."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._started = time.monotonic()
        self._rows: dict[str, int] = {}
        self._finished: set[str] = set()

    def count(self, batch: Any) -> None:
        """Note a batch that a step handed on."""
        self._rows[batch.step_name] = self._rows.get(batch.step_name, 0) + batch.size
        if batch.last_batch:
            self._finished.add(batch.step_name)

    def state(self) -> State:
        """What to show now: the steps in the order in which they first handed rows on."""
        rows, clock = dict(self._rows), duration(time.monotonic() - self._started)
        if not rows:
            return State(0, None, in_words(_("the steps are loading"), clock))
        words = [ngettext("{step} {n} row", "{step} {n} rows", n).format(step=step, n=n) for step, n in rows.items()]
        return State(*self._amount(rows), in_words(*words, clock))

    def _amount(self, rows: dict[str, int]) -> tuple[float, float | None]:
        """How many rows all steps together have done and will have done; each step gets as many as are loaded.

        A step that drops rows or adds some makes this a guess, which is put right when the step has finished.
        """
        dag = self._pipeline.dag
        loaders = [name for name in dag if dag.get_step(name)["step"].is_generator]
        expected = [self._expected(name, rows) for name in loaders]
        others = [name for name in dag if name not in loaders]
        if None in expected or not others:
            return 0, None
        each = sum(expected)
        done = sum(each if name in self._finished else min(rows.get(name, 0), each) for name in others)
        return (done, each * len(others)) if each else (0, None)

    def _expected(self, name: str, rows: dict[str, int]) -> int | None:
        """How many rows a loader brings, where that is known already."""
        if name in self._finished:
            return rows.get(name, 0)
        data = getattr(self._pipeline.dag.get_step(name)["step"], "data", None)
        return len(data) if isinstance(data, list) else None


@contextmanager
def run_progress(pipeline: Any) -> Iterator[None]:
    """Show how far the run of `pipeline` is, until the `with` block ends."""
    progress = pipeline._prompt2data_progress = RunProgress(pipeline)
    try:
        with shown(_("running the pipeline"), progress.state):
            yield
    finally:
        pipeline._prompt2data_progress = None


def counting(stock: Callable[..., None]) -> Callable[..., None]:
    """distilabel's `_process_batch`, through which every batch of every step comes; counted before its rows go on."""

    @functools.wraps(stock)
    def process_batch(self: Any, batch: Any, *args: Any, **kwargs: Any) -> None:
        if (progress := getattr(self, "_prompt2data_progress", None)) is not None:
            progress.count(batch)
        stock(self, batch, *args, **kwargs)

    return process_batch
