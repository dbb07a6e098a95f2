"""The pipeline monitor: what it reads out of a run's log, how it draws the graph, and real runs."""

from __future__ import annotations

import logging
import os
import queue
import re
import threading
import time
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from prompt2data import i18n
from prompt2data.ground.errors import not_portable, worker_died
from prompt2data.pipelines.events import BatchReceived, RunBegan, RunEnded, RunListener, announced
from prompt2data.pipelines.processes import _read_failure
from prompt2data.widgets import run_state
from prompt2data.widgets.pipeline import PipelineMonitor
from tests.hostile import TEXTS


def record(
    message: str, created: float = 100.0, name: str = "distilabel.pipeline", **extra: object
) -> logging.LogRecord:
    result = logging.LogRecord(name, logging.INFO, "", 0, message, None, None)
    result.created = created
    vars(result).update(extra)
    return result


def rows(step: str, batch: int, n: int) -> logging.LogRecord:
    return record("rows", event=BatchReceived(step, batch, n, last=False))


STAGES = """⌛ The steps of the pipeline will be loaded in stages:
 * Legend: 🚰 GeneratorStep 🌐 GlobalStep 🔄 Step
 * Stage 0:
   - 🚰 'load'
   - 🔄 'ask'
 * Stage 1:
   - 🔄 'answer'"""


def connected(arrows: Iterable[str], name: str | None = "seeds", extra: Iterable[str] = ()) -> object:
    """A pipeline with these arrows, such as "load>ask"; "load" is the loader."""
    from distilabel.pipeline import Pipeline
    from distilabel.steps import KeepColumns, LoadDataFromDicts

    with Pipeline(name=name) as pipeline:
        steps = {"load": LoadDataFromDicts(name="load", data=[{"a": n} for n in range(5)], batch_size=2)}
        for arrow in [*arrows, *extra]:
            for one in arrow.split(">"):
                if one not in steps:
                    steps[one] = KeepColumns(name=one, columns=["a"], input_batch_size=2)
            if ">" in arrow:
                start, end = arrow.split(">")
                steps[start].connect(steps[end])
    return pipeline


@pytest.fixture
def monitor() -> Iterator[PipelineMonitor]:
    monitor = PipelineMonitor(connected(["load>ask", "ask>answer"]))
    yield monitor
    monitor._stop_drawing()


def text(monitor: PipelineMonitor, part: str) -> str:
    return BeautifulSoup(monitor.part(part), "html.parser").get_text(" ", strip=True)


def row(monitor: PipelineMonitor, step: str) -> list[str]:
    """The cells of a step in the table: rows from, state, rows, batches, at work."""
    for line in BeautifulSoup(monitor.part("steps"), "html.parser").select("tbody tr"):
        if line.th.get_text() == step:
            return [cell.get_text(" ", strip=True) for cell in line.select("td")]
    raise AssertionError(step)


def states(monitor: PipelineMonitor) -> dict[str, str]:
    return {name: step.state for name, step in monitor.watch.steps.items()}


# What the log says ----------------------------------------------------------------------------------------------------


def test_before_a_run_every_step_waits(monitor):
    assert set(states(monitor).values()) == {"waiting"}
    assert "has not begun" in text(monitor, "status") and monitor.part("total") == monitor.part("batches") == ""
    assert row(monitor, "ask") == ["load", "○ waiting", "–", "–", "–"]
    assert "Pipeline monitor · seeds" in text(monitor, "head")


