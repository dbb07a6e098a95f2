"""`isolate_failures(step)`: a row that a step cannot process is lost alone, and not with its batch.

distilabel gives a step its rows in batches (50 by default) and fills the whole batch with `None` when one row raises.
Here that row alone is filled with `None` and says why; the others come out as if it had not been there.

Why not a wrapper step? distilabel reads a step's fields, columns, runtime parameters and kind from its class,
recognises tasks by `isinstance`, and `pipeline.yaml` stores the path of the class: a wrapper would have to imitate all
of these, and a saved pipeline could not be loaded without this course. Besides, `step >> other` has put the object
itself into the pipeline's graph. So the object stays, and its class becomes a subclass that only replaces `process`.
For the same reason `_Silent` claims the class of the LLM it stands for: pydantic and Magpie check that class.
"""

from __future__ import annotations

import copy
import functools
import logging
import random
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, zip_longest
from typing import Any, SupportsIndex, TypeVar

from prompt2data.ground.quiet import quiet

quiet()  # first: importing distilabel emits warnings

# ruff: noqa: E402
import numpy as np
from distilabel.constants import DISTILABEL_METADATA_KEY
from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.models.llms.base import LLM
from distilabel.steps.base import Step, _Step
from distilabel.steps.tasks.base import _Task

from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.i18n import _, ngettext
from prompt2data.models import ModelUnavailable

StepT = TypeVar("StepT", bound=Step)
Row = dict[str, Any]
Metadata = dict[str, Any] | list[dict[str, Any]]

# About the run, and not about any row.
_NOT_ABOUT_ROWS = (
    MemoryError,
    ModelNotLoaded,
    ModelUnavailable,
    DistilabelOfflineBatchGenerationNotFinishedException,
)
_REASON_LENGTH = 300


def isolate_failures(step: StepT) -> StepT:
    """Make `step` lose only the rows that make it raise, standalone and in a pipeline.

        answer = isolate_failures(TextGeneration(name="answer", llm=llm))

    A batch is processed as a whole. Only if that raises are the rows at fault searched: those that fail before the
    model is called are found without calling it, others by halving the batch. Such a row gets `None` in the step's
    outputs, and the reason in `distilabel_metadata["error_<step name>"]`, for example `"TypeError: …"`. The other rows
    are what they would be in a batch without it: random states and the LLM's counters that failed attempts changed are
    restored. Entries of earlier steps in a row's `distilabel_metadata` are kept, where a task alone would replace them.

    Rows can be processed more than once, so `process` should have no effect outside of its rows. Errors that no row
    causes are raised as usual: no memory, a model that is missing or cannot be loaded, an interrupt. Saved pipelines
    (`pipeline.yaml`) hold the plain step: call this again after loading one.

    Args:
        step: an instance of a normal `Step` or `Task`, or of a class made with `@step`, with one input or several.

    Returns:
        The same object.

    Raises:
        ValueError: for anything else: a generator step, a global step (all rows are its one batch), a class.
    """
    if not isinstance(step, Step) or not step.is_normal:
        raise ValueError(
            _(
                "isolate_failures() needs a step that gets its rows in batches, and {what} does not: give it an "
                "instance of a normal Step or Task, and leave generator steps and global steps as they are."
            ).format(what=f"'{step.name}'" if isinstance(step, _Step) else repr(step))
        )
    if not is_isolated(step):
        object.__setattr__(step, "__class__", _isolating(type(step)))
    return step


def is_isolated(step: _Step) -> bool:
    """Whether `isolate_failures()` was applied to this step."""
    return isinstance(step, _Isolating)


class _Isolating:
    """Comes before the step's own class in the class of an isolated step."""

    __slots__ = ()

    @property
    def signature(self) -> str:
        """The key of a step's rows in distilabel's cache; those of the plain step may be blank."""
        return f"{super().signature}-isolated"  # type: ignore[misc]  # the step's own class comes next

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        # The class exists in this process only: unpickling creates it again.
        state: Any = super().__reduce_ex__(protocol)[2]
        return _new_instance, (type(self).__bases__[1],), state


