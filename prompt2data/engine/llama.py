"""One token for each row of a model built like Llama, without transformers' layers around it.

transformers' forward works for all that a model may be asked. One more token for each row needs less: no cache that
grows, no mask for each head, half as many operations. The weights are the model's own.

Source of the architecture: Touvron et al., 2023, and transformers' `modeling_llama.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import rms_norm, scaled_dot_product_attention

from prompt2data.engine.packed import activated, combined

_BUILT_ALIKE = ("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM")
_FIXED_ANGLES = ("default", "linear", "llama3", "yarn")  # kinds of rotary embedding that know no length
_TOGETHER = 8  # rows whose attention is computed over the length of the longest, and more of them where they are
_ALIKE = 0.8  # as long as this share of it


class Slots:
    """Keys and values of `slots` rows of at most `room` tokens, allocated once."""

    def __init__(self, model: Any, slots: int, room: int) -> None:
        config, options = model.config, {"dtype": model.dtype, "device": model.device}
        shape = (config.num_hidden_layers, 2, slots, config.num_key_value_heads, room, _head_size(config))
        self.states = torch.zeros(shape, **options)

    def put(self, slots: Sequence[int], state: torch.Tensor) -> None:
        """Put keys and values, [layers, 2, heads, tokens, head size], into each of these slots."""
        self.states[:, :, slots, :, : state.shape[3]] = state.unsqueeze(2)

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` tokens of a slot into another."""
        self.states[:, :, target, :, :length] = self.states[:, :, source, :, :length]


class LlamaStep:
    """A function that appends one token to every row and gives the logits after it.

    Args:
        model: a transformers model for which `supported` holds.
    """

    def __init__(self, model: Any) -> None:
        self._model = model.model
        self._head = model.lm_head
        config = model.config
        self._heads, self._groups = config.num_attention_heads, config.num_key_value_heads
        self._size, self._eps = _head_size(config), config.rms_norm_eps
        self._cos = self._sin = torch.empty(0)

    @staticmethod
    def supported(model: Any) -> bool:
        """Whether this is a model that is built like Llama, whole on one device."""
        kind = type(model).__name__
        if kind not in _BUILT_ALIKE or len(getattr(model, "hf_device_map", ())) > 1:
            return False
        config = model.config
        layers = getattr(config, "layer_types", None) or ["full_attention"]
        window = config.sliding_window if kind == "MistralForCausalLM" else None
        angles = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
        plain = set(layers) == {"full_attention"} and window is None and config.hidden_act == "silu"
        return plain and angles in _FIXED_ANGLES

    def __call__(self, slots: Slots, tokens: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        """Append `tokens`, shape [rows], to rows that have `lengths` tokens, in the first slots.

        Returns:
            The logits after them, shape [rows, vocabulary].
        """
        rows, device = len(tokens), tokens.device
        positions, slot = torch.tensor(lengths, device=device), torch.arange(rows, device=device)
        x = self._model.embed_tokens(tokens)
        cos, sin = self._angles(positions, max(lengths), x)
        parts = self._parts(lengths, positions, x.dtype)
        turned = self._heads + self._groups
        for layer, states in zip(self._model.layers, slots.states, strict=True):
            attention, mlp = layer.self_attn, layer.mlp
            y = rms_norm(x, x.shape[-1:], layer.input_layernorm.weight, self._eps)
            y = torch.cat([attention.q_proj(y), attention.k_proj(y), attention.v_proj(y)], dim=-1)
            y = y.view(rows, turned + self._groups, self._size)
            qk = y[:, :turned]
            qk = torch.addcmul(qk * cos, qk.roll(self._size // 2, -1), sin)
            states[0][slot, :, positions] = qk[:, self._heads :]
            states[1][slot, :, positions] = y[:, turned:]
            # The query heads that share a key are, to the operator, tokens of one head.
            queries = qk[:, : self._heads].reshape(rows, self._groups, -1, self._size)
            mixed = [
                scaled_dot_product_attention(
                    queries[part],
                    states[0, part, :, :length],
                    states[1, part, :, :length],
                    attn_mask=mask,
                    scale=attention.scaling,
                )
                for part, length, mask in parts
            ]
            y = (mixed[0] if len(mixed) == 1 else torch.cat(mixed)).reshape(rows, -1)
            x = combined(attention.o_proj, y, x, "add")
            y = rms_norm(x, x.shape[-1:], layer.post_attention_layernorm.weight, self._eps)
            y = combined(mlp.up_proj, y, activated(mlp.gate_proj, y), "mul")
            x = combined(mlp.down_proj, y, x, "add")
        return self._head(rms_norm(x, x.shape[-1:], self._model.norm.weight, self._eps))

    def _angles(self, positions: torch.Tensor, longest: int, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosine and signed sine of each position's angles, shape [rows, 1, head size], from a table that grows."""
        if longest >= len(self._cos):
            table = torch.arange(2 * longest + 1, device=x.device)
            cos, sin = self._model.rotary_emb(x[:1], table[None])
            self._cos, self._sin = cos[0], sin[0].clone()
            self._sin[:, : self._size // 2] *= -1  # so that turning is x cos + swapped(x) sin
        return self._cos[positions][:, None], self._sin[positions][:, None]

    def _parts(
        self, lengths: Sequence[int], positions: torch.Tensor, dtype: torch.dtype
    ) -> list[tuple[slice, int, torch.Tensor]]:
        """Rows whose attention is computed together, over how many tokens, and a mask of what each has of them."""
        spans: list[tuple[int, int, int]] = []  # first row, last row, tokens
        for first in range(0, len(lengths), _TOGETHER):
            last = min(first + _TOGETHER, len(lengths))
            longest = max(lengths[first:last]) + 1
            if spans and _ALIKE * spans[-1][2] <= longest <= spans[-1][2]:
                first, _last, longest = spans.pop()
            spans.append((first, last, longest))
        parts = []
        for first, last, length in spans:
            after = torch.arange(length, device=positions.device) > positions[first:last, None]
            mask = torch.zeros(after.shape, dtype=dtype, device=positions.device).masked_fill_(after, -torch.inf)
            parts.append((slice(first, last), length, mask[:, None, None]))
        return parts


def bytes_of_token(model: Any) -> int:
    """What the keys and values of one token take, in bytes, for any model."""
    config = model.config.get_text_config()
    groups = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    return 2 * config.num_hidden_layers * groups * _head_size(config) * model.dtype.itemsize


def _head_size(config: Any) -> int:
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