def test_the_numbers_fill_in(monitor, monkeypatch):
    monitor.begin(monitor.watch.pipeline)
    assert "loading" in text(monitor, "status")
    now = time.time()
    monkeypatch.setattr(run_state, "time", SimpleNamespace(time=lambda: now))

    def hear(*records: logging.LogRecord) -> None:
        for one in records:
            monitor.handler.handle(one)

    hear(record(STAGES))
    assert states(monitor) == {"load": "loading", "ask": "loading", "answer": "waiting"}
    hear(record("⏳ Waiting for all the steps of stage 0 to load...", now - 10))
    hear(record("⏳ Steps from stage 0 loaded: 1/2\n * 'load' replicas: 1/1\n * 'ask' replicas: 0/1"))
    assert states(monitor) == {"load": "ready", "ask": "loading", "answer": "waiting"}
    hear(record("🚰 Starting yielding batches from generator step 'load'. Offset: 0", now - 8))
    assert row(monitor, "load") == ["–", "▶ bringing rows", "0", "0", "not timed"]
    assert "running" in text(monitor, "status")
    hear(record("📨 Step 'load' sending batch 0 to output queue", now - 8), rows("load", 0, 2))
    hear(record("📦 Processing batch 0 in 'ask' (replica ID: 0)", now - 7))
    hear(rows("ask", 0, 2), record("📨 Step 'ask' sending batch 0 to output queue", now - 5))  # the rows come first
    hear(record("📦 Processing batch 1 in 'ask' (replica ID: 0)", now - 4))
    assert states(monitor) == {"load": "ready", "ask": "working", "answer": "waiting"}
    came, state, n, batches, seconds = row(monitor, "ask")
    assert (came, state, n, batches) == ("load", "▶ working on batch 1", "2", "1")
    assert float(seconds.split()[0]) == pytest.approx(6, abs=0.1)  # two, and four of the batch that goes on
    assert "working on batch 1" in text(monitor, "picture") and "2 rows · 1 batch" in text(monitor, "picture")
    assert "0 rows at the end" in text(monitor, "total")
    hear(record("⏳ Waiting for all the steps of stage 1 to load...", now))
    assert states(monitor)["answer"] == "loading"
    hear(record("🏁 Finished running step 'load' (replica ID: 0)"))
    assert states(monitor)["load"] == "done"


def test_the_batches_of_a_step(monitor):
    for one in (
        record("⏳ Waiting for all the steps of stage 0 to load...", 100),
        record("📨 Step 'load' sending batch 0 to output queue", 101),
        record("📦 Processing batch 0 in 'ask' (replica ID: 0)", 102),
        record("📨 Step 'ask' sending batch 0 to output queue", 104.5),
        rows("ask", 0, 7),
    ):
        monitor.handler.handle(one)
    load, ask, answer = BeautifulSoup(monitor.part("batches"), "html.parser").select("details")
    assert answer.summary.get_text(" ", strip=True) == "answer · 0 batches" and not answer.table
    assert ask.summary.get_text(" ", strip=True) == "ask · 1 batch"
    assert [cell.get_text() for cell in ask.select("tbody tr > *")] == ["0", "7", "2.0 s", "4.5 s", "2.5 s"]
    assert [cell.get_text() for cell in load.select("tbody tr > *")] == ["0", "–", "1.0 s"]  # when it was sent
    assert monitor.times.batches[1].rows == 7


def test_a_step_with_replicas_works_on_several_batches_and_ends_when_all_have(monitor):
    monitor.watch.steps["ask"].replicas = 2
    for number in (3, 2):
        monitor.handler.handle(record(f"📦 Processing batch {number} in 'ask' (replica ID: {number - 2})"))
    assert row(monitor, "ask")[1] == "▶ working on batch 2, 3"
    for number in (2, 3):
        monitor.handler.handle(record(f"📨 Step 'ask' sending batch {number} to output queue"))
    monitor.handler.handle(record("🏁 Finished running step 'ask' (replica ID: 0)"))
    assert states(monitor)["ask"] == "ready"
    monitor.handler.handle(record("🏁 Finished running step 'ask' (replica ID: 1)"))
    assert states(monitor)["ask"] == "done"


def test_a_batch_that_failed_is_counted(monitor):
    monitor.handler.handle(
        record("⚠️ Processing batch 0 with step 'ask' failed. Sending empty batch filled with `None`s...")
    )
    assert "1 batch failed" in row(monitor, "ask")[1] and "failed" not in row(monitor, "answer")[1]


def test_steps_whose_rows_are_in_the_cache(monitor):
    monitor.handler.handle(record(STAGES.replace("'ask'", "'ask' (results cached, won't be loaded and executed)")))
    assert states(monitor) == {"load": "loading", "ask": "cached", "answer": "waiting"}
    assert "from the cache" in row(monitor, "ask")[1]


