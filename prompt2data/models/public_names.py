"""Models appear by their public name everywhere, and are loaded from wherever they lie.

A row, a dump or a dataset card that carried the folder of a local model would tell about one machine and mean
nothing on another. So LLMs hold the public name, and only while they load does the folder take its place.
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
    """A dump of an LLM without its hub token, and with public names in place of folders."""
    dump = {key: value for key, value in dump.items() if key != "token"}
    for key in ("model", "tokenizer"):
        if dump.get(key):
            dump[key] = models.public_name(dump[key])
    return dump


def install() -> None:
    """Make a plain `TransformersLLM` follow the same rule. Safe to call again."""
    from distilabel.models.llms.huggingface.transformers import TransformersLLM

    if getattr(TransformersLLM, "_prompt2data_names", False):
        return
    stock_load, stock_dump = TransformersLLM.load, TransformersLLM._model_dump

    @functools.wraps(stock_load)
    def load(self: TransformersLLM) -> None:
        load_from_folder(self, functools.partial(stock_load, self))

    @functools.wraps(stock_dump)
    def _model_dump(self: TransformersLLM, obj: Any, **kwargs: Any) -> dict[str, Any]:
        return without_secrets(stock_dump(self, obj, **kwargs))

    TransformersLLM.load = load
    TransformersLLM._model_dump = _model_dump
    TransformersLLM.model_name = property(
        lambda self: models.public_name(self.model), doc="The model's public name, never a folder."
    )
    TransformersLLM._prompt2data_names = True
