"""How a step runs inside its worker: seeded, told which batch it has, and stopped when its model cannot be loaded.

distilabel's classes travel by reference, so a class that was patched in the notebook's process is original again in a
worker, under Ray as well. `worker.prepare_worker` therefore patches them there: `STEP_PATCHES` are only for workers,
`FILE_PATCHES` also for the process that runs pipelines, `MODEL_PATCHES` for every process that uses distilabel.
"""

from __future__ import annotations

import os
import random
import sys
import zlib
from collections.abc import Callable
from typing import Any

from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.models import public_names
from prompt2data.pipelines import table_files
from prompt2data.pipelines.patching import Patch, Wrapper


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


def run_seeded(original: Callable[..., str], self: Any) -> str:
    """`_StepWrapper.run` with seeds by step, and by batch where replicas take them in no fixed order."""
    seed_everything(self.step.name)
    if not self.step.is_generator and self.step.resources.replicas > 1:
        self.input_queue = _SeedingQueue(self.input_queue, self.step)
    return original(self)


class _SeedingQueue:
    """A step's input queue that seeds the process for each batch, and tells the step's parts the batch's number."""

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


def fail_without_model(original: Callable[..., Any], self: Any, batch: Any) -> Any:
    """End the step when its model cannot be loaded; any other batch that fails is filled with `None`."""
    error = sys.exc_info()[1]
    if isinstance(error, ModelNotLoaded):
        from distilabel.pipeline.step_wrapper import _StepWrapperException  # distilabel is slow to import

        raise _StepWrapperException.create_load_error(str(error), self.step, error) from error
    return original(self, batch)


_STEP_WRAPPER = "distilabel.pipeline.step_wrapper._StepWrapper"
_WRITE_BUFFER = "distilabel.pipeline.write_buffer._WriteBuffer"
_TRANSFORMERS_LLM = "distilabel.models.llms.huggingface.transformers.TransformersLLM"

STEP_PATCHES = [
    Wrapper(_STEP_WRAPPER, "run", run_seeded, "Steps that run again drew otherwise."),
    Wrapper(_STEP_WRAPPER, "_impute_step_outputs", fail_without_model, "Without a model, all batches came out `None`."),
]
FILE_PATCHES = [
    Wrapper(
        "distilabel.pipeline.batch._Batch",
        "write_batch_data_to_fs",
        table_files.write_all_columns,
        "A file got the columns of its first row only.",
    ),
    Wrapper(_WRITE_BUFFER, "_write", table_files.write_own_schema, "A file got the columns of the step's first file."),
    Patch(_WRITE_BUFFER, "close", table_files.close, "Files of one step disagreed in their columns."),
]
MODEL_PATCHES = [
    Wrapper(_TRANSFORMERS_LLM, "load", public_names.load, "A model in a folder had no other name than the folder."),
    Wrapper(
        _TRANSFORMERS_LLM, "_model_dump", public_names.model_dump, "Dumps held tokens, and folders of one machine."
    ),
    Patch(_TRANSFORMERS_LLM, "model_name", public_names.model_name, "Rows named folders of one machine."),
]
