"""The generation cache as one call of one model uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt2data import cache

if TYPE_CHECKING:
    from prompt2data.engine.local_model import LocalModel


class ValueCache:
    """Values of one kind that a model has computed; made anew for each call, and the same for all its rows.

    Args:
        model: the model; what another one computed is never found.
        kind: what the values are, in the terms of the generation cache.
        enabled: whether anything is kept or found.
    """

    def __init__(self, model: LocalModel, kind: str, enabled: bool = True) -> None:
        self._model = model
        self._kind = kind
        self._store = cache.opened() if enabled else None
        self._identity = model.identity if self._store is not None else None

    def key(self, **parts: object) -> str | None:
        """The key of a value, by what it depends on besides the model; `None` where nothing is kept."""
        return None if self._identity is None else cache.entry_key(model=self._identity, **parts)

    def get(self, keys: Iterable[str | None]) -> dict[str, bytes]:
        """The values that are there, by their keys."""
        present = list(dict.fromkeys(key for key in keys if key is not None))
        return self._store.get(present, self._kind) if self._store is not None else {}

    def put(self, key: str | None, value: bytes) -> None:
        """Keep a value that was computed, unless the model computed otherwise than its files say."""
        if self._store is not None and key is not None and self._model.identity is not None:
            self._store.put(key, self._kind, value)
