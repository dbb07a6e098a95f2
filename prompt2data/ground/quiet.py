"""Keep messages for developers out of what a learner reads."""

from __future__ import annotations

import logging
import os
import warnings

# Libraries whose logs are for developers.
_VERBOSE = ("transformers", "datasets", "huggingface_hub", "sentence_transformers", "httpx", "urllib3", "filelock")

# (message pattern, category): each is about library code that works as it is.
_KNOWN_WARNINGS = (
    (r".*torch_dtype.*deprecated.*", Warning),
    (r".*'pin_memory' argument is set as true.*", UserWarning),
    (r".*nest_asyncio.*", Warning),
    (r".*Importing from 'distilabel\.llms' is deprecated.*", DeprecationWarning),
    (r".*IProgress not found.*", Warning),
    (r"The '\w+' attribute with value .* was provided to the `Field\(\)` function.*", Warning),
)


def quiet() -> None:
    """Keep library logs, known deprecation warnings and download bars out of what a learner reads."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TQDM_DISABLE_EXPERIMENTAL_WARNING", "1")
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(logging.ERROR)
    distilabel = logging.getLogger("distilabel")
    if not any(isinstance(handler, _PlainHandler) for handler in distilabel.handlers):
        distilabel.addHandler(_PlainHandler(logging.WARNING))
    for pattern, category in _KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", message=pattern, category=category)
    # Libraries warn about each other's deprecations; a learner's own code still warns (module __main__).
    for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
        warnings.filterwarnings("ignore", category=category, module=r"(?!__main__).*")


class _PlainHandler(logging.Handler):
    """Show warnings of distilabel's tasks outside a pipeline as one plain line each.

    During a run the root logger has its own handlers, so this one stays silent.
    """

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # distilabel logs the second for every task used outside a pipeline, as in lessons 1 to 4.
        if logging.getLogger().handlers or "hasn't received a pipeline" in message:
            return
        print(message.strip().splitlines()[0])
