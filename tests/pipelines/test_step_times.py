"""StepTimes: what it reads out of a run's log, and out of a real run."""

from __future__ import annotations

import logging

import pytest

from prompt2data.pipelines.step_times import StepTimes


def record(created: float, message: str) -> logging.LogRecord:
    result = logging.LogRecord("distilabel", logging.INFO, "", 0, message, None, None)
    result.created = created
    return result


@pytest.fixture
def times() -> StepTimes:
    listener = StepTimes()
    for created, message in [
        (100.0, "⏳ Waiting for all the steps of stage 0 to load..."),
        (102.0, "📨 Step 'load' sending batch 0 to output queue"),
        (102.0, "📦 Processing batch 0 in 'ask' (replica ID: 0)"),
        (105.0, "📨 Step 'ask' sending batch 0 to output queue"),
        (105.0, "📦 Processing batch 1 in 'ask' (replica ID: 0)"),
        (105.5, "📦 Processing batch 0 in 'answer' (replica ID: 0)"),
        (107.0, "📨 Step 'ask' sending batch 1 to output queue"),
        (110.0, "📨 Step 'answer' sending batch 0 to output queue"),
        (111.0, "⏳ Waiting for all the steps of stage 1 to load..."),
        (112.0, "🏁 Finished running step 'answer' (replica ID: 0)"),
    ]:
        listener.emit(record(created, message))
    return listener


def test_batches_are_counted_from_the_first_loading(times):
    assert [(b.step, b.number, b.began, b.ended) for b in times.batches] == [
        ("load", 0, 2.0, 2.0),
        ("ask", 0, 2.0, 5.0),
        ("ask", 1, 5.0, 7.0),
        ("answer", 0, 5.5, 10.0),
    ]


def test_time_at_work_together(times):
    assert times.together() == pytest.approx(1.5)
    assert StepTimes().together() == 0.0


def test_batches_one_after_the_other_are_not_together(times):
    times.batches = [batch for batch in times.batches if batch.step != "answer"]
    assert times.together() == 0.0


def test_table(times):
    assert repr(times).splitlines() == [
        "step    batches  begins    ends  at work",
        "load          1   2.0 s   2.0 s    0.0 s",
        "ask           2   2.0 s   7.0 s    5.0 s",
        "answer        1   5.5 s  10.0 s    4.5 s",
    ]
    assert len(repr(StepTimes()).splitlines()) == 1


def test_drawing_has_a_row_for_each_step(times):
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    times.draw(ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["load", "ask", "answer"]
    assert len(ax.patches) == 3 and len(ax.lines) == 1 and ax.get_xlim()[0] == 0
    plt.close(fig)


def test_a_real_run_is_followed(capsys):
    from distilabel.pipeline import Pipeline
    from distilabel.steps import KeepColumns, LoadDataFromDicts

    from prompt2data import pipelines

    pipelines.install()
    with Pipeline(name="followed") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"a": n} for n in range(4)])
        load >> KeepColumns(name="keep", columns=["a"], input_batch_size=2)
    times = StepTimes()
    pipeline.run(logging_handlers=[times])
    assert {step: len(batches) for step, batches in times.steps.items()} == {"load": 1, "keep": 2}
    assert all(0 <= batch.began <= batch.ended for batch in times.batches)
