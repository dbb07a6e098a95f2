"""When each step of a pipeline processed each of its batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prompt2data.i18n import _
from prompt2data.pipelines.events import BatchReceived, Event, RunListener, StageLoading, StepEvent
from prompt2data.plots import COLORS


@dataclass
class Batch:
    """One batch in one step; `began` and `ended` in seconds after the pipeline began to load its steps.

    `rows` is how many rows the step passed on, None until they are counted.
    """

    step: str
    number: int
    began: float
    ended: float
    rows: int | None = None

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class StepTimes(RunListener):
    """Listens to a run: `times = StepTimes()`, then `pipeline.run(logging_handlers=[times])`, then look at `times`.

    A loader's batches are not timed (distilabel logs only that they were sent): they have 0 seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self._start: float | None = None
        self._began: dict[tuple[str, int], float] = {}
        self._rows: dict[tuple[str, int], int] = {}

    def note(self, event: Event) -> None:
        match event:
            case StageLoading() if self._start is None:
                self._start = event.time
            case StepEvent(kind="began", step=step, batch=int(number), time=began):
                self._began[step, number] = began
            case StepEvent(kind="sent", step=step, batch=int(number), time=ended):
                start = self._start if self._start is not None else ended
                began = self._began.pop((step, number), ended)
                rows = self._rows.pop((step, number), None)
                self.batches.append(Batch(step, number, began - start, ended - start, rows))
            case BatchReceived(step=step, batch=number, rows=rows):
                # The main process counts rows, the worker logs the sending: either may come first.
                sent = (one for one in reversed(self.batches) if (one.step, one.number) == (step, number))
                if batch := next(sent, None):
                    batch.rows = rows
                else:
                    self._rows[step, number] = rows

    @property
    def steps(self) -> dict[str, list[Batch]]:
        """The batches of each step, in the order in which the steps first finished one."""
        steps: dict[str, list[Batch]] = {}
        for batch in self.batches:
            steps.setdefault(batch.step, []).append(batch)
        return steps

    def together(self) -> float:
        """For how many seconds at least two batches were in work at once."""
        edges = sorted([(batch.began, 1) for batch in self.batches] + [(batch.ended, -1) for batch in self.batches])
        total, working, since = 0.0, 0, 0.0
        for moment, change in edges:
            if working >= 2:
                total += moment - since
            working, since = working + change, moment
        return total

    def draw(self, ax: Any) -> None:
        """Draw a row for each step with a bar for each batch (a tick where it took no time), over time."""
        for index, batches in enumerate(self.steps.values()):
            for batch in batches:
                if not batch.seconds:
                    ax.plot(batch.began, index, marker="|", markersize=16, color=COLORS[0])
                    continue
                # Neighbouring batches in two shades, so that they can be told apart.
                color = COLORS[0] if batch.number % 2 == 0 else COLORS[4]
                ax.barh(index, batch.seconds, left=batch.began, color=color, edgecolor="white")
        ax.set_yticks(range(len(self.steps)), list(self.steps))
        ax.set_xlim(left=0)
        ax.set_ylim(len(self.steps) - 0.4, -0.6)  # the first step at the top
        ax.grid(axis="y", visible=False)

    def __repr__(self) -> str:
        table = [(_("step"), _("batches"), _("begins"), _("ends"), _("at work"))]
        for step, batches in self.steps.items():
            began, ended, work = batches[0].began, batches[-1].ended, sum(batch.seconds for batch in batches)
            table.append((step, str(len(batches)), f"{began:.1f} s", f"{ended:.1f} s", f"{work:.1f} s"))
        first, *others = (max(map(len, column)) for column in zip(*table, strict=True))
        return "\n".join("  ".join([row[0].ljust(first), *map(str.rjust, row[1:], others)]) for row in table)
