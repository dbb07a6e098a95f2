"""`isolate_failures()` on steps without a model: what it does to rows, to errors and to the step itself."""

import copy
import inspect
import logging
import pickle
import random
from typing import Any

import cloudpickle
import numpy as np
import pytest
from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.pipeline import Pipeline
from distilabel.steps import ExpandColumns, GlobalStep, LoadDataFromDicts, Step, StepInput, step
from hypothesis import given
from hypothesis import strategies as st

from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.models import ModelUnavailable
from prompt2data.pipelines.isolation import isolate_failures

METADATA = "distilabel_metadata"


class Inverse(Step):
    """Writes into the rows it gets, as many steps do, and cannot divide by 0."""

    digits: int = 3
    _sizes: list = []

    @property
    def inputs(self) -> list[str]:
        return ["n"]

    @property
    def outputs(self) -> list[str]:
        return ["m"]

    def load(self) -> None:
        super().load()
        self._sizes = []

    def process(self, inputs: StepInput):
        self._sizes.append(len(inputs))
        for row in inputs:
            row.setdefault("seen", []).append(row["n"])
            row["m"] = round(1 / row["n"], self.digits)
        yield inputs


class Draws(Inverse):
    def process(self, inputs: StepInput):
        yield [{**row, "m": (random.random(), np.random.rand(), 1 / row["n"])} for row in inputs]


class Raises(Inverse):
    error: Any = None

    def process(self, inputs: StepInput):
        if any(row["n"] == 0 for row in inputs):
            raise self.error
        yield inputs


def numbers(*values: Any) -> list[dict[str, Any]]:
    return [{"n": value, "seen": []} for value in values]


def loaded(cls: type[Step], **options: Any) -> Step:
    step = cls(name="s", **options)
    step.load()
    return step


