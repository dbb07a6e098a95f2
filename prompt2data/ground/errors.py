"""The errors that can end a pipeline run, each as one sentence a learner can act on.

In a notebook these errors show their sentence only; `error.details` holds the traceback where there is one, and the
run's log file has the rest.
"""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from prompt2data.i18n import _


class OneSentence:
    """Mixin for exceptions whose message says everything: IPython shows it without a traceback."""

    details: str = ""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class UnsupportedDistilabel(OneSentence, ImportError):
    """Another version of distilabel is installed than the one this package patches."""


class PipelineError(OneSentence, RuntimeError):
    """A pipeline run could not start or failed; `step`: name of the step at fault, if any."""

    def __init__(self, message: str = "", step: str | None = None) -> None:
        super().__init__(message)
        self.step = step


class WorkerDied(PipelineError):
    """The process of a step ended without a message: out of memory, or killed."""


class StepFailed(PipelineError):
    """A step raised while loading, or where distilabel cannot continue without it. `details` is its traceback."""

    wrapped: BaseException | None = None  # distilabel's own exception


class ModelNotLoaded(OneSentence, RuntimeError):
    """A model's files exist, but cannot be loaded. In a pipeline this ends the run."""


class CacheInUse(PipelineError):
    """Another process is running the same pipeline in the same cache folder."""


class NotPortable(PipelineError):
    """A step that cannot be sent to another process."""


class RunInterrupted(OneSentence, KeyboardInterrupt):
    """The run was stopped by an interrupt (the stop button, Ctrl+C)."""


def worker_died(step: str, exitcode: int | None) -> WorkerDied:
    """The error for a worker that exited with this code (negative: the signal that killed it)."""
    if exitcode is not None and exitcode < 0:
        try:
            reason = signal.Signals(-exitcode).name
        except ValueError:
            reason = _("signal {number}").format(number=-exitcode)
    else:
        reason = _("exit code {code}").format(code=exitcode)
    message = _(
        "The process of step '{step}' died ({reason}), most often because memory ran out: use a smaller model or "
        'batch, or load one step at a time with pipeline.run(load_groups="sequential_step_execution").'
    )
    return WorkerDied(message.format(step=step, reason=reason), step)


def manager_died() -> WorkerDied:
    """The error for a run whose process of queues died."""
    return WorkerDied(
        _("The process that passes batches between the steps died, most often because memory ran out: run again.")
    )


def not_portable(step: str, error: BaseException) -> NotPortable:
    """The error for a step that cannot be copied or pickled, because of `error`."""
    message = _(
        "Step '{step}' cannot be sent to its own process ({error}): create what it holds (a connection, a lock, "
        "an open file, a loaded model) in its load() method."
    )
    return NotPortable(message.format(step=step, error=error), step)


def interrupted() -> RunInterrupted:
    """The error for a run that the reader stopped."""
    return RunInterrupted(_("The run was interrupted: its workers are stopped, and you can run it again."))


def install_display() -> None:
    """Show errors as Python and IPython do, and these as one sentence, in scripts as in notebooks.

    Importing distilabel installs rich's tracebacks, with all local variables; in a notebook they are printed text, and
    the cell has no error output.
    """
    with suppress(ImportError):
        from IPython import get_ipython

        shell = get_ipython()
        for name in ("_showtraceback", "showtraceback", "showsyntaxerror"):
            if shell is not None and _is_richs(vars(shell).get(name)):
                delattr(shell, name)
    original = sys.__excepthook__ if _is_richs(sys.excepthook) else sys.excepthook
    if getattr(original, "func", None) is not _excepthook:
        sys.excepthook = functools.partial(_excepthook, original)


def _excepthook(
    original: Callable[..., object], kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if isinstance(error, OneSentence):
        print("\n".join(error._render_traceback_()), file=sys.stderr)
    else:
        original(kind, error, traceback)


def _is_richs(function: object) -> bool:
    return getattr(function, "__module__", None) == "rich.traceback"
