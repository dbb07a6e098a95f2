"""Run one of distilabel's steps on rows in memory, without a pipeline and without its progress bar."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distilabel.steps.base import Step


def run_step(step: Step, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What `step` gives for `rows`: `step.load()`, then `next(step.process(rows))`.

    Steps write into the rows they get, so they get copies.
    """
    from distilabel.steps.filtering import embedding  # slow: it imports datasets

    with ExitStack() as undo:
        undo.callback(setattr, embedding, "track", embedding.track)
        embedding.track = lambda rows, **_options: rows  # rich's bar shows the time it took
        undo.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.WARNING)  # the step's logger warns that there is no pipeline
        step.load()
        undo.callback(step.unload)
        return next(step.process(copy.deepcopy([dict(row) for row in rows])))