def run(step: Step, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return next(step.process(rows))


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a run would print: warnings, without distilabel's about a step outside of a pipeline."""
    caplog_records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    return [text for text in map(logging.LogRecord.getMessage, caplog_records) if "Pipeline" not in text]


# Rows ---------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_the_other_rows_are_as_if_the_bad_ones_had_not_been_there(values):
    good = [value for value in values if value]
    random.seed(1)
    np.random.seed(1)
    expected = run(loaded(Draws), numbers(*good))
    random.seed(1)
    np.random.seed(1)
    rows = run(isolate_failures(loaded(Draws)), numbers(*values))
    assert [row["n"] for row in rows] == values
    assert [row for row in rows if row["n"]] == expected
    blank = {"n": 0, "seen": [], "m": None, METADATA: {"error_s": "ZeroDivisionError: division by zero"}}
    assert [row for row in rows if not row["n"]] == [blank] * (len(values) - len(good))


def test_a_failed_attempt_leaves_nothing_in_the_rows():
    given_rows = numbers(1, 2, 0, 4)
    before = copy.deepcopy(given_rows)
    rows = run(isolate_failures(loaded(Inverse)), given_rows)
    assert [row["seen"] for row in rows] == [[1], [2], [], [4]]
    assert given_rows == before


def test_without_a_bad_row_nothing_is_different():
    step = isolate_failures(loaded(Inverse))
    assert run(step, numbers(*range(1, 51))) == run(loaded(Inverse), numbers(*range(1, 51)))
    assert step._sizes == [50]
    assert run(step, []) == []


def test_one_bad_row_of_64_takes_few_attempts():
    step = isolate_failures(loaded(Inverse))
    values = list(range(1, 65))
    values[37] = 0
    run(step, numbers(*values))
    assert len(step._sizes) <= 13
    step._sizes.clear()
    run(step, numbers(*[0] * 8))
    assert len(step._sizes) == 15


def test_rows_that_fail_only_together_are_processed_apart(caplog):
    class Pairless(Inverse):
        def process(self, inputs: StepInput):
            if len(inputs) > 1:
                raise IndexError("two")
            yield [{**row, "m": 1} for row in inputs]

    rows = run(isolate_failures(loaded(Pairless)), numbers(1, 2, 3))
    assert [row["m"] for row in rows] == [1, 1, 1]
    assert METADATA not in rows[0] and not said(caplog)


def test_a_step_that_drops_rows_or_adds_some():
    class Even(Inverse):
        def process(self, inputs: StepInput):
            yield [row for row in inputs if (12 / row["n"]) % 2 == 0]

    rows = run(isolate_failures(loaded(Even)), numbers(1, 12, 0, 4, 6, 2))
    assert [row["n"] for row in rows] == [1, 0, 6, 2]

    expand = isolate_failures(ExpandColumns(name="s", columns=["n"]))
    expand.load()
    rows = run(expand, [{"n": [1, 2]}, {"n": None}, {"n": [3]}])
    assert [row["n"] for row in rows] == [1, 2, None, 3]


def test_what_a_step_yields_later_is_still_there_and_not_before_it_is_asked_for():
    class Twice(Inverse):
        def process(self, inputs: StepInput):
            yield [{"m": 1 / row["n"]} for row in inputs]
            self._sizes.append("further")
            yield [{"m": 0}]

    step = isolate_failures(loaded(Twice))
    outputs = step.process(numbers(1))
    assert next(outputs) == [{"m": 1}] and not step._sizes
    assert list(outputs) == [[{"m": 0}]]


def test_a_step_that_yields_nothing():
    class Nothing(Inverse):
        def process(self, inputs: StepInput):
            yield from ()

    assert list(isolate_failures(loaded(Nothing)).process(numbers(1))) == []


def test_column_mappings():
    mappings = {"input_mappings": {"n": "number"}, "output_mappings": {"m": "inverse"}}
    step = isolate_failures(loaded(Inverse, **mappings))
    rows = next(step.process_applying_mappings([{"number": n, "n": "kept"} for n in (2, 0, 4)]))
    assert [(row["number"], row["n"], row["inverse"]) for row in rows] == [
        (2, "kept", 0.5), (0, "kept", None), (4, "kept", 0.25),
    ]  # fmt: skip
    assert "m" not in rows[1]
    # `process` alone applies no mappings.
    rows = run(step, numbers(2, 0))
    assert [row["m"] for row in rows] == [0.5, None] and "inverse" not in rows[1]


def test_a_decorated_step_with_a_runtime_parameter():
    @step(inputs=["n"], outputs=["m"])
    def Scaled(inputs: StepInput, factor: RuntimeParameter[int] = 1):
        yield [{**row, "m": factor / row["n"]} for row in inputs]

    scaled = isolate_failures(loaded(Scaled))
    scaled.set_runtime_parameters({"factor": 6})
    rows = next(scaled.process_applying_mappings(numbers(1, 0, 3)))
    assert [row["m"] for row in rows] == [6, None, 2]
    assert [row["m"] for row in next(scaled.process(inputs=numbers(0, 1), factor=2))] == [None, 2]


def test_a_step_with_two_inputs():
    class Ratio(Inverse):
        def process(self, *inputs: StepInput):
            yield [{**a, "m": a["n"] / b["n"]} for a, b in zip(*inputs, strict=True)]

    ratio = isolate_failures(loaded(Ratio))
    rows = next(ratio.process(numbers(6, 6, 6), numbers(1, 0, 3)))
    assert [row["m"] for row in rows] == [6, None, 2]
    # What belongs together is not known then.
    with pytest.raises(ValueError, match="shorter|longer"):
        next(ratio.process(numbers(6, 6), numbers(1)))


# Metadata -----------------------------------------------------------------------------------------------------------


def test_a_row_keeps_the_metadata_of_earlier_steps():
    earlier = {"error_before": "ValueError: x", "statistics_before": {"input_tokens": [3]}}
    rows = run(isolate_failures(loaded(Inverse)), [{"n": n, METADATA: dict(earlier)} for n in (1, 0)])
    assert rows[0][METADATA] == earlier
    assert rows[1][METADATA] == {**earlier, "error_s": "ZeroDivisionError: division by zero"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("two\nlines  and\ttabs"), "ValueError: two lines and tabs"),
        (KeyError("column"), "KeyError: 'column'"),
        (RuntimeError(), "RuntimeError"),
        (TypeError("é" * 500), "TypeError: " + "é" * 288 + "…"),
    ],
)
def test_the_reason_is_one_short_line(error, reason):
    row = run(isolate_failures(loaded(Raises, error=error)), numbers(1, 0))[1]
    assert row[METADATA]["error_s"] == reason
    assert len(reason) <= 300


