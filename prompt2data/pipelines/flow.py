"""The flow of batches between steps: how they are sent, requested and counted.

Functions that take `original` first replace the method of distilabel that `patches` names.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pickle import PicklingError
from typing import Any

from pydantic_core import PydanticUndefined

from prompt2data.ground.errors import PipelineError, not_portable
from prompt2data.i18n import _
from prompt2data.pipelines.events import BatchReceived

POLL_SECONDS = 0.02
_ROWS = logging.getLogger("distilabel.rows")
_ROWS.setLevel(logging.INFO)  # listeners get them whatever log level the reader asks for
# Modules of the classes of loaded models, tokenizers and generators.
_LOADED = ("torch", "transformers.", "sentence_transformers.", "vllm.", "llama_cpp.")


def nap(seconds: float) -> None:
    """`time.sleep`, but never for long."""
    time.sleep(min(seconds, POLL_SECONDS))


def send_without_models(original: Callable[..., None], self: Any, steps: Iterable[str]) -> None:
    """Send each step without its loaded models: its own process loads them. Raises `NotPortable`."""
    for step in steps:
        try:
            with without_loaded_models(self.dag.get_step(step)["step"]):
                original(self, [step])
        except (TypeError, PicklingError) as error:  # distilabel's deep copy failed
            raise not_portable(step, error) from error


@contextmanager
def without_loaded_models(step: Any) -> Iterator[None]:
    """Reset the step's models to their state before `load()` in this block, so that no weights are sent."""
    removed: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for owner in (step, *(getattr(step, name) for name in type(step).model_fields if name != "pipeline")):
        private = getattr(owner, "__pydantic_private__", None) or {}
        heavy = {name: value for name, value in private.items() if type(value).__module__.startswith(_LOADED)}
        removed.append((private, heavy))
        for name in heavy:
            default = owner.__private_attributes__[name].get_default()
            if default is PydanticUndefined:
                del private[name]
            else:
                private[name] = default
    try:
        yield
    finally:
        for private, heavy in removed:
            private.update(heavy)


def wait_current_stage_to_finish(self: Any) -> None:
    """Wait until the steps of a stage have unloaded; do not wait for steps that failed."""
    from distilabel.pipeline.base import _STEP_UNLOADED_CODE  # distilabel is slow to import

    steps = self._steps_to_be_loaded_in_stage(self._current_stage)
    while not self._stop_called and self._exception is None:
        if all(status == _STEP_UNLOADED_CODE for status in self._get_steps_load_status(steps).values()):
            return
        time.sleep(POLL_SECONDS)


def request_next_batch(original: Callable[..., None], self: Any, batch: Any) -> None:
    """Ask a generator for its next batch where its successors, which would ask, load in a later stage.

    distilabel waits forever when such a generator has more rows than one batch of the step after it.
    """
    original(self, batch)
    step = self._get_step_from_batch(batch)
    for successor in self.dag.get_step_successors(step.name):  # distilabel looks only at those that got the batch
        while new_batch := self._batch_manager.get_batch(successor):
            self._send_batch_to_step(new_batch)
    if not step.is_generator or batch.last_batch or self._stop_called:
        return
    loaded = self._get_steps_load_stages()[0][self._current_stage]
    unrequested = self._batch_manager.get_last_batch_sent(step.name).seq_no == batch.seq_no
    if unrequested and not any(name in loaded for name in self.dag.get_step_successors(step.name)):
        self._request_batch_from_generator(step.name)


def skip_batch(
    original: Callable[..., None], self: Any, steps: list[str], from_step: str, next_expected_seq_no: int
) -> None:
    """`_set_next_expected_seq_no`: a step that a routing function leaves out gets an empty batch in place of the other.

    So it knows what comes next, and when the last one has been: distilabel never tells it.
    """
    from distilabel.pipeline.batch import _Batch  # distilabel is slow to import

    if "_prompt2data_open" not in vars(self):  # not in a run
        original(self, steps, from_step, next_expected_seq_no)
        return
    number, newest = next_expected_seq_no - 1, self._batch_manager.get_last_batch(from_step)
    last = newest is not None and newest.last_batch and newest.seq_no == number
    for step in steps:
        self._batch_manager.add_batch(step, _Batch(seq_no=number, step_name=from_step, last_batch=last, data=[[]]))


