"""The generation cache as one call of one model uses it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from prompt2data import cache

if TYPE_CHECKING:
    from prompt2data.engine.local_model import LocalModel

TEXT = "text"  # the kind of generated texts
_Item = TypeVar("_Item", bound=Hashable)


class ValueCache:
    """Values of one kind that a model has computed; created for each call, and the same for all its rows.

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

    def find(self, keys: Mapping[_Item, str | None]) -> dict[_Item, bytes]:
        """The values that are there, for items that have these keys."""
        present = list(dict.fromkeys(key for key in keys.values() if key is not None))
        kept = self._store.get(present, self._kind) if self._store is not None else {}
        return {item: kept[key] for item, key in keys.items() if key in kept}

    def put(self, key: str | None, value: bytes) -> None:
        """Keep a value that was computed, unless the model computed otherwise than its files say."""
        if self._store is not None and key is not None and self._model.identity is not None:
            self._store.put(key, self._kind, value)


def pack_text(tokens: Sequence[int], finish_reason: str) -> bytes:
    """The token ids of a text, and why it ended ("stop" or "length"), as bytes."""
    return json.dumps({"tokens": tokens, "finish_reason": finish_reason}, separators=(",", ":")).encode()


def unpack_text(payload: bytes) -> tuple[list[int], str]:
    """What `pack_text` was given. Raises `ValueError` or `KeyError` for other bytes."""
    content = json.loads(payload)
    return content["tokens"], content["finish_reason"]
