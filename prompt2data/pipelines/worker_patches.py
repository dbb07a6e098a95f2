"""How a step runs inside its worker: seeded, told which batch it has, and stopped when its model cannot be loaded.

`install()` is called in each worker (`environment.prepare_worker`), under Ray as well: distilabel's `_StepWrapper`
travels by reference, so what was mended in the notebook's process is stock again there.
"""

from __future__ import annotations

import functools
import os
import random
import sys
import zlib
from collections.abc import Callable
from typing import Any

from prompt2data.ground.errors import ModelNotLoaded


def install() -> None:
    """Mend `_StepWrapper` in this process. Calling it again changes nothing."""
    from distilabel.pipeline.step_wrapper import _StepWrapper

    if getattr(_StepWrapper, "_prompt2data", False):
        return
    _StepWrapper._prompt2data = True
    _StepWrapper.run = _seeded(_StepWrapper.run)
    _StepWrapper._impute_step_outputs = _unless_model_missing(_StepWrapper._impute_step_outputs)


def seed_everything(*names: object) -> None:
    """Seed `random`, numpy and torch from the course's seed and `names`.

    EvolInstruct draws its operators from numpy and Magpie its system prompts from `random`, both unseeded: a step that
    is run again would choose otherwise, and ask for texts that nobody has made.
    """
    base = os.environ.get("PROMPT2DATA_SEED") or "0"
    seed = zlib.crc32("/".join(map(str, [base, *names])).encode())
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _seeded(stock: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(stock)
    def run(self: Any) -> str:
        seed_everything(self.step.name)
        if not self.step.is_generator and self.step.resources.replicas > 1:
            self.input_queue = _Numbered(self.input_queue, self.step)
        return stock(self)

    return run


class _Numbered:
    """A step's input queue that says which batch it hands out: replicas take a step's batches in no fixed order."""

    def __init__(self, queue: Any, step: Any) -> None:
        self._queue = queue
        self._step = step

    def get(self, *args: Any, **kwargs: Any) -> Any:
        batch = self._queue.get(*args, **kwargs)
        number = getattr(batch, "seq_no", None)
        if number is not None:
            seed_everything(self._step.name, number)
            for part in vars(self._step).values():
                if hasattr(part, "begin_batch"):
                    part.begin_batch(number)
        return batch


def _unless_model_missing(stock: Callable[..., Any]) -> Callable[..., Any]:
    """distilabel fills a batch that failed with `None`; without a model, every batch would be one."""

    @functools.wraps(stock)
    def impute_step_outputs(self: Any, batch: Any) -> Any:
        error = sys.exc_info()[1]
        if isinstance(error, ModelNotLoaded):
            from distilabel.pipeline.step_wrapper import _StepWrapperException

            raise _StepWrapperException.create_load_error(str(error), self.step, error) from error
        return stock(self, batch)

    return impute_step_outputs