def _isolating(plain: type[StepT]) -> type[StepT]:
    """A subclass of `plain` with its name, for logs, dumps and saved pipelines."""

    @functools.wraps(plain.process)  # distilabel reads the names and annotations of its parameters
    def process(self: StepT, *args: Any, **kwargs: Any) -> Iterator[list[Row]]:
        return _Call(self, plain.process, args, kwargs).outputs()

    names = {name: getattr(plain, name) for name in ("__module__", "__qualname__", "__doc__")}
    metaclass: Any = type(plain)
    return metaclass(plain.__name__, (_Isolating, plain), {**names, "process": process})


def _new_instance(plain: type[StepT]) -> StepT:
    isolating: Any = _isolating(plain)
    return isolating.__new__(isolating)


class _Call:
    """One call of a step's `process`, with a batch of rows for each of its inputs. Rows are known by their index."""

    def __init__(self, step: Step, process: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self._step = step
        self._process = process
        parameter = step.get_process_step_input()
        if args:
            several = parameter is None or parameter.kind is parameter.VAR_POSITIONAL
            inputs = len(args) if several else 1
            self._tables, self._args = args[:inputs], args[inputs:]
        else:
            kwargs = dict(kwargs)
            self._tables, self._args = (kwargs.pop(parameter.name if parameter else "inputs"),), ()
        self._kwargs = kwargs
        self._logger = logging.getLogger(f"distilabel.step.{step.name}")  # what load() gives it

    def outputs(self) -> Iterator[list[Row]]:
        """Yield what the step yields; if a row makes it raise, one list with the outputs of all rows."""
        rows = range(len(self._tables[0]))
        # A task that was not loaded fails whatever its rows are. Many other steps need no loading.
        loaded = not isinstance(self._step, _Task) or self._step._logger is not None
        if not rows or len(set(map(len, self._tables))) > 1 or not loaded:
            yield from self._process(self._step, *self._tables, *self._args, **self._kwargs)
            return
        first, further, reason = self._try(rows)
        if reason:
            yield self._isolated(rows, reason)
        elif isinstance(self._step, _Task):
            yield from (_flat(self._by_row(rows, outputs)) for outputs in chain(first, further))
        else:
            yield from chain(first, further)

    def _isolated(self, rows: Sequence[int], reason: str) -> list[Row]:
        reasons = self._rejected(rows)
        accepted = [row for row in rows if row not in reasons]
        # If no row is rejected, these are the rows that have just failed together.
        outputs = self._settle(accepted, reasons, "" if reasons else reason)
        if reasons:  # some rows fail only together
            self._logger.warning(
                ngettext(
                    "{failed} of {n} rows failed in step '{step}' ({reason}): its outputs are None, and its "
                    "distilabel_metadata says why.",
                    "{failed} of {n} rows failed in step '{step}' (first: {reason}): their outputs are None, and "
                    "their distilabel_metadata says why.",
                    len(reasons),
                ).format(failed=len(reasons), n=len(rows), step=self._step.name, reason=reasons[min(reasons)])
            )
        return _flat(outputs | {row: [self._blank(row, reason)] for row, reason in reasons.items()})

    def _try(self, rows: Sequence[int]) -> tuple[list[list[Row]], Iterator[list[Row]], str]:
        """What the step yields for these rows, the first item computed already, or else why they fail together."""
        restore = _snapshot(self._step)
        try:
            generator = iter(self._start(self._step, rows))
            return list(islice(generator, 1)), generator, ""
        except _NOT_ABOUT_ROWS:
            raise
        except Exception as error:
            restore()
            if len(rows) == len(self._tables[0]):
                # In distilabel's form: for the log file of a run, and not for the notebook.
                self._logger.info(f"Subprocess traceback:\n\n{traceback.format_exc()}")
            return [], iter(()), _reason(error)

    def _start(self, step: Step, rows: Sequence[int]) -> Any:
        # Steps may write into the rows they get; the next attempt needs them as they were.
        tables = [[copy.deepcopy(table[row]) for row in rows] for table in self._tables]
        return self._process(step, *tables, *self._args, **self._kwargs)

    def _rejected(self, rows: Sequence[int]) -> dict[int, str]:
        """The rows that fail before a model is called, and why. No model is called."""
        silent = {name: _Silent(value) for name, value in vars(self._step).items() if isinstance(value, LLM)}
        rejected: dict[int, str] = {}
        if not silent:
            return rejected
        step = self._step.model_copy(update=silent)
        restore = _snapshot(self._step)
        for row in rows:
            try:
                next(iter(self._start(step, [row])), None)
            except _ModelCalled:
                pass
            except _NOT_ABOUT_ROWS:
                raise
            except Exception as error:
                rejected[row] = _reason(error)
        restore()
        return rejected

    def _settle(self, rows: Sequence[int], reasons: dict[int, str], reason: str = "") -> dict[int, list[Row]]:
        """The outputs of these rows; those that fail are added to `reasons`.

        Args:
            reason: why they fail together, if they have failed already.
        """
        if not rows:
            return {}
        if not reason:
            first, _further, reason = self._try(rows)
            if not reason:
                return self._by_row(rows, first[0] if first else [])
        if len(rows) == 1:
            reasons[rows[0]] = reason
            return {}
        half = len(rows) // 2
        return self._settle(rows[:half], reasons) | self._settle(rows[half:], reasons)

    def _by_row(self, rows: Sequence[int], outputs: Sequence[Row]) -> dict[int, list[Row]]:
        """The outputs of these rows, by the row each belongs to."""
        if len(outputs) % len(rows):  # the step drops or adds rows: which output is whose is unknown
            return {rows[0]: list(outputs)}
        share = len(outputs) // len(rows)
        by_row = {row: list(outputs[index * share : (index + 1) * share]) for index, row in enumerate(rows)}
        for row in rows if isinstance(self._step, _Task) else ():
            if earlier := self._tables[0][row].get(DISTILABEL_METADATA_KEY):
                by_row[row] = [
                    {**output, DISTILABEL_METADATA_KEY: _merged(earlier, output.get(DISTILABEL_METADATA_KEY) or {})}
                    for output in by_row[row]
                ]
        return by_row

    def _blank(self, row: int, reason: str) -> Row:
        """The row with distilabel's own imputation, and the reason."""
        given = copy.deepcopy(self._tables[0][row])
        earlier = given.pop(DISTILABEL_METADATA_KEY, None) or {}
        # The mappings of columns come after `process`.
        unmapped = self._step.model_copy(update={"output_mappings": {}})
        output = unmapped.impute_step_outputs([given])[0]
        metadata = {**output.get(DISTILABEL_METADATA_KEY, {}), f"error_{self._step.name}": reason}
        # Rows with grouped generations have a list here, and a column of both kinds cannot be written.
        grouped = getattr(self._step, "group_generations", False)
        return {**output, DISTILABEL_METADATA_KEY: _merged(earlier, [metadata] if grouped else metadata)}


class _ModelCalled(BaseException):
    """A step has called its LLM. Not an `Exception`, so that no step handles it as a failure."""


class _Silent:
    """Stands in for an LLM; calling it for text raises `_ModelCalled`."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    @property  # type: ignore[misc]
    def __class__(self) -> type[LLM]:
        return type(self._llm)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._llm, name)

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        raise _ModelCalled

    agenerate = generate_outputs = generate


def _snapshot(step: Step) -> Callable[[], None]:
    """Remember what an attempt may use up; the result restores it."""
    llms = [value for value in vars(step).values() if hasattr(value, "mark") and hasattr(value, "rewind")]
    marks = [(llm, llm.mark()) for llm in llms]
    python, numpy = random.getstate(), np.random.get_state()

    def restore() -> None:
        for llm, mark in marks:
            llm.rewind(mark)
        random.setstate(python)
        np.random.set_state(numpy)

    return restore


def _flat(by_row: dict[int, list[Row]]) -> list[Row]:
    return [output for row in sorted(by_row) for output in by_row[row]]


def _merged(earlier: Metadata, own: Metadata) -> Metadata:
    """Metadata of two steps in one. A list has the metadata of one generation each, and keeps its length."""
    if isinstance(earlier, dict) and isinstance(own, dict):
        return {**earlier, **own}
    length = max(len(part) for part in (earlier, own) if isinstance(part, list))
    parts = [part if isinstance(part, list) else [part] * length for part in (earlier, own)]
    return [{**before, **after} for before, after in zip_longest(*parts, fillvalue={})]


def _reason(error: Exception) -> str:
    reason = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return reason if len(reason) <= _REASON_LENGTH else reason[: _REASON_LENGTH - 1] + "…"
