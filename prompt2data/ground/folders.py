"""The folders of the course: what it keeps for good, and where a learner's datasets go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import platformdirs

from prompt2data.ground.whole import not_written


def home(kind: Literal["cache", "data"] = "cache") -> Path:
    """The folder for models ("cache") or for what only a learner can make ("data").

    `$PROMPT2DATA_HOME`, or else `prompt2data` in the user's folder of this kind.
    """
    if chosen := os.environ.get("PROMPT2DATA_HOME"):
        return Path(chosen).expanduser().absolute()
    find = platformdirs.user_cache_path if kind == "cache" else platformdirs.user_data_path
    return find("prompt2data", appauthor=False)


def output_path(name: str) -> Path:
    """Where to write a dataset with this file name: in the folder `datasets` beside the notebook, created if missing.

    `PROMPT2DATA_OUTPUT` names another folder. Raises `NotWritten`.
    """
    folder = Path(os.environ.get("PROMPT2DATA_OUTPUT", "datasets"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(folder, error) from error
    return folder / name
