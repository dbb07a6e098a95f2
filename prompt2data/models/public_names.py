"""Models appear by their public name everywhere, and are loaded from wherever they lie.

A row, a dump or a dataset card that carried the folder of a local model would tell about one machine and mean
nothing on another. So LLMs hold the public name, and the folder replaces it only while they load.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from prompt2data import models

T = TypeVar("T")


def load_from_folder(llm: Any, load: Callable[[], T]) -> T:
    """Run `load` while `llm.model` and `llm.tokenizer` are the folders of their files; returns its result."""
    names = {field: llm.__dict__.get(field) for field in ("model", "tokenizer")}
    # Straight into __dict__: assignment would validate, and turn the folder back into a name.
    llm.__dict__.update({field: models.resolve(name) for field, name in names.items() if name})
    try:
        return load()
    finally:
        llm.__dict__.update(names)


def without_secrets(dump: dict[str, Any]) -> dict[str, Any]:
    """A dump of an LLM without its hub token, and with public names instead of folders."""
    dump = {key: value for key, value in dump.items() if key != "token"}
    for key in ("model", "tokenizer"):
        if dump.get(key):
            dump[key] = models.public_name(dump[key])
    return dump


def load(original: Callable[..., None], self: Any) -> None:
    """`TransformersLLM.load` from the model's folder."""
    load_from_folder(self, functools.partial(original, self))


def model_dump(original: Callable[..., dict[str, Any]], self: Any, obj: Any, **kwargs: Any) -> dict[str, Any]:
    """`TransformersLLM._model_dump` without secrets and folders."""
    return without_secrets(original(self, obj, **kwargs))


model_name = property(lambda self: models.public_name(self.model), doc="The model's public name, never a folder.")