@pytest.fixture(params=["en", "vi", "zh", "ja", "ko"])
def language(request) -> Iterator[str]:
    i18n.set_language(request.param)
    yield request.param
    i18n.set_language("en")
    del os.environ["PROMPT2DATA_LANGUAGE"]


@pytest.mark.parametrize(
    "make_error",
    [
        lambda: worker_died("ask", -9),
        lambda: not_portable("ask", TypeError("no 'answer'")),
        lambda: _read_failure("ask", {"loading": True, "summary": "no 'load'", "traceback": "", "error": None}),
    ],
    ids=["died", "not portable", "failed"],
)
def test_a_run_that_fails_says_where_in_every_language(monitor, language, make_error):
    error = make_error()
    monitor.begin(monitor.watch.pipeline)
    monitor.handler.handle(record("🏁 Finished running step 'load' (replica ID: 0)"))
    monitor.end(None, error)
    assert states(monitor) == {"load": "done", "ask": "failed", "answer": "stopped"}
    assert " ".join(str(error).split()) in text(monitor, "status")


def test_an_error_that_names_no_step_blames_none(monitor):
    monitor.begin(monitor.watch.pipeline)
    monitor.end(None, ValueError("we 'ask' for an answer"))
    assert set(states(monitor).values()) == {"stopped"}


def test_a_run_that_is_interrupted(monitor):
    monitor.begin(monitor.watch.pipeline)
    monitor.handler.handle(record("📦 Processing batch 0 in 'ask' (replica ID: 0)"))
    monitor.end(None, KeyboardInterrupt())
    assert "interrupted" in text(monitor, "status") and set(states(monitor).values()) == {"stopped"}


def test_a_second_run_begins_anew(monitor):
    monitor.begin(monitor.watch.pipeline)
    monitor.handler.handle(record("📨 Step 'load' sending batch 0 to output queue"))
    monitor.end(None, ValueError("no"))
    before = monitor.times
    monitor.begin(monitor.watch.pipeline)
    assert before.batches and not monitor.times.batches and set(states(monitor).values()) == {"waiting"}
    assert "failed" not in text(monitor, "status")


