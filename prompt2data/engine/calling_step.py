"""On whose behalf a text is generated: the name of the step or task that is running.

An LLM does not know whom it serves, and several tasks may share it. Yet two branches of a pipeline with equal settings
must not write the same texts, so the name is part of a text's random stream. The methods of steps that may call an LLM
therefore put it into a context variable while they run, in every class of steps.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from prompt2data.ground.quiet import quiet

quiet()  # first: importing distilabel already warns about itself

# ruff: noqa: E402
from distilabel.steps.base import _Step

_METHODS = ("process", "process_applying_mappings", "load")

_name: ContextVar[str] = ContextVar("calling_step", default="")


def calling_step() -> str:
    """Name of the innermost step or task that is running in this context; empty outside of any."""
    return _name.get()


def install_step_names() -> None:
    """Let every class of steps, including later ones, give its steps' names to `calling_step`. Idempotent."""
    if "__init_subclass__" in vars(_Step):
        return

    def init_subclass(cls: type[_Step], **kwargs: Any) -> None:
        super(_Step, cls).__init_subclass__(**kwargs)
        _patch(cls)

    _Step.__init_subclass__ = classmethod(init_subclass)  # type: ignore[assignment]  # a classmethod in a class body
    classes: list[type[_Step]] = [_Step]
    for cls in classes:  # base classes first: what they have, their subclasses inherit
        _patch(cls)
        classes += cls.__subclasses__()


def _patch(cls: type[_Step]) -> None:
    for name in _METHODS:
        method = getattr(cls, name, None)
        # Patched methods have this module's globals. A mark on the function would be copied by `functools.wraps`.
        if inspect.isfunction(method) and method.__globals__ is not globals():
            setattr(cls, name, _patched(method))


def _patched(method: Callable[..., Any]) -> Callable[..., Any]:
    generates = inspect.isgeneratorfunction(method)

    # cloudpickle sends the methods of a notebook's classes by value, so this may use `_name` only through functions.
    @functools.wraps(method)
    def patched(self: _Step, *args: Any, **kwargs: Any) -> Any:
        with _running(self):
            result = method(self, *args, **kwargs)
        return _resumed(self, result) if generates else result

    return patched


def _resumed(step: _Step, outputs: Generator[Any, None, None]) -> Iterator[Any]:
    """The outputs, with the step as the calling one while `outputs` runs, and not while its consumer does."""
    try:
        while True:
            with _running(step):
                try:
                    output = next(outputs)
                except StopIteration:
                    return
            yield output
    finally:
        with _running(step):
            outputs.close()


@contextmanager
def _running(step: _Step) -> Iterator[None]:
    token = _name.set(step.name or "")
    try:
        yield
    finally:
        _name.reset(token)
