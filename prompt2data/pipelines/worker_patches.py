"""The patches of workers: steps are seeded, know their batch, and stop when their model cannot be loaded.

distilabel's classes are pickled by reference, so a class patched in the notebook's process is original again in a
worker, under Ray as well. `worker.prepare_worker` therefore patches them there: `STEP_PATCHES` are only for workers,
`FILE_PATCHES` also for the process that runs pipelines, `MODEL_PATCHES` for every process that uses distilabel.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
import zlib
from collections.abc import Callable
from typing import Any

from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.models import public_names
from prompt2data.pipelines import batches, table_files
from prompt2data.pipelines.patching import Patch, Wrapper, apply_patches


def seed_everything(*names: object) -> None:
    """Seed `random`, numpy and torch from the course's seed and `names`.

    EvolInstruct draws its operators from numpy and Magpie its system prompts from `random`, both unseeded: a step that
    is run again would choose differently, and ask for texts that are not in the cache.
    """
    base = os.environ.get("PROMPT2DATA_SEED") or "0"
    seed = zlib.crc32("/".join(map(str, [base, *names])).encode())
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def run_seeded(original: Callable[..., str], self: Any) -> str:
    """`_StepWrapper.run` with a seed for each step, or for each batch where replicas take them in no fixed order."""
    seed_everything(self.step.name)
    if not self.step.is_generator and self.step.resources.replicas > 1:
        self.input_queue = _SeedingQueue(self.input_queue, self.step)
    return original(self)


class _SeedingQueue:
    """A step's input queue that seeds the process for each batch, and passes the batch's number to the step's parts."""

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
_STEPS = "distilabel.steps.base"
_BATCH = "distilabel.pipeline.batch._Batch"
_WRITE_BUFFER = "distilabel.pipeline.write_buffer._WriteBuffer"
_TRANSFORMERS_LLM = "distilabel.models.llms.huggingface.transformers.TransformersLLM"

STEP_PATCHES = [
    Wrapper(_STEP_WRAPPER, "run", run_seeded, "Steps that run again draw other random numbers."),
    Wrapper(_STEP_WRAPPER, "_impute_step_outputs", fail_without_model, "Without a model, all batches become `None`."),
    Wrapper(_STEPS + ".Step", "process_applying_mappings", batches.process_rows, "Steps fail on a batch without rows."),
    Wrapper(
        _STEPS + ".GeneratorStep",
        "process_applying_mappings",
        batches.generate_rows,
        "A generator that ends without a last batch ends no run.",
    ),
]
FILE_PATCHES = [
    Patch(_BATCH, "write_batch_data_to_fs", table_files.write_batch, "A value of another type ends the run."),
    Patch(
        _BATCH, "read_batch_data_from_fs", table_files.read_batch, "A step gets its inputs in the order of a folder."
    ),
    Wrapper(_WRITE_BUFFER, "_write", table_files.write_own_schema, "Columns not in the first file are lost."),
    Patch(_WRITE_BUFFER, "close", table_files.close, "Files of one step differ in their columns."),
]
MODEL_PATCHES = [
    Wrapper(_TRANSFORMERS_LLM, "load", public_names.load, "A model in a folder has only the folder as its name."),
    Wrapper(_TRANSFORMERS_LLM, "_model_dump", public_names.model_dump, "Dumps hold tokens and local folders."),
    Patch(_TRANSFORMERS_LLM, "model_name", public_names.model_name, "Rows hold local folders."),
]


def load_distilabel() -> None:
    """Import distilabel without its warnings, and let models go by their public names.

    Raises:
        UnsupportedDistilabel: when another version of distilabel is installed than the patches were written for.
    """
    # distilabel replaces the event loop policy of notebooks through nest_asyncio at import; its warnings are known.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Slow to import.
        import datasets
        import transformers
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()  # saving and loading a lesson's few rows
    apply_patches(MODEL_PATCHES)
