"""Whose text it is: the name of the step that runs, in every kind of step, and of no other."""

from __future__ import annotations

import functools
import pickle

import cloudpickle
import pytest
from distilabel.steps import ExpandColumns, GeneratorStep, Step, StepInput, step

from prompt2data import isolate_failures
from prompt2data.engine.calling_step import calling_step, install_step_names

install_step_names()


class Naming(Step):
    """Writes the name it is called by into its rows, one row a batch."""

    @property
    def outputs(self) -> list[str]:
        return ["step"]

    def load(self) -> None:
        super().load()
        self._logger.debug(calling_step())

    def process(self, inputs: StepInput):
        for row in inputs:
            yield [row | {"step": self.name_seen()}]

    def name_seen(self) -> str:
        return calling_step()


class Inheriting(Naming):
    def process(self, inputs: StepInput):
        yield from super().process(inputs)


class Mixin:
    def process(self, inputs: StepInput):
        yield [row | {"step": calling_step()} for row in inputs]


class FromMixin(Mixin, Naming):
    pass


class Wrapped(Naming):
    @functools.wraps(Naming.process)
    def process(self, inputs: StepInput):
        return ([row | {"step": calling_step()}] for row in inputs)


class Generating(GeneratorStep):
    @property
    def outputs(self) -> list[str]:
        return ["step"]

    def process(self, offset: int = 0):
        yield [{"step": calling_step()}], False
        yield [{"step": calling_step()}], True


@step(outputs=["step"])
def decorated(inputs: StepInput):
    yield [row | {"step": calling_step()} for row in inputs]


def names(batches) -> list[str]:
    return [row["step"] for batch in batches for row in batch]


@pytest.mark.parametrize("cls", [Naming, Inheriting, FromMixin])
def test_process_tells_its_steps_name(cls):
    assert names(cls(name="own").process([{}, {}])) == ["own", "own"]
    assert names(isolate_failures(cls(name="isolated")).process([{}, {}])) == ["isolated", "isolated"]
    assert names(cls(name="mapped").process_applying_mappings([{}])) == ["mapped"]
    assert calling_step() == ""


def test_generator_step_tells_its_name():
    assert names(rows for rows, _last in Generating(name="source").process()) == ["source", "source"]


@pytest.mark.parametrize("cls", [decorated, Wrapped])
def test_generator_that_outlives_process_belongs_to_the_pipeline_only(cls):
    """The random streams of texts made so depend on it."""
    assert names(cls(name="alone").process([{}])) == [""]
    assert names(cls(name="mapped").process_applying_mappings([{}])) == ["mapped"]


def test_the_code_between_two_batches_is_the_callers():
    outer, inner = Naming(name="outer").process([{}, {}]), Naming(name="inner").process([{}, {}])
    assert names([next(outer), next(inner)]) == ["outer", "inner"]
    assert calling_step() == ""
    assert names([*inner, *outer]) == ["inner", "outer"]


def test_innermost_step_counts():
    class Calling(Naming):
        def process(self, inputs: StepInput):
            before = calling_step()
            inside = names(Naming(name="inside").process(inputs))
            yield [{"step": before}, *({"step": name} for name in inside), {"step": calling_step()}]

    assert names(Calling(name="outside").process([{}])) == ["outside", "inside", "outside"]


def test_an_error_leaves_no_name_behind():
    class Failing(Naming):
        def name_seen(self) -> str:
            raise ValueError(calling_step())

    with pytest.raises(ValueError, match="failing"):
        next(Failing(name="failing").process([{}]))
    assert calling_step() == ""


def test_early_end_reaches_the_steps_own_generator():
    closed = []

    class Closing(Naming):
        def process(self, inputs: StepInput):
            try:
                yield inputs
            finally:
                closed.append(calling_step())

    outputs = Closing(name="own").process([{}])
    next(outputs)
    outputs.close()
    assert closed == ["own"]


def test_class_from_a_notebook_travels_to_a_worker():
    """By value, as its module cannot be imported there."""

    class Local(Naming):
        def process(self, inputs: StepInput):
            yield [row | {"step": self.name_seen()} for row in inputs]

    copy = pickle.loads(cloudpickle.dumps(Local(name="local")))
    assert names(copy.process([{}])) == ["local"]


def test_distilabel_still_reads_the_signature():
    assert ExpandColumns(name="own", columns=["a"]).get_process_step_input().name == "inputs"
    before = Naming.process
    install_step_names()
    assert Naming.process is before
