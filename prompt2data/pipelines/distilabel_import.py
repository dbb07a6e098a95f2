"""distilabel, imported quietly, with the names of models mended."""

from __future__ import annotations

import warnings


def load_distilabel() -> None:
    """Import distilabel without its warnings, and let models go by their public names."""
    # distilabel replaces the event loop policy of notebooks through nest_asyncio at import; its warnings are known.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import datasets
        import transformers

        from prompt2data.models import public_names as naming
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()  # saving and loading a lesson's few rows
    naming.install()
