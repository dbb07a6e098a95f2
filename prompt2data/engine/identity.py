"""What a model computes with, known by its files before it is loaded: part of the keys of its texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What decides a model's text: weights, configuration, tokenizer, chat template. A licence or a readme does not.
_DECIDING = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
_INDIFFERENT = {"prompt2data.json", "LICENSE.txt", "requirements.txt"}
# Raised when a change to decoding or sampling gives other texts.
_DECODING = 1


@dataclass(frozen=True)
class ModelFiles:
    """The folders of a model and of its tokenizer, and distilabel's arguments by which it will be loaded from them."""

    folder: Path
    tokenizer_folder: Path
    torch_dtype: str
    device: str | int | None
    device_map: str | dict[str, Any] | None
    model_kwargs: dict[str, Any] | None

    def identity(self, digest_of_file: Callable[[Path], str]) -> dict[str, str]:
        """Everything about the model, its settings and the software that its texts depend on.

        Args:
            digest_of_file: gives the digest of a file's content.
        """
        import torch  # seconds at start-up, as is transformers
        import transformers

        dtype = self.torch_dtype
        if dtype == "auto":
            dtype = str(transformers.AutoConfig.from_pretrained(self.folder).dtype or torch.float32)
        return {
            "model": fingerprint(self.folder, digest_of_file),
            "tokenizer": fingerprint(self.tokenizer_folder, digest_of_file),
            "dtype": "torch." + dtype.removeprefix("torch."),
            "device": self._expected_device(),
            # Another version may round or decode otherwise: its texts are its own.
            "software": f"torch {torch.__version__}, transformers {transformers.__version__}, decoding {_DECODING}",
            "options": repr(self.model_kwargs),
        }

    def _expected_device(self) -> str:
        """The kind of device transformers will choose ("cpu", "cuda", "mps")."""
        import torch

        accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        best = accelerator.type if accelerator is not None else "cpu"
        chosen = self.device if self.device is not None else self.device_map
        if isinstance(chosen, str) and chosen not in ("auto", "balanced", "balanced_low_0", "sequential"):
            return chosen.partition(":")[0]
        return "cpu" if chosen == -1 else best


def fingerprint(folder: Path, digest_of_file: Callable[[Path], str]) -> str:
    """A digest of the model in `folder`: of what its files hold, and not of where they lie."""
    files = {path for pattern in _DECIDING for path in folder.glob(pattern) if path.name not in _INDIFFERENT}
    parts = sorted((path.name, digest_of_file(path)) for path in files)
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
