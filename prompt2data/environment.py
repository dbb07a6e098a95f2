"""`setup()`: one call at the top of every notebook or script.

It makes the outputs quiet, pipelines safe to run in a notebook, model names public, and says what it found.
Nothing in it must run before another import, and calling it again changes nothing.
"""

from __future__ import annotations

import logging
import os
import platform
import random
import warnings
from importlib.metadata import PackageNotFoundError, version

from prompt2data import i18n
from prompt2data.i18n import _

# Loggers that speak to developers, not to learners.
_TALKATIVE = ("transformers", "datasets", "huggingface_hub", "sentence_transformers", "httpx", "urllib3", "filelock")

# (message pattern, category): each is about code that no learner wrote and that works as it is.
_KNOWN_WARNINGS = (
    (r".*torch_dtype.*deprecated.*", Warning),
    (r".*'pin_memory' argument is set as true.*", UserWarning),
    (r".*nest_asyncio.*", Warning),
    (r".*Importing from 'distilabel\.llms' is deprecated.*", DeprecationWarning),
    (r".*IProgress not found.*", Warning),
    (r"The '\w+' attribute with value .* was provided to the `Field\(\)` function.*", Warning),
)


def setup(language: str = "en", seed: int = 0) -> None:
    """Prepare this notebook or script: language, seeds, quiet logs, safe pipelines. Prints what it found.

    Args:
        language: code of the reader's language ("en", "vi", "zh", "ja", "ko").
        seed: seed of `random`, of numpy and of every `BatchedTransformersLLM` made from now on.
    """
    if in_worker():  # a script that a worker imports again: its patches are `prepare_worker`'s business
        return
    i18n.set_language(language)
    os.environ["PROMPT2DATA_SEED"] = str(seed)
    _seed_everything(seed)
    quiet()
    from prompt2data.progress import progress_bar

    with progress_bar(None, _("loading distilabel")):
        _patch_distilabel()
        from prompt2data import pipelines

        pipelines.install()
    _show_table(_facts())


def prepare_worker() -> None:
    """What a pipeline's worker needs of `setup()`: language and environment have come with the process."""
    if "PROMPT2DATA_LANGUAGE" in os.environ:
        i18n.set_language(os.environ["PROMPT2DATA_LANGUAGE"])
    quiet()
    _patch_distilabel()
    from prompt2data import stepping, tablefiles

    stepping.install()
    tablefiles.install()


def in_worker() -> bool:
    """Whether this process was started by another Python process to run a part of its work."""
    import multiprocessing

    # The second holds while a spawned process imports the script, before it knows its parent.
    return multiprocessing.parent_process() is not None or hasattr(multiprocessing.current_process(), "_inheriting")


def quiet() -> None:
    """Keep library logs, known deprecation warnings and download bars out of what a learner reads."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TQDM_DISABLE_EXPERIMENTAL_WARNING", "1")
    for name in _TALKATIVE:
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
    """Shows what distilabel's tasks warn about outside a pipeline, as one plain line each.

    Inside a run the root logger has handlers of its own, and this one keeps still.
    """

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # Said of every task that is used without a pipeline, which is what lessons 01 to 04 do.
        if logging.getLogger().handlers or "hasn't received a pipeline" in message:
            return
        print(message.strip().splitlines()[0])


def _seed_everything(seed: int) -> None:
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)


def _patch_distilabel() -> None:
    # distilabel replaces the event loop policy of notebooks through nest_asyncio at import; its warnings are known.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import datasets
        import transformers

        from prompt2data import naming
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()  # saving and loading a lesson's few rows
    naming.install()


def _facts() -> dict[str, str]:
    """What the table shows: label -> value. No path, nothing that would tell one machine's user from another."""
    import torch

    from prompt2data import models

    packages = []
    for name in ("distilabel", "transformers", "torch"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            packages.append(f"{name} ?")
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
        memory = torch.cuda.get_device_properties(0).total_memory
    else:
        device = _("CPU, {cores} cores").format(cores=available_cores())
        memory = _physical_memory()
    return {
        _("model"): models.choose(),
        _("device"): device,
        _("memory"): f"{memory / 2**30:.0f} GiB" if memory else "?",
        _("packages"): ", ".join([f"Python {platform.python_version()}", *packages]),
    }


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _physical_memory() -> int:
    """Bytes of memory, or 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _show_table(facts: dict[str, str]) -> None:
    width = max(len(label) for label in facts)
    for label, value in facts.items():
        print(f"{label:<{width}}  {value}")
