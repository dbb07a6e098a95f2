"""Imported once by the process that pipeline workers are forked from, so that each of them starts in no time.

A module that is missing or fails here fails again, with its error, in the worker that needs it.
"""

import warnings
from contextlib import suppress
from importlib import import_module

_MODULES = (
    "torch",
    "transformers.pipelines",
    "transformers.models.llama.modeling_llama",
    "datasets",
    "distilabel.pipeline",
    "distilabel.steps.tasks",
    "prompt2data.llm",
    "prompt2data.ground.quiet",
    "prompt2data.pipelines.worker",
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for _module in _MODULES:
        with suppress(Exception):
            import_module(_module)
