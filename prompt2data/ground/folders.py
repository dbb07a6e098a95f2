"""The folders of the course: what it keeps for good, and where a learner's datasets go."""

from __future__ import annotations

import os
from pathlib import Path

from prompt2data.ground.whole import not_written


def home() -> Path:
    """The folder that keeps models: `$PROMPT2DATA_HOME`, or `prompt2data` in the user's cache folder."""
    chosen = os.environ.get("PROMPT2DATA_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("prompt2data", appauthor=False)


def output_path(name: str) -> Path:
    """Where a dataset with this file name goes: the folder `datasets` beside the notebook, made when missing.

    `PROMPT2DATA_OUTPUT` names another folder. Raises `NotWritten`.
    """
    folder = Path(os.environ.get("PROMPT2DATA_OUTPUT", "datasets"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(folder, error) from error
    return folder / name
