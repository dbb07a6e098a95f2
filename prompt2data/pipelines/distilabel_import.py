"""distilabel, imported quietly, with public names of models."""

from __future__ import annotations

import warnings

from prompt2data.pipelines.patching import apply_patches
from prompt2data.pipelines.worker_patches import MODEL_PATCHES


def load_distilabel() -> None:
    """Import distilabel without its warnings, and let models go by their public names.

    Raises:
        UnsupportedDistilabel: when another version of distilabel is installed than the patches were written for.
    """
    # distilabel replaces the event loop policy of notebooks through nest_asyncio at import; its warnings are known.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Slow to import.
        import datasets
        import transformers
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()  # saving and loading a lesson's few rows
    apply_patches(MODEL_PATCHES)
