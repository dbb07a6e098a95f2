"""Progress of a pipeline's run: the rows that each step has passed on, and the texts that were generated."""

from __future__ import annotations

import time
from typing import Any

from prompt2data.display.progress import State, duration, in_words
from prompt2data.engine.text_counts import TextsCounted
from prompt2data.i18n import _, ngettext
from prompt2data.pipelines.events import BatchReceived, Event, RunListener


class RunProgress(RunListener):
    """Counts rows and texts (`generated` and `from_cache`) of one run of `pipeline`."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__()
        self.generated = 0
        self.from_cache = 0
        self._pipeline = pipeline
        self._started = time.monotonic()
        self._rows: dict[str, int] = {}
        self._finished: set[str] = set()

    def note(self, event: Event) -> None:
        if isinstance(event, BatchReceived):
            self._rows[event.step] = self._rows.get(event.step, 0) + event.rows
            if event.last:
                self._finished.add(event.step)
        elif isinstance(event, TextsCounted):
            self.generated += event.generated
            self.from_cache += event.from_cache

    def state(self) -> State:
        """The current state: steps in the order in which they first passed rows on."""
        rows, clock = dict(self._rows), duration(time.monotonic() - self._started)
        if not rows:
            return State(0, None, in_words(_("the steps are loading"), clock))
        words = [ngettext("{step} {n} row", "{step} {n} rows", n).format(step=step, n=n) for step, n in rows.items()]
        return State(*self._amount(rows), in_words(*words, clock))

    def _amount(self, rows: dict[str, int]) -> tuple[float, float | None]:
        """How many rows the steps have processed together, and the expected total: each gets all that are loaded.

        A step that drops or adds rows makes this a guess, which is corrected when the step has finished.
        """
        dag = self._pipeline.dag
        loaders = [name for name in dag if dag.get_step(name)["step"].is_generator]
        others = [name for name in dag if name not in loaders]
        expected = [self._expected(name, rows) for name in loaders]
        if None in expected:
            return 0, None
        each = sum(filter(None, expected))
        done = sum(each if name in self._finished else min(rows.get(name, 0), each) for name in others)
        return (done, each * len(others)) if each and others else (0, None)

    def _expected(self, name: str, rows: dict[str, int]) -> int | None:
        """How many rows a loader yields, where that is known already."""
        if name in self._finished:
            return rows.get(name, 0)
        data = getattr(self._pipeline.dag.get_step(name)["step"], "data", None)
        return len(data) if isinstance(data, list) else None


def rows_in(distiset: Any) -> int:
    """The number of rows in all datasets of a distiset."""
    return sum(len(dataset[split]) for dataset in distiset.values() for split in dataset)


def finished(steps: int, rows: int) -> str:
    """One sentence about a run that went well."""
    words = ngettext("Pipeline finished: {n} step", "Pipeline finished: {n} steps", steps).format(n=steps)
    return words + ngettext(", {n} row.", ", {n} rows.", rows).format(n=rows)
