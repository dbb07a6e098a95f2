"""Logits after a string of tokens that grows and shrinks: what was read before is not read again."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prompt2data.engine.local_model import LocalModel, shared_prefix_length

if TYPE_CHECKING:
    import torch


class Reader:
    """The logits after a string; of two strings in a row, what they share at their beginning is read once."""

    def __init__(self) -> None:
        self._of: Any = lambda: None  # a weak reference: the model may be unloaded
        self._read: list[int] = []
        self._cache: Any = None
        self._logits: Any = None

    def logits(self, model: LocalModel, ids: Sequence[int]) -> torch.Tensor:
        """Logits of the token after `ids`, of shape [vocabulary], as float32 on the CPU."""
        import torch  # seconds at start-up

        ids = list(ids)
        if self._of() is not model:
            self._of, self._read, self._cache = weakref.ref(model), [], None
        elif ids == self._read:
            return self._logits
        shared = shared_prefix_length([[*self._read, -1], ids])
        if shared < len(self._read):
            try:
                self._cache.crop(shared - len(self._read))
            except (AttributeError, RuntimeError, ValueError):  # caches of some architectures cannot go back
                shared, self._cache = 0, None
        self._read = []  # an interrupted reading leaves a cache of unknown length
        with torch.inference_mode():
            past = self._cache if shared else None
            output = model.forward(torch.tensor([ids[shared:]]), past_key_values=past, use_cache=True)
        self._cache, self._read = output.past_key_values, ids
        self._logits = output.logits[0, -1].float().cpu()
        return self._logits
