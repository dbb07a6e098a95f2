"""Linear layers whose weights lie as oneDNN reads them fastest: the same numbers in less time on a CPU.

torch hands a linear layer to a general matrix multiplication, which orders the weights anew at each call, and which on
some processors is not the fastest that torch has. oneDNN orders them once, and can apply what follows (an activation,
a sum, a product) while the result is still in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import linear, silu

_ROWS = 64  # that the order is made for, and that it is tried with; any other number works too
# Of a layer, against the largest number in its result.
_LARGEST_ERROR = {torch.float32: 1e-4, torch.float16: 5e-3, torch.bfloat16: 2e-2}


class PackedLinear(torch.nn.Module):
    """A `torch.nn.Linear` for inference on a CPU, with weights of shape [out, in] and perhaps a bias.

    Raises `RuntimeError`, `AttributeError` or `NotImplementedError` where this torch or processor cannot do it.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.bias = bias
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), _ROWS)

    def __deepcopy__(self, memo: dict[int, Any]) -> PackedLinear:
        return self  # nothing of it ever changes, and torch cannot copy packed weights

    def __reduce__(self) -> Any:
        return PackedLinear, (self.weight, self.bias)

    @property
    def weight(self) -> torch.Tensor:
        """A copy of the weights in their usual order: shape [out, in]."""
        return self._packed.to_dense()

    def forward(self, x: torch.Tensor, then: str = "none") -> torch.Tensor:
        """As `torch.nn.Linear`, shape [..., in] to [..., out], with an activation after it ("swish" is SiLU)."""
        rows = x.reshape(-1, self.in_features)
        done = torch.ops.mkldnn._linear_pointwise(rows, self._packed, self.bias, then, [], "")
        return done.view(*x.shape[:-1], self.out_features)

    def combined(self, x: torch.Tensor, other: torch.Tensor, by: str) -> torch.Tensor:
        """The result, shape [rows, out], plus ("add") or times ("mul") `other` of the same shape."""
        return torch.ops.mkldnn._linear_pointwise.binary(x, other, self._packed, self.bias, by)


def activated(layer: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """SiLU of what a linear layer, packed or not, makes of `x`."""
    return layer(x, "swish") if isinstance(layer, PackedLinear) else silu(layer(x))


def combined(layer: torch.nn.Module, x: torch.Tensor, other: torch.Tensor, by: str) -> torch.Tensor:
    """What a linear layer, packed or not, makes of `x`, plus ("add") or times ("mul") `other`: shape [rows, out]."""
    if isinstance(layer, PackedLinear):
        return layer.combined(x, other, by)
    return getattr(torch, by)(layer(x), other)


def pack(model: torch.nn.Module) -> None:
    """Replace a model's linear layers on a CPU by packed ones, wherever a trial of their shape gives the same.

    It does not try which is faster: chance would decide close races, and with them the last bits of a text.
    """
    works: dict[tuple[Any, ...], bool] = {}
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is torch.nn.Linear and layer.weight.device.type == "cpu":
                kind = (layer.weight.shape, layer.weight.dtype, layer.bias is None)
                if kind not in works:
                    works[kind] = _works(layer)
                if works[kind]:
                    setattr(parent, name, PackedLinear(layer.weight, layer.bias))
    if any(works.values()):
        for parameter in model.parameters():  # the file stays in memory for as long as any of them lies in it
            parameter.data = parameter.data.clone()


@torch.inference_mode()
def _works(layer: torch.nn.Linear) -> bool:
    """Whether a packed layer can be made of this one, and gives what it does."""
    if layer.weight.dtype not in _LARGEST_ERROR:
        return False
    x = torch.linspace(-1, 1, _ROWS * layer.in_features, dtype=layer.weight.dtype).view(_ROWS, -1)
    try:
        ours, plain = PackedLinear(layer.weight, layer.bias)(x), linear(x, layer.weight, layer.bias)
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    error = (ours - plain).abs().max() / plain.abs().max().clamp(min=1e-30)
    return bool(error <= _LARGEST_ERROR[x.dtype])
