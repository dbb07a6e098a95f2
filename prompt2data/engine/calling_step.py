"""On whose behalf a text is generated: the name of the step or task whose code runs now.

An LLM does not know whom it serves, and several tasks may share it. Yet two branches of a pipeline with equal settings
must not write the same texts, so the name is part of a text's random stream. distilabel has no place for it. Hence the
methods of a step that may call an LLM put it into a context variable while they run, in every class of steps.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
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
    """Let every class of steps, also one that is defined later, tell its name to `calling_step`. Idempotent."""
    if "__init_subclass__" in vars(_Step):
        return

    def init_subclass(cls: type[_Step], **kwargs: Any) -> None:
        super(_Step, cls).__init_subclass__(**kwargs)
        _patch(cls)

    _Step.__init_subclass__ = classmethod(init_subclass)  # type: ignore[assignment]  # mypy takes no classmethod object here
    _patch_tree(_Step)


def _patch_tree(cls: type[_Step]) -> None:
    _patch(cls)
    for subclass in cls.__subclasses__():
        _patch_tree(subclass)


def _patch(cls: type[_Step]) -> None:
    for name in _METHODS:
        method = getattr(cls, name, None)
        # What is wrapped here has this module's globals. A mark on the function would be copied by `functools.wraps`.
        if inspect.isfunction(method) and method.__globals__ is not globals():
            setattr(cls, name, _named(method))


def _named(method: Callable[..., Any]) -> Callable[..., Any]:
    """`method` of a step, which gives its step's name to `calling_step` while its own code runs.

    cloudpickle sends the methods of a class from a notebook by value: nothing here may refer to the context variable
    but `_running`, which travels by name.
    """

    if inspect.isgeneratorfunction(method):

        @functools.wraps(method)
        def named_generator(self: _Step, *args: Any, **kwargs: Any) -> Iterator[Any]:
            outputs = method(self, *args, **kwargs)
            try:
                while True:
                    with _running(self):  # not across `yield`: the caller's code is not the step's
                        try:
                            output = next(outputs)
                        except StopIteration:
                            return
                    yield output
            finally:
                with _running(self):
                    outputs.close()

        return named_generator

    @functools.wraps(method)
    def named(self: _Step, *args: Any, **kwargs: Any) -> Any:
        with _running(self):
            return method(self, *args, **kwargs)

    return named


@contextmanager
def _running(step: _Step) -> Iterator[None]:
    token = _name.set(step.name or "")
    try:
        yield
    finally:
        _name.reset(token)
