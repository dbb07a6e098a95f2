"""The rows of a batch inside the model: their keys and values, and one more token for each.

Two kinds with the same methods. `SlotRows` is for models built like Llama: each row has a slot in memory, allocated
once, and a row that ends makes room for one that waits. `GrowingRows` is transformers' own way, for every
architecture: keys and values are copied with each token, and rows that leave make no room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from prompt2data.engine.llama import LlamaStep, Slots
from prompt2data.engine.local_model import LocalModel, shared_prefix_length

# Reading a shared beginning apart pays only if it is longer than a few tokens.
_MIN_SHARED_PREFIX = 8
_READ_AT_ONCE = 8192  # tokens in one forward pass, padding included
_ALIKE = 0.75  # prompts are read together if they are as long as this share of the longest,
_FEW = 512  # or if all of them have no more tokens than this


class GrowingRows:
    """Rows of any architecture, in transformers' own cache. They begin together."""

    joinable = False  # whether rows can be added while others are under way

    def __init__(self, model: LocalModel) -> None:
        self._model = model
        self._cache: Any = None
        self._mask = self._positions = torch.empty(0)

    def read(self, prompts: Sequence[list[int]]) -> None:
        """As in `SlotRows`. Here prompts are read as the batch that they become."""

    def add(self, slots: Sequence[int], prompts: Sequence[list[int]]) -> torch.Tensor:
        """As in `SlotRows`, for all rows at once."""
        unique = sorted({tuple(prompt) for prompt in prompts})
        index = {prompt: row for row, prompt in enumerate(unique)}
        output, self._mask = _read(self._model, unique)
        self._cache, logits = output.past_key_values, output.logits[:, -1]
        self._positions = torch.tensor([len(prompt) for prompt in unique], device=logits.device)
        rows = [index[tuple(prompt)] for prompt in prompts]
        if rows != list(range(len(unique))):
            self.keep(rows)
        return logits[rows]

    def keep(self, order: Sequence[int]) -> None:
        """As in `SlotRows`."""
        rows = torch.tensor(order, device=self._mask.device)
        self._cache.batch_select_indices(rows)
        self._mask, self._positions = self._mask[rows], self._positions[rows]

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """As in `SlotRows`."""
        self._mask = torch.cat([self._mask, self._mask.new_ones((len(tokens), 1))], dim=1)
        output = self._model.forward(
            tokens.unsqueeze(1),
            attention_mask=self._mask,
            position_ids=self._positions.unsqueeze(1),
            past_key_values=self._cache,
            use_cache=True,
        )
        self._cache, self._positions = output.past_key_values, self._positions + 1
        return output.logits[:, -1]


class SlotRows:
    """Rows of a model built like Llama, each in a slot of its own.

    Args:
        model: a model that `LlamaStep` supports.
        slots: the most rows.
        room: the most tokens of a row, its prompt and its text.
    """

    joinable = True

    def __init__(self, model: LocalModel, slots: int, room: int) -> None:
        self._model = model
        self._step = LlamaStep(model.model)
        self._slots = Slots(model.model, slots, room)
        self._lengths: list[int] = []
        self._known: dict[tuple[int, ...], tuple[torch.Tensor, torch.Tensor]] = {}

    def read(self, prompts: Sequence[list[int]]) -> None:
        """Read the prompts of rows that will be added, many in one forward pass."""
        keys = {tuple(prompt) for prompt in prompts}
        known = {key: self._known[key] for key in keys if key in self._known}  # in Magpie, a prompt comes again
        missing = sorted(keys - known.keys(), key=lambda key: (len(key), key))
        while missing:
            longest = len(missing[-1])
            alike = [key for key in missing if len(key) >= _ALIKE * longest or len(missing) * longest <= _FEW]
            group = alike[-max(1, _READ_AT_ONCE // longest) :]
            del missing[-len(group) :]
            known |= self._read(group)
        self._known = known

    def add(self, slots: Sequence[int], prompts: Sequence[list[int]]) -> torch.Tensor:
        """Put a row into each of these slots; the logits after each prompt, shape [rows, vocabulary]."""
        keys = [tuple(prompt) for prompt in prompts]
        self._lengths += [0] * (max(slots) + 1 - len(self._lengths))
        for key in set(keys):
            own = [slot for slot, prompt in zip(slots, keys, strict=True) if prompt == key]
            self._slots.put(own, self._known[key][0])
            for slot in own:
                self._lengths[slot] = len(key)
        return torch.stack([self._known[key][1] for key in keys])

    def _read(self, prompts: list[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[torch.Tensor, torch.Tensor]]:
        output, mask = _read(self._model, prompts)
        layers = [torch.stack([layer.keys, layer.values]) for layer in output.past_key_values.layers]
        states = torch.stack(layers)  # [layers, 2, rows, heads, tokens, head size]
        read = mask.bool()
        return {
            prompt: (states[:, :, row][:, :, :, read[row]], output.logits[row, -1])
            for row, prompt in enumerate(prompts)
        }

    def keep(self, order: Sequence[int]) -> None:
        """Go on with these slots only; the first of them becomes slot 0, and so on."""
        for target, source in enumerate(order):
            if target != source:
                self._slots.copy(source, target, self._lengths[source])
        self._lengths = [self._lengths[slot] for slot in order]

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Append one token to every row; the logits after it, shape [rows, vocabulary]."""
        logits = self._step(self._slots, tokens, self._lengths)
        self._lengths = [length + 1 for length in self._lengths]
        return logits


Rows = GrowingRows | SlotRows


def rows_of(model: LocalModel, slots: int, room: int) -> Rows:
    """Rows for this model: at most `slots`, of at most `room` tokens."""
    return SlotRows(model, slots, room) if LlamaStep.supported(model.model) else GrowingRows(model)


def _read(model: LocalModel, prompts: list[tuple[int, ...]]) -> tuple[Any, torch.Tensor]:
    """Read different prompts in one batch, what all begin with only once."""
    shared = shared_prefix_length(prompts) if len(prompts) > 1 else 0
    return model.read(prompts, shared if shared >= _MIN_SHARED_PREFIX else 0)