def log_rows(original: Callable[..., None], self: Any, batch: Any, *args: Any, **kwargs: Any) -> None:
    """Log how many rows a batch has: every batch of every step passes here, in the process that runs the pipeline."""
    event = BatchReceived(batch.step_name, batch.seq_no, batch.size, batch.last_batch)
    _ROWS.info("Batch %d of '%s': %d rows", event.batch, event.step, event.rows, extra={"event": event})
    if (open_batches := vars(self).get("_prompt2data_open")) is not None:
        open_batches[batch.step_name] -= 1
        if batch.last_batch and self._get_step_from_batch(batch).is_generator:
            del open_batches[batch.step_name]  # it may have been asked for more
    original(self, batch, *args, **kwargs)


def send_batch(original: Callable[..., None], self: Any, batch: Any) -> None:
    """Send a batch to a step; behind its last one, what tells the other replicas to end.

    distilabel tells them only when the next step has ended, which may be in a stage that waits for them.
    """
    from distilabel.constants import LAST_BATCH_SENT_FLAG  # distilabel is slow to import

    if (open_batches := vars(self).get("_prompt2data_open")) is not None:
        open_batches[batch.step_name] += 1
    original(self, batch)
    if batch.last_batch:
        for _replica in range(self.dag.get_step_replica_count(batch.step_name) - 1):
            self._send_to_step(batch.step_name, LAST_BATCH_SENT_FLAG)


def never_wait_for_nothing(original: Callable[..., bool], self: Any) -> bool:
    """`_should_continue_processing`: whether a batch is still to come.

    Raises:
        PipelineError: when there should be one, but no step has any to work on; distilabel would wait forever.
    """
    if not original(self):
        return False
    open_batches = vars(self).get("_prompt2data_open")
    if open_batches is not None and not open_batches.total() and self._exception is None:
        waiting = [name for name in self.dag if not self._batch_manager.step_has_finished(name)]
        message = _(
            "The run cannot go on: step '{step}' waits for rows, but no step is at work. Where a routing function "
            "chooses the batches, filter rows only behind the step in which its branches meet."
        )
        raise PipelineError(message.format(step=", ".join(waiting)), waiting[0] if waiting else None)
    return True


def count_replicas(self: Any) -> None:
    """`_run_load_queue_loop`, which loses count of the replicas when one has ended before another is loaded."""
    from distilabel.pipeline import base  # distilabel is slow to import

    counts: dict[str, Counter[str]] = defaultdict(Counter)
    while (info := self._load_queue.get()) is not None:
        step, count = info["name"], counts[info["name"]]
        count[info["status"]] += 1
        status = count["loaded"] - count["unloaded"]
        if count["unloaded"] and count["unloaded"] == self.dag.get_step_replica_count(step):
            status = base._STEP_UNLOADED_CODE
        if count.total() > count["loaded"] + count["unloaded"]:
            status = base._STEP_LOAD_FAILED_CODE
        with self._steps_load_status_lock:
            self._steps_load_status[step] = status


def start_stage(original: Callable[..., bool], self: Any) -> bool:
    """Load the next stage, and ask its generators for their first batch: distilabel asks only those of the first."""
    from distilabel.pipeline.batch import _Batch  # distilabel is slow to import

    if not original(self):
        return False
    for name in self.dag.root_steps:
        if self._is_step_running(name) and self._batch_manager.get_last_batch_sent(name) is None:
            received = self._batch_manager.get_last_batch(name)
            number = received.seq_no + 1 if received else 0
            self._send_batch_to_step(_Batch(seq_no=number, step_name=name, last_batch=self._dry_run))
    return True
