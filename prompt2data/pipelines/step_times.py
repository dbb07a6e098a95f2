"""What each step of a pipeline did, and when: read from the run's own log while it is written."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import Any

from prompt2data.i18n import _
from prompt2data.pipelines.log import ROWS

_BEGAN = re.compile(r"Processing batch (?P<batch>\d+) in '(?P<step>[^']+)'")
_SENT = re.compile(r"Step '(?P<step>[^']+)' sending batch (?P<batch>\d+)")
_LOADING = "Waiting for all the steps"


@dataclass(frozen=True)
class Batch:
    """One batch of rows in one step; `began` and `ended` in seconds after the pipeline began to load its steps.

    `rows` is how many rows the step handed on, None as long as the log has not said it.
    """

    step: str
    number: int
    began: float
    ended: float
    rows: int | None = None

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class StepTimes(logging.Handler):
    """Listens to a run: `times = StepTimes()`, then `pipeline.run(logging_handlers=[times])`, then look at `times`.

    A loader's batches are not timed (distilabel logs only that they were sent): they have 0 seconds.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.batches: list[Batch] = []
        self._start: float | None = None
        self._began: dict[tuple[str, int], float] = {}
        self._rows: dict[tuple[str, int], int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == ROWS.name:
            self._note_rows(record.step, record.batch, record.rows)
            return
        message = record.getMessage()
        if self._start is None and _LOADING in message:
            self._start = record.created
        elif match := _BEGAN.search(message):
            self._began[match["step"], int(match["batch"])] = record.created
        elif match := _SENT.search(message):
            key = match["step"], int(match["batch"])
            start = self._start if self._start is not None else record.created
            began = self._began.pop(key, record.created)
            self.batches.append(Batch(*key, began - start, record.created - start, self._rows.pop(key, None)))

    def _note_rows(self, step: str, number: int, rows: int) -> None:
        """The main process counts the rows, the worker says that they were sent: either may be heard first."""
        for place in reversed(range(len(self.batches))):
            if (batch := self.batches[place]).step == step and batch.number == number:
                self.batches[place] = replace(batch, rows=rows)
                return
        self._rows[step, number] = rows

    @property
    def steps(self) -> dict[str, list[Batch]]:
        """The batches of each step, in the order in which the steps first finished one."""
        found: dict[str, list[Batch]] = {}
        for batch in self.batches:
            found.setdefault(batch.step, []).append(batch)
        return found

    def together(self) -> float:
        """For how many seconds at least two steps were at work at once."""
        edges = sorted([(batch.began, 1) for batch in self.batches] + [(batch.ended, -1) for batch in self.batches])
        total, working, since = 0.0, 0, 0.0
        for moment, change in edges:
            if working >= 2:
                total += moment - since
            working, since = working + change, moment
        return total

    def draw(self, ax: Any) -> None:
        """Draw a bar for each batch (a tick where it took no time), a row for each step: time runs to the right."""
        from prompt2data.plots import COLORS

        for place, batches in enumerate(self.steps.values()):
            for batch in batches:
                if not batch.seconds:
                    ax.plot(batch.began, place, marker="|", markersize=16, color=COLORS[0])
                    continue
                # Neighbouring batches in two shades, so that they can be told apart.
                color = COLORS[0] if batch.number % 2 == 0 else COLORS[4]
                ax.barh(place, batch.seconds, left=batch.began, color=color, edgecolor="white")
        ax.set_yticks(range(len(self.steps)), list(self.steps))
        ax.set_xlim(left=0)
        ax.set_ylim(len(self.steps) - 0.4, -0.6)  # the first step at the top
        ax.grid(axis="y", visible=False)

    def __repr__(self) -> str:
        head = (_("step"), _("batches"), _("begins"), _("ends"), _("at work"))
        body = [
            (
                step,
                str(len(batches)),
                *(f"{value:.1f} s" for value in (batches[0].began, batches[-1].ended, sum(b.seconds for b in batches))),
            )
            for step, batches in self.steps.items()
        ]
        widths = [max(len(row[place]) for row in [head, *body]) for place in range(len(head))]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in [head, *body]
        )