class Clock:
    """Stands in for the event that ends the drawing; each wait for it lasts until a tick."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._waits: queue.Queue[bool] = queue.Queue()

    def tick(self) -> None:
        self._waits.put(False)

    def set(self) -> None:
        self._waits.put(True)

    def wait(self, seconds: float) -> bool:
        return self._waits.get()


def test_it_draws_by_the_clock_and_the_last_state_always(monitor, monkeypatch):
    clock = Clock()
    drawn: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(monitor, "_ended", clock)
    monitor.begin(monitor.watch.pipeline)
    monitor.observe(lambda change: drawn.put(threading.current_thread().name), "parts")
    for number in range(999):
        monitor.handler.handle(record(f"📨 Step 'load' sending batch {number} to output queue"))
    assert drawn.empty()  # nothing is drawn for a record
    clock.tick()
    assert drawn.get(timeout=60) != threading.current_thread().name
    clock.tick()  # nothing has happened meanwhile
    monitor.handler.handle(record("📨 Step 'load' sending batch 999 to output queue"))
    monitor.end({}, None)
    assert monitor._drawing is None
    assert row(monitor, "load")[3] == "1,000" and "1,000" in monitor.parts["steps"]
    assert len(monitor.parts["batches"]) < 100_000
    assert "The last 50 of 1,000 batches" in text(monitor, "batches")


def test_a_failing_monitor_does_not_harm_the_run(monitor, monkeypatch):
    monkeypatch.setattr(monitor, "watch", None)
    with announced(connected(["load>ask"]), [monitor.handler, logging.NullHandler()]) as ended:
        monkeypatch.setattr(monitor, "watch", None)
        monitor.handler.handle(record("📨 Step 'ask' sending batch 0 to output queue"))
        ended.distiset = {}


def test_listeners_are_told_how_a_run_ended():
    class Listener(RunListener):
        events: list = []

        def note(self, event):
            self.events.append(event)

    error = KeyboardInterrupt()
    with announced("one", [Listener()]) as ended:
        ended.distiset = "rows"
    with pytest.raises(KeyboardInterrupt), announced("two", [Listener()]):
        raise error
    assert Listener.events == [RunBegan("one"), RunEnded("rows", None), RunBegan("two"), RunEnded(None, error)]
    with announced("three", []):
        pass


@pytest.mark.parametrize("wrong", [None, 3, [], "pipeline", object])
def test_anything_but_a_pipeline_is_refused_in_one_sentence(wrong):
    with pytest.raises(TypeError, match="takes a pipeline"):
        PipelineMonitor(wrong)


# The drawing ----------------------------------------------------------------------------------------------------------

CHAIN = ["load>a", "a>b", "b>c"]
DIAMOND = ["load>a", "load>b", "a>c", "b>c"]
SKIP = ["load>a", "a>b", "load>b", "load>c", "b>c"]


@pytest.mark.parametrize("arrows", [[], CHAIN, DIAMOND, SKIP, [f"load>s{n}" for n in range(8)]])
def test_no_box_lies_on_another_and_every_arrow_is_drawn(arrows):
    html = BeautifulSoup(PipelineMonitor(connected(arrows)).parts["picture"], "html.parser")
    graph = html.select_one(".p2d-graph")
    for x, y in (("w", "h"), ("u", "v")):

        def place(element, x=x, y=y):
            found = dict(re.findall(r"--(\w): ([-\d.]+)", element["style"]))
            return float(found[x]), float(found[y])

        corners = [place(box) for box in html.select(".p2d-box")]
        wide, high = place(graph)
        assert all(0 <= left and left + 14.5 <= wide + 0.02 for left, _top in corners)
        assert all(0 <= top and top + 6.2 <= high + 0.02 for _left, top in corners)
        for n, (left, top) in enumerate(corners):
            assert all(abs(left - other[0]) > 15 or abs(top - other[1]) > 7 for other in corners[:n])
    for drawing in html.select("svg"):
        assert len(drawing.select("path")) == len(arrows)
    assert html.select_one(".p2d-flow")["aria-hidden"] == "true" and not html.select("[tabindex], button, a, summary")


def test_the_table_says_what_the_arrows_say():
    monitor = PipelineMonitor(connected(DIAMOND))
    assert [row(monitor, name)[0] for name in ("load", "a", "b", "c")] == ["–", "load", "load", "a, b"]


def test_an_arrow_over_several_columns_passes_between_the_boxes():
    watch = PipelineMonitor(connected(SKIP)).watch
    assert [set(column) for column in watch.columns] == [{"load"}, {"a", None}, {"b", None}, {"c"}]
    assert sorted(map(len, watch.arrows)) == [2, 2, 2, 3, 4]
    for places in watch.arrows:
        assert [column for column, _row in places] == list(range(places[0][0], places[-1][0] + 1))
        assert all(watch.columns[column][at] is None for column, at in places[1:-1])


def test_a_pipeline_without_steps():
    from distilabel.pipeline import Pipeline

    monitor = PipelineMonitor(Pipeline(name="nothing"))
    assert "nothing" in monitor.static() and monitor.watch.columns == []


# Stored form, hostile texts -------------------------------------------------------------------------------------------


def test_what_is_stored_is_the_table_and_the_batches(monitor):
    monitor.begin(monitor.watch.pipeline)
    for number in range(30):
        monitor.handler.handle(record(f"📦 Processing batch {number} in 'ask' (replica ID: 0)", 100 + number))
        monitor.handler.handle(record(f"📨 Step 'ask' sending batch {number} to output queue", 101 + number))
    monitor.end({}, None)
    html = monitor.static()
    page = BeautifulSoup(html, "html.parser")
    assert not page.select("button, input, svg, .p2d-box, script") and len(html) < 60_000
    assert page.table.caption.get_text() == "Steps of the pipeline" and "30" in page.table.get_text()
    assert monitor.uid not in html
    assert monitor.summary() == "Pipeline monitor · seeds · Pipeline finished: 3 steps, 0 rows."


def shape(html: str) -> list[tuple[str, list[str]]]:
    return [(tag.name, sorted(tag.attrs)) for tag in BeautifulSoup(html, "html.parser").find_all(True)]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_texts_are_text(text):
    def shapes(text: str) -> list:
        pipeline = connected(["load>ask"])
        pipeline.name = text
        monitor = PipelineMonitor(pipeline)
        monitor.begin(pipeline)
        for name in ("distilabel.step.ask", "httpx"):
            monitor.handler.handle(record(text, name=name))
            monitor.handler.handle(record(f"📦 Processing batch 0 in '{text}'", name=name))
            monitor.handler.handle(record(f"Subprocess traceback:\n\n{text}\n📨 Step 'ask' sending batch 0", name=name))
        monitor.watch.steps["ask"].kind = text
        monitor.end(None, RuntimeError(text))
        monitor.redraw()
        parts = monitor.parts
        assert sum(map(len, parts.values())) < 40_000
        assert states(monitor) == {"load": "stopped", "ask": "stopped"} and not monitor.watch.batches("ask")
        static = re.sub("<style>.*?</style>", "", monitor.static(), count=1, flags=re.DOTALL)
        return [{name: shape(html) for name, html in parts.items()}, shape(static)]

    assert shapes(text) == shapes("an innocent text")


# Real runs ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    from prompt2data import pipelines

    pipelines.install()


def test_a_real_run_and_the_same_from_the_cache(tmp_path):
    pipeline = connected(["load>a", "load>b", "a>c"])
    pipeline._cache_dir = tmp_path
    monitor = PipelineMonitor(pipeline)
    drawn: list[str] = []
    monitor.observe(lambda change: drawn.append(change["new"]["status"]), "parts")
    distiset = pipeline.run(logging_handlers=[monitor.handler], use_cache=True)
    assert {name: len(one["train"]) for name, one in distiset.items()} == {"b": 5, "c": 5}
    assert len(drawn) > 2 and any("loading" in one for one in drawn)
    assert "Pipeline finished: 4 steps, 10 rows." in monitor.parts["status"]
    assert set(states(monitor).values()) == {"done"}
    for name in ("load", "a", "b", "c"):
        assert row(monitor, name)[2:4] == ["5", "3"]
        assert [batch.rows for batch in monitor.watch.batches(name)] == [2, 2, 1]
    assert {step: len(batches) for step, batches in monitor.times.steps.items()} == dict.fromkeys(
        monitor.watch.steps, 3
    )

    pipeline.run(logging_handlers=[monitor.handler], use_cache=True)
    assert "all rows come from the cache" in text(monitor, "status") and "10 rows" in text(monitor, "status")
    assert set(states(monitor).values()) == {"cached"} and row(monitor, "a")[2] == "–"


def test_a_real_run_that_fails_on_a_dataset():
    from distilabel.pipeline import Pipeline
    from distilabel.steps import KeepColumns, StepInput, step

    def odd(inputs):
        if inputs[0]["a"] == 0:
            raise ValueError("not zero")
        yield [{**row, "b": 1} for row in inputs]

    def collect(inputs):
        raise ValueError("<b>nothing</b> works")
        yield inputs

    # distilabel looks for this very object, not for the text that annotations are in this module.
    odd.__annotations__ = collect.__annotations__ = {"inputs": StepInput}
    Odd = step(inputs=["a"], outputs=["b"])(odd)
    Collect = step(inputs=["b"], outputs=["c"], step_type="global")(collect)
    with Pipeline(name="fails") as pipeline:
        Odd(name="odd", input_batch_size=2) >> Collect(name="all") >> KeepColumns(name="keep", columns=["c"])
    monitor = PipelineMonitor(pipeline)
    with pytest.raises(RuntimeError, match="works"):
        pipeline.run(dataset=[{"a": n} for n in range(4)], logging_handlers=[monitor.handler])
    found = states(monitor)
    assert (found["all"], found["keep"]) == ("failed", "stopped") and len(found) == 4  # with the loader of the dataset
    assert "1 batch failed" in row(monitor, "odd")[1]
    assert "&lt;b&gt;nothing" in monitor.parts["status"]
