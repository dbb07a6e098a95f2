"""`setup()`: one call at the top of every notebook or script.

It keeps outputs quiet, makes pipelines safe to run in a notebook and model names public, and prints what it found.
It may be called after any import; calling it twice is harmless.
"""

from __future__ import annotations

import os
import platform
import random
from importlib.metadata import version

from prompt2data import i18n, models
from prompt2data.display.progress import progress_bar
from prompt2data.ground.machine import available_cores, in_worker
from prompt2data.ground.quiet import quiet
from prompt2data.i18n import _
from prompt2data.pipelines.worker_patches import load_distilabel


def setup(language: str = "en", seed: int = 0) -> None:
    """Prepare this notebook or script: language, seeds, quiet logs, safe pipelines. Prints what it found.

    Args:
        language: code of the reader's language ("en", "vi", "zh", "ja", "ko").
        seed: seed of `random`, of numpy and of every `BatchedTransformersLLM` made from now on.
    """
    if in_worker():  # a worker that imports the script again: its patches are installed by `prepare_worker`
        return
    import numpy as np  # here, since a worker that only comes this far needs none

    i18n.set_language(language)
    os.environ["PROMPT2DATA_SEED"] = str(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    quiet()
    with progress_bar(None, _("loading distilabel")):
        load_distilabel()
        from prompt2data import pipelines  # imports distilabel, below the bar

        pipelines.install()
    facts = _facts()
    width = max(map(len, facts))
    for label, value in facts.items():
        print(f"{label:<{width}}  {value}")


def _facts() -> dict[str, str]:
    """The table's values by label. No path, nothing that identifies the user of a machine."""
    import psutil
    import torch

    packages = [f"{name} {version(name)}" for name in ("distilabel", "transformers", "torch")]
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
        memory = torch.cuda.get_device_properties(0).total_memory
    else:
        device = _("CPU, {cores} cores").format(cores=available_cores())
        memory = psutil.virtual_memory().total
    return {
        _("model"): models.choose(),
        _("device"): device,
        _("memory"): f"{memory / 2**30:.0f} GiB",
        _("packages"): ", ".join([f"Python {platform.python_version()}", *packages]),
    }
