"""Run one of distilabel's steps on rows in memory, without a pipeline and without its progress bar."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distilabel.steps.base import Step


def run_step(step: Step, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What `step` gives for `rows`: `step.load()`, then `next(step.process(rows))`.

    Steps write into the rows they get, so they get copies.
    """
    with _without_bars():
        step.load()
        try:
            return next(step.process(copy.deepcopy([dict(row) for row in rows])))
        finally:
            step.unload()


@contextmanager
def _without_bars() -> Iterator[None]:
    """rich's bar in `EmbeddingDedup` shows the time it took, and the logger warns that there is no pipeline."""
    from distilabel.steps.filtering import embedding

    kept, level = embedding.track, logging.root.manager.disable
    embedding.track = lambda rows, **_options: rows
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        embedding.track = kept
        logging.disable(level)
