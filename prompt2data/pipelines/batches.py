"""Which rows a step gets next, and which batch is its last, also where a filter has left no rows.

distilabel 1.5.3 makes no batch without rows. A step whose predecessor ends with an empty batch therefore never gets a
last one, never sends one on, and the run waits forever. Here every step gets exactly one last batch, if need be
an empty one, and only when all batches before it are there, however many replicas race. No step has to bear an
empty batch: `process_rows` answers it.

Functions that take `original` first replace the method of distilabel that `patches` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Rows = list[dict[str, Any]]
CreatedFrom = dict[str, list[tuple[int, int, int]]]
_ENDED = "_prompt2data_ended"  # of a `_BatchManagerStep`: its last batch is made


def get_batch(original: Callable[..., Any], self: Any) -> Any:
    """`_BatchManagerStep.get_batch`: the next batch of a step, or `None` while there are too few rows for one."""
    if self.built_batches or not self.data:
        batch = original(self)
    elif getattr(self, _ENDED, False):
        batch = None
    else:
        batch = _met(self) if self.convergence_step and not self.accumulate else _made(self)
    if batch is not None and batch.last_batch:
        setattr(self, _ENDED, True)
    return batch


def _made(step: Any) -> Any:
    """A batch of the rows that wait: enough of each predecessor, or all that is still to come, if need be none."""
    enough = None if step.accumulate else step.input_batch_size
    supplies = [_supply(step, predecessor) for predecessor in step.data]
    if not all(complete or (enough is not None and rows >= enough) for rows, complete in supplies):
        return None
    last = all(complete and (enough is None or rows <= enough) for rows, complete in supplies)
    return _batch(step, last, *step._get_data())


def _batch(step: Any, last: bool, data: list[Rows], created_from: CreatedFrom, routed_to: list[str]) -> Any:
    from distilabel.pipeline.batch import _Batch  # distilabel is slow to import

    # Without the parts from which no row was taken: they stand for batches that went to other steps.
    created_from = {
        name: taken for name, parts in created_from.items() if (taken := [part for part in parts if part[2]])
    }
    step._update_offset(created_from)
    return _Batch(
        seq_no=step._get_seq_no(),
        step_name=step.step_name,
        last_batch=last,
        data=data,
        accumulated=step.accumulate,
        created_from=created_from,
        batch_routed_to=routed_to,
    )


def _met(step: Any) -> Any:
    """A batch for the step in which routed branches meet: the rows that come from one batch of the step that routed.

    A branch is waited for until it is past that batch, which it may never have got.
    """
    groups: dict[int, dict[str, list[Any]]] = {}
    ended = all(_supply(step, name)[1] for name in step.data)
    furthest = float("inf")
    for name, batches in step.data.items():
        complete, expected, number = _supply(step, name)[1], step.next_expected_seq_no[name][0], -1
        for batch in batches:
            if batch.seq_no != expected:
                break
            expected += 1
            number = _origin(batch, number)
            groups.setdefault(number, {}).setdefault(name, []).append(batch)
        furthest = min(furthest, float("inf") if complete else number)
    data: dict[str, Rows] = {}
    created_from: CreatedFrom = {}
    for number in sorted(group for group in groups if group < furthest):
        for name, batches in groups[number].items():
            wanted = step.input_batch_size
            for batch in batches:
                rows = batch.get_data(wanted)
                wanted -= len(rows)
                data.setdefault(name, []).extend(rows)
                created_from.setdefault(name, []).append((batch.seq_no, batch.size, len(rows)))
                if batch.data[0]:
                    break
                step.data[name].remove(batch)
                step.next_expected_seq_no[name] = (batch.seq_no + 1, batch.seq_no + 1)
        if any(data.values()):
            break
        data, created_from = {}, {}
    last = ended and not any(batch.data[0] for batches in step.data.values() for batch in batches)
    if not data and not last:
        return None
    return _batch(step, last, list(data.values()) or [[] for _name in step.data], created_from, [])


def _origin(batch: Any, before: int) -> int:
    """The number of the routed batch whose rows these were; where there were none, that of the batch before."""
    for parts in batch.created_from.values():
        for number, _size, taken in parts:
            if taken:
                return number
    return before


def _supply(step: Any, predecessor: str) -> tuple[int, bool]:
    """How many rows of a predecessor wait in unbroken order, and whether they are all that is still to come."""
    rows, (expected, _potential) = 0, step.next_expected_seq_no.get(predecessor, (0, 0))
    for position, batch in enumerate(step.data[predecessor], start=expected):
        if batch.seq_no != position:
            return rows, False
        rows += len(batch.data[0])
    return rows, predecessor in step.last_batch_received


def process_rows(original: Callable[..., Iterator[Rows]], self: Any, *inputs: Rows) -> Iterator[Rows]:
    """`Step.process_applying_mappings`, which divides by the number of the first input's rows; without any rows, only
    a global step is asked, since it may count them.
    """
    if inputs[0]:
        yield from original(self, *inputs)
    elif any(inputs):
        yield from _mapped(self, inputs)
    elif self.is_global:
        try:
            rows = next(_mapped(self, inputs), [])
        except Exception:  # no step promises to work without rows
            self._logger.debug("Step '%s' cannot work without rows", self.name, exc_info=True)
            rows = []
        yield rows
    else:
        yield []


def _mapped(step: Any, inputs: Sequence[Rows]) -> Iterator[Rows]:
    """What a step yields for these rows, in the dataset's columns. There is no first row whose columns to restore."""
    if step.input_mappings:
        inputs, _overridden = step._apply_input_mappings(inputs)
    parameters = step._runtime_parameters if step._built_from_decorator else {}
    for rows in step.process(*inputs, **parameters):
        yield [step._apply_mappings_and_restore_overriden(row, {}) for row in rows]


def generate_rows(
    original: Callable[..., Iterator[tuple[Rows, bool]]], self: Any, *args: Any, **kwargs: Any
) -> Iterator[tuple[Rows, bool]]:
    """`GeneratorStep.process_applying_mappings`, which always ends with a last batch, if need be an empty one."""
    for rows, last in original(self, *args, **kwargs):
        yield rows, last
        if last:
            return
    yield [], True
