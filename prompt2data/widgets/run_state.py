"""What each step of a pipeline is doing while it runs, known from the events of the run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import networkx

from prompt2data.i18n import _
from prompt2data.pipelines.events import AllCached, Event, StageLoading, StagesPlanned, StepEvent
from prompt2data.pipelines.step_times import Batch, StepTimes


@dataclass
class StepWatch:
    """One step: what it is, and what is known of it so far."""

    name: str
    kind: str  # the name of its class
    before: list[str]  # the steps whose rows it gets
    generator: bool
    replicas: int
    loading: bool = False
    loaded: bool = False
    doing: dict[int, float] = field(default_factory=dict)  # batch -> when it began, in seconds since the epoch
    yielding: bool = False
    blanked: int = 0  # batches that failed, whose rows hold None
    finished: int = 0  # replicas that have come to their end
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
        """Take note of an event of this step."""
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

    def in_words(self) -> str:
        """The state, for the reader."""
        batches = ", ".join(map(str, sorted(self.doing)))
        words = {
            "waiting": _("waiting"),
            "loading": _("loading"),
            "ready": _("waiting for rows"),
            "working": _("working on batch {batch}").format(batch=batches) if batches else _("bringing rows"),
            "done": _("done"),
            "cached": _("from the cache"),
            "failed": _("failed"),
            "stopped": _("stopped"),
        }
        return words[self.state]


class RunWatch:
    """Follows one run of `pipeline`: `note` each event, and `end` when it is over.

    Attributes:
        steps: name -> step, in the order of the graph.
        times: the batches of each step.
        began, ended: in seconds since the epoch; None before.
        distiset, error: what the run returned or raised.
        all_cached: whether nothing had to run, since the cache holds every row.
    """

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.times = StepTimes()
        self.began: float | None = None
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
        """Read the graph. `run(dataset=…)` adds a step when it begins; what was noted of the others stays."""
        graph = self.pipeline.dag.G
        known, self.steps = self.steps, {}
        for name in networkx.lexicographical_topological_sort(graph, key=list(graph).index):
            step = graph.nodes[name]["step"]
            self.steps[name] = known.get(name) or StepWatch(
                name=name,
                kind=type(step).__name__,
                before=list(graph.predecessors(name)),
                generator=step.is_generator,
                replicas=1 if step.is_generator else step.resources.replicas or 1,
            )
            self.steps[name].before = list(graph.predecessors(name))
        self.columns, self.arrows = _laid_out({name: step.before for name, step in self.steps.items()})

    def begin(self) -> None:
        """The run begins now."""
        self.began = time.time()

    def note(self, event: Event) -> None:
        """Take note of an event of the run."""
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
        # Their processes start now; that they are waited for is logged when all have started.
        self._note_loading(next(filter(None, self._stages.values()), ()))

    def _note_loading(self, names: Iterable[str]) -> None:
        for name in names:
            self.steps[name].loading = True

    def end(self, distiset: Any, error: BaseException | None) -> None:
        """The run is over; no event follows."""
        self.ended, self.distiset, self.error = time.time(), distiset, error
        failed = getattr(error, "step", None)
        for step in self.steps.values():
            if error is None:  # a step's last event may not have come through
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
        """How many rows a step has handed on so far."""
        return sum(batch.rows or 0 for batch in self.batches(name))

    def at_work(self, name: str) -> float:
        """For how many seconds a step has worked so far, the batch it works on now included."""
        now = time.time()
        current = sum(max(0.0, now - began) for began in list(self.steps[name].doing.values()))
        return current + sum(batch.seconds for batch in self.batches(name))

    def rows_at_the_end(self) -> int:
        """How many rows have left the last steps; when the run has ended well, how many the distiset has."""
        if self.distiset is not None:
            return sum(len(dataset[split]) for dataset in self.distiset.values() for split in dataset)
        handing_on = {before for step in self.steps.values() for before in step.before}
        return sum(self.rows(name) for name in self.steps if name not in handing_on)


def _laid_out(before: dict[str, list[str]]) -> tuple[list[list[str | None]], list[list[tuple[int, int]]]]:
    """Columns of steps from left to right, and the arrows between them.

    A step stands one column behind the last of those it gets rows from. An arrow over several columns has a place
    (None) of its own in each of those between, so that it crosses no box.

    Args:
        before: step -> the steps whose rows it gets, in topological order.

    Returns:
        The columns, from top to bottom, and each arrow as the places (column, row) that it goes through.
    """
    column: dict[str, int] = {}
    for name, origins in before.items():
        column[name] = 1 + max((column[origin] for origin in origins), default=-1)
    columns: list[list[tuple[str, str]]] = [[] for _place in range(max(column.values(), default=-1) + 1)]
    lanes: dict[tuple[str, str], list[tuple[str, str]]] = {}  # place -> the places in the column before
    for name, origins in before.items():
        columns[column[name]].append((name, ""))
        lanes[name, ""] = []
        for origin in origins:
            last = (origin, "")
            for between in range(column[origin] + 1, column[name]):
                place = (origin, f"{name} {between}")
                columns[between].append(place)
                lanes[place] = [last]
                last = place
            lanes[name, ""].append(last)
    row: dict[tuple[str, str], float] = {}
    for places in columns:  # each place at the middle height of those it gets rows from
        places.sort(key=lambda place: sum(row[one] for one in lanes[place]) / max(1, len(lanes[place])))
        for number, place in enumerate(places):
            row[place] = number - (len(places) - 1) / 2
    where = {place: (x, y) for x, places in enumerate(columns) for y, place in enumerate(places)}
    arrows = []
    for name in before:
        for last in lanes[name, ""]:
            path = [where[name, ""]]
            while last[1]:
                path.append(where[last])
                last = lanes[last][0]
            arrows.append([*reversed([*path, where[last]])])
    return [[name if not lane else None for name, lane in places] for places in columns], arrows
