"""Imported once by the process that pipeline workers are forked from, so that each of them starts in no time.

A module that is missing or fails here fails again, with its error, in the worker that needs it.
"""

import warnings
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module

MODULES = (
    "datasets",
    "distilabel.pipeline",
    "distilabel.steps.tasks",
    "prompt2data.ground.quiet",
    "prompt2data.pipelines.worker",
)


def preload(modules: Iterable[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules:
            with suppress(Exception):
                import_module(module)


preload(MODULES)