def test_the_log_says_it_once(caplog):
    caplog.set_level(logging.INFO)
    run(isolate_failures(loaded(Inverse)), numbers(1, 0, 2, 0, 3))
    assert said(caplog) == [
        "2 of 5 rows failed in step 's' (first: ZeroDivisionError: division by zero): their outputs are None, and "
        "their distilabel_metadata says why."
    ]
    tracebacks = [record for record in caplog.records if "Traceback" in record.getMessage()]
    assert len(tracebacks) == 1 and tracebacks[0].levelno == logging.INFO


# Errors that are no row's -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(1),
        MemoryError(),
        ModelNotLoaded("no"),
        ModelUnavailable("no"),
        DistilabelOfflineBatchGenerationNotFinishedException(("job",)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_no_row_is_to_blame_for_is_raised(error):
    step = isolate_failures(loaded(Raises, error=error))
    with pytest.raises(type(error)) as caught:
        run(step, numbers(1, 0))
    assert caught.value is error


def test_an_empty_batch_that_fails_is_raised():
    class Empty(Inverse):
        def process(self, inputs: StepInput):
            yield [max(inputs, key=len)]

    with pytest.raises(ValueError, match="empty"):
        run(isolate_failures(loaded(Empty)), [])


@step(outputs=["n"], step_type="generator")
def Numbers():
    yield [{"n": 1}], True


class Together(GlobalStep):
    def process(self, inputs: StepInput):
        yield inputs


@pytest.mark.parametrize(
    ("what", "named"),
    [
        (Numbers(name="numbers"), "'numbers'"),
        (Together(name="together"), "'together'"),
        (Inverse, "Inverse"),
        (None, "None"),
    ],
    ids=["generator", "global", "class", "nothing"],
)
def test_only_normal_steps_can_be_isolated(what, named):
    with pytest.raises(ValueError, match=named):
        isolate_failures(what)


# The step itself ----------------------------------------------------------------------------------------------------


def test_the_step_stays_what_it_was():
    plain, step = Inverse(name="s"), Inverse(name="s")
    assert isolate_failures(step) is step
    assert isolate_failures(step) is step
    assert isinstance(step, Inverse)
    assert (type(step).__name__, type(step).__module__) == (Inverse.__name__, Inverse.__module__)
    assert type(step).__mro__.count(Inverse) == 1
    assert type(Inverse(name="another")) is Inverse
    assert step.dump() == plain.dump()
    assert step.get_runtime_parameters_info() == plain.get_runtime_parameters_info()
    assert inspect.signature(step.process) == inspect.signature(plain.process)
    assert step.get_process_step_input() == plain.get_process_step_input()
    step.digits = 1
    with pytest.raises(ValueError, match="pattern"):
        step.name = "not a name"


def test_rows_that_distilabel_cached_for_the_plain_step_are_not_taken():
    step = Inverse(name="s")
    plain = step.signature
    assert isolate_failures(step).signature != plain
    assert step.signature == isolate_failures(Inverse(name="s")).signature


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda step: cloudpickle.loads(cloudpickle.dumps(step))],
    ids=["copy", "deepcopy", "cloudpickle"],
)
def test_copies_isolate_too(copied):
    @step(inputs=["n"], outputs=["m"])
    def Scaled(inputs: StepInput, factor: RuntimeParameter[int] = 1):
        yield [{**row, "m": factor / row["n"]} for row in inputs]

    for original in (isolate_failures(loaded(Inverse, digits=1)), isolate_failures(loaded(Scaled))):
        other = copied(original)
        assert other is not original and other.dump() == original.dump()
        assert [row["m"] for row in run(other, numbers(1, 0))] == [1, None]


def test_a_step_of_an_importable_class_needs_only_pickle():
    step = pickle.loads(pickle.dumps(isolate_failures(ExpandColumns(name="s", columns=["n"]))))
    step.load()
    assert [row["n"] for row in run(step, [{"n": [1, 2]}, {"n": None}])] == [1, 2, None]


def test_a_saved_pipeline_holds_the_plain_step(tmp_path):
    with Pipeline(name="p") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"n": [1]}])
        load >> isolate_failures(ExpandColumns(name="s", columns=["n"]))
    pipeline.save(tmp_path / "pipeline.yaml", format="yaml")
    loaded = Pipeline.from_yaml(tmp_path / "pipeline.yaml")
    assert type(loaded.dag.get_step("s")["step"]) is ExpandColumns
