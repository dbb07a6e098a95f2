"""On whose behalf a text is generated: the name of the step or task that is running.

An LLM does not know whom it serves, and several tasks may share it. Yet two branches of a pipeline with equal settings
must not write the same texts, so the name is part of a text's random stream. distilabel does not pass the step on to
its LLM; the call stack tells it, without a change to every class of steps.
"""

from __future__ import annotations

import sys
from types import FrameType

from prompt2data.ground.quiet import quiet

quiet()  # first: importing distilabel already warns about itself

# ruff: noqa: E402
from distilabel.steps.base import _Step

_METHODS = {"process", "process_applying_mappings", "load"}


def calling_step() -> str:
    """Name of the innermost step or task with a running method in this thread's call stack; empty outside of any."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name in _METHODS and code.co_argcount:
            step = frame.f_locals.get(code.co_varnames[0])  # `self`
            if isinstance(step, _Step):
                return step.name or ""
        frame = frame.f_back
    return ""
