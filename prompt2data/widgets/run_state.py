"""The state of each step of a running pipeline, built from the events of the run."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import networkx

from prompt2data.pipelines.events import AllCached, Event, StageLoading, StagesPlanned, StepEvent
from prompt2data.pipelines.progress import rows_in
from prompt2data.pipelines.step_times import Batch, StepTimes


@dataclass
class StepWatch:
    """One step and its state."""

    name: str
    kind: str  # name of its class
    generator: bool
    replicas: int
    before: list[str] = field(default_factory=list)  # the steps whose rows it gets
    loading: bool = False
    loaded: bool = False
    doing: dict[int, float] = field(default_factory=dict)  # batch -> when it began, in seconds since the epoch
    yielding: bool = False
    blanked: int = 0  # batches that failed, whose rows hold None
    finished: int = 0  # replicas
    end: str = ""  # "cached", "failed" or "stopped"

    @property
    def state(self) -> str:
        """One of waiting, loading, ready, working, done, cached, failed, stopped."""
        if self.end:
            return self.end
        if self.finished >= self.replicas:
            return "done"
        if self.doing or self.yielding:
            return "working"
        return "ready" if self.loaded else "loading" if self.loading else "waiting"

    def note(self, event: StepEvent) -> None:
        """Update the state with an event of this step."""
        self.loaded = True
        match event:
            case StepEvent(kind="began", batch=int(batch)):
                self.doing[batch] = event.time
            case StepEvent(kind="sent", batch=int(batch)):
                self.doing.pop(batch, None)
                self.yielding = False
            case StepEvent(kind="yielding"):
                self.yielding = True
            case StepEvent(kind="finished"):
                self.finished += 1
                self.yielding = False
            case StepEvent(kind="failed"):
                self.blanked += 1
            case StepEvent(kind="left out"):
                self.end = "failed"


class RunWatch:
    """Follows one run of `pipeline`: `note` each event, and `end` when it is over.

    Attributes:
        steps: name -> step, in the order of the graph.
        times: the batches of each step.
        began, ended: in seconds since the epoch; None before.
        distiset, error: what the run returned or raised.
        all_cached: whether all rows come from the cache.
        columns, arrows: the steps laid out, as `_laid_out` returns them.
    """

    def __init__(self, pipeline: Any, began: float | None = None) -> None:
        self.pipeline = pipeline
        self.times = StepTimes()
        self.began = began
        self.ended: float | None = None
        self.distiset: Any = None
        self.error: BaseException | None = None
        self.all_cached = False
        self._stages: dict[int, list[str]] = {}
        self.steps: dict[str, StepWatch] = {}
        self.columns: list[list[str | None]] = []
        self.arrows: list[list[tuple[int, int]]] = []
        self._look()

    def _look(self) -> None:
        """Read the graph. `run(dataset=…)` adds a step when it begins; the others keep their state."""
        graph = self.pipeline.dag.G
        known, self.steps = self.steps, {}
        for name in networkx.lexicographical_topological_sort(graph, key=list(graph).index):
            step = graph.nodes[name]["step"]
            replicas = 1 if step.is_generator else step.resources.replicas or 1
            new = StepWatch(name, type(step).__name__, step.is_generator, replicas)
            self.steps[name] = known.get(name, new)
            self.steps[name].before = list(graph.predecessors(name))
        self.columns, self.arrows = _laid_out({name: step.before for name, step in self.steps.items()})

    def note(self, event: Event) -> None:
        """Update the state with an event of the run."""
        self.times.note(event)
        match event:
            case StagesPlanned():
                self._look()
                self._note_stages(event)
            case StageLoading():
                self._note_loading(self._stages.get(event.stage, ()))
            case AllCached():
                self.all_cached = True
                for step in self.steps.values():
                    step.end = "cached"
            case StepEvent() if event.step in self.steps:
                self.steps[event.step].note(event)

    def _note_stages(self, event: StagesPlanned) -> None:
        self._stages = {stage: [name for name in names if name in self.steps] for stage, names in event.stages.items()}
        for name in self.steps.keys() & event.cached:
            self.steps[name].end = "cached"
        # Their processes start now; the log says that they load only when all have started.
        self._note_loading(next(filter(None, self._stages.values()), ()))

    def _note_loading(self, names: Iterable[str]) -> None:
        for name in names:
            self.steps[name].loading = True

    def end(self, distiset: Any, error: BaseException | None) -> None:
        """The run is over; no event follows."""
        self.ended, self.distiset, self.error = time.time(), distiset, error
        failed = getattr(error, "step", None)
        for step in self.steps.values():
            if error is None:  # a step's last event may not have arrived
                step.finished = step.replicas
            elif step.name == failed:
                step.end = "failed"
            elif step.state != "done":
                step.end = step.end or "stopped"
            step.doing.clear()
            step.yielding = False

    @property
    def running(self) -> bool:
        return self.began is not None and self.ended is None

    @property
    def loading(self) -> bool:
        """Whether no step has begun to work yet."""
        return not any(step.yielding or step.doing for step in self.steps.values()) and not self.times.batches

    def seconds(self) -> float:
        """How long the run has taken so far, or took."""
        if self.began is None:
            return 0.0
        return max(0.0, (self.ended if self.ended is not None else time.time()) - self.began)

    def batches(self, name: str) -> list[Batch]:
        """The batches that a step has done, in the order of their end."""
        return [batch for batch in list(self.times.batches) if batch.step == name]

    def rows(self, name: str) -> int:
        """How many rows a step has passed on so far."""
        return sum(batch.rows or 0 for batch in self.batches(name))

    def at_work(self, name: str) -> float:
        """For how many seconds a step has worked so far, including on its current batches."""
        now = time.time()
        current = sum(max(0.0, now - began) for began in list(self.steps[name].doing.values()))
        return current + sum(batch.seconds for batch in self.batches(name))

    def rows_at_the_end(self) -> int:
        """How many rows have left the last steps; when the run has ended well, how many the distiset has."""
        if self.distiset is not None:
            return rows_in(self.distiset)
        inner = {before for step in self.steps.values() for before in step.before}
        return sum(self.rows(name) for name in self.steps if name not in inner)


def _laid_out(before: dict[str, list[str]]) -> tuple[list[list[str | None]], list[list[tuple[int, int]]]]:
    """Columns of steps from left to right, and the arrows between them.

    A step is one column behind the last of those it gets rows from. An arrow over several columns has a cell (None)
    of its own in each of those between, so that it crosses no box.

    Args:
        before: step -> the steps whose rows it gets, in topological order.

    Returns:
        The columns, from top to bottom, and each arrow as the cells (column, row) that it goes through.
    """
    column: dict[Any, int] = {}  # of each cell: a step's name, or (start, end, column) of an arrow
    arrows: list[list[Any]] = []
    for name, origins in before.items():
        column[name] = 1 + max((column[origin] for origin in origins), default=-1)
        for origin in origins:
            between = [(origin, name, number) for number in range(column[origin] + 1, column[name])]
            column.update({cell: cell[-1] for cell in between})
            arrows.append([origin, *between, name])
    columns: list[list[Any]] = [[] for _column in range(max(column.values(), default=-1) + 1)]
    for cell, number in column.items():
        columns[number].append(cell)
    origins_of: dict[Any, list[Any]] = defaultdict(list)
    for start, end in (link for arrow in arrows for link in pairwise(arrow)):
        origins_of[end].append(start)
    height: dict[Any, float] = {}
    for cells in columns:  # each cell at the mean height of those it gets rows from
        cells.sort(key=lambda cell: sum(height[one] for one in origins_of[cell]) / max(1, len(origins_of[cell])))
        height.update({cell: row - (len(cells) - 1) / 2 for row, cell in enumerate(cells)})
    where = {cell: (x, y) for x, cells in enumerate(columns) for y, cell in enumerate(cells)}
    steps = [[cell if cell in before else None for cell in cells] for cells in columns]
    return steps, [[where[cell] for cell in arrow] for arrow in arrows]
