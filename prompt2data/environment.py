"""`setup()`: one call at the top of every notebook or script.

It makes the outputs quiet, pipelines safe to run in a notebook, model names public, and says what it found.
Nothing in it must run before another import, and calling it again changes nothing.
"""

from __future__ import annotations

import os
import platform
import random
from importlib.metadata import PackageNotFoundError, version

from prompt2data import i18n
from prompt2data.ground.machine import _physical_memory, available_cores, in_worker
from prompt2data.ground.quiet import quiet
from prompt2data.i18n import _
from prompt2data.pipelines.distilabel_import import load_distilabel


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
    from prompt2data.display.progress import progress_bar

    with progress_bar(None, _("loading distilabel")):
        load_distilabel()
        from prompt2data import pipelines

        pipelines.install()
    _show_table(_facts())


def _seed_everything(seed: int) -> None:
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)


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


def _show_table(facts: dict[str, str]) -> None:
    width = max(len(label) for label in facts)
    for label, value in facts.items():
        print(f"{label:<{width}}  {value}")
