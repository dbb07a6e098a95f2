"""The pipeline monitor: a run that ended in its cell, its batches, and a run that goes on."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.plays import Kernel, reach

CELLS = (
    """
import threading, time
from prompt2data import pipelines
pipelines.install()
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts, StepInput, step
from prompt2data.pipelines import run
from prompt2data.widgets.pipeline import PipelineMonitor

@step(inputs=["topic"], outputs=["question"])
def Ask(inputs: StepInput):
    time.sleep(0.8)
    yield [{**row, "question": f"How about {row['topic']}?"} for row in inputs]

with Pipeline(name="bakers-questions") as pipeline:
    load = LoadDataFromDicts(name="load", data=[{"topic": topic} for topic in ("salt", "steam", "crust", "flour")])
    ask = Ask(name="ask", input_batch_size=2)
    answer = KeepColumns(name="answer", columns=["topic", "question"], input_batch_size=2)
    review = KeepColumns(name="review", columns=["question"], input_batch_size=2)
    load >> ask >> [answer, review]

def run_again():
    run.print_summary = lambda *_all: None  # a thread's print would stand in the answer to a test's question
    arguments = {"logging_handlers": [widget.handler]}
    threading.Thread(target=pipeline.run, kwargs=arguments).start()
""",
    """
widget = PipelineMonitor(pipeline)
distiset = pipeline.run(logging_handlers=[widget.handler])
""",
)


def finished(widget: Locator) -> None:
    expect(widget.get_by_role("status")).to_contain_text("4", timeout=30_000)  # steps, in any language
    expect(widget.locator(".p2d-box[data-state=done]")).to_have_count(4, timeout=30_000)


def rows_of(widget: Locator, kernel: Kernel) -> None:
    """The table says what the kernel counted."""
    lines = widget.locator("[data-part=steps] tbody tr")
    expect(lines).to_have_count(4)
    for n, name in enumerate(("load", "ask", "answer", "review")):
        assert kernel(f"widget.watch.rows({name!r})") == 4
        expect(lines.nth(n)).to_contain_text(name)
        expect(lines.nth(n).locator("td").nth(2)).to_have_text("4")


def batches(widget: Locator, kernel: Kernel) -> None:
    """The open list of batches says what the kernel timed."""
    seconds = kernel("[batch.seconds for batch in widget.times.steps['ask']]")
    shown = widget.locator("details[open] tbody tr")
    expect(shown).to_have_count(2)
    for n, took in enumerate(seconds):
        assert took >= 0.8
        expect(shown.nth(n).locator("td").last).to_contain_text(f"{took:.1f}")


def by_mouse(widget: Locator, kernel: Kernel) -> None:
    finished(widget)
    rows_of(widget, kernel)
    widget.locator("summary", has_text="ask").click()
    batches(widget, kernel)

    kernel("run_again()")  # the page follows while it runs, and what was opened stays so
    ask = widget.locator(".p2d-box", has_text="Ask")
    expect(ask).to_have_attribute("data-state", "working", timeout=20_000)
    assert not kernel("widget.watch.ended")
    finished(widget)
    rows_of(widget, kernel)
    batches(widget, kernel)


def by_keyboard(widget: Locator, kernel: Kernel) -> None:
    finished(widget)
    rows_of(widget, kernel)
    reach(widget, widget.locator("summary", has_text="ask"))
    widget.page.keyboard.press("Enter")
    batches(widget, kernel)
    widget.page.keyboard.press("Enter")
    expect(widget.locator("details[open]")).to_have_count(0)
