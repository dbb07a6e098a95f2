"""The flow of batches between steps: how they are sent, requested and counted.

Functions that take `original` first replace the method of distilabel that `patches` names.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pickle import PicklingError
from typing import Any

from pydantic_core import PydanticUndefined

from prompt2data.ground.errors import not_portable
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
    if not step.is_generator or batch.last_batch or self._stop_called:
        return
    loaded = self._get_steps_load_stages()[0][self._current_stage]
    unrequested = self._batch_manager.get_last_batch_sent(step.name).seq_no == batch.seq_no
    if unrequested and not any(name in loaded for name in self.dag.get_step_successors(step.name)):
        self._request_batch_from_generator(step.name)


def log_rows(original: Callable[..., None], self: Any, batch: Any, *args: Any, **kwargs: Any) -> None:
    """Log how many rows a batch has: every batch of every step passes here, in the process that runs the pipeline."""
    event = BatchReceived(batch.step_name, batch.seq_no, batch.size, batch.last_batch)
    _ROWS.info("Batch %d of '%s': %d rows", event.batch, event.step, event.rows, extra={"event": event})
    original(self, batch, *args, **kwargs)
