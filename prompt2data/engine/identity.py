"""What a model computes with, known by its files before it is loaded: part of the keys of its texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import transformers

from prompt2data.models import adapters

# What decides a model's text: weights, configuration, tokenizer, chat template. A licence or a readme does not.
DECIDING = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
_INDIFFERENT = {"prompt2data.json", "LICENSE.txt", "requirements.txt"}
# Raised when a change to decoding or sampling gives other texts.
_DECODING = 1


def model_identity(
    folder: Path,
    tokenizer_folder: Path,
    torch_dtype: str,
    device: str | int | dict[str, Any] | None,
    model_kwargs: dict[str, Any] | None,
    digest_of_file: Callable[[Path], str],
    adapter: Path | None = None,
) -> dict[str, str]:
    """Everything about the model, its settings and the software that its texts depend on.

    Args:
        folder: the model's files.
        tokenizer_folder: the tokenizer's files.
        torch_dtype: as the arguments that follow, what distilabel will load the model with.
        device: the device, or a device map.
        model_kwargs: further arguments.
        digest_of_file: gives the digest of a file's content.
        adapter: the files of the adapter that is added to the model.
    """
    if torch_dtype == "auto":
        torch_dtype = str(transformers.AutoConfig.from_pretrained(folder).dtype or torch.float32)
    # A model without an adapter keeps the keys it always had.
    added = {} if adapter is None else {"adapter": f"{adapters.digest(adapter)}, peft {version('peft')}"}
    return added | {
        "model": fingerprint(folder, digest_of_file),
        "tokenizer": fingerprint(tokenizer_folder, digest_of_file),
        "dtype": "torch." + torch_dtype.removeprefix("torch."),
        "device": expected_device(device),
        # Another version may round or decode otherwise: its texts are its own.
        "software": f"torch {torch.__version__}, transformers {transformers.__version__}, decoding {_DECODING}",
        "options": repr(model_kwargs),
    }


def expected_device(chosen: str | int | dict[str, Any] | None) -> str:
    """The kind of device transformers will choose ("cpu", "cuda", "mps")."""
    if isinstance(chosen, str) and chosen not in ("auto", "balanced", "balanced_low_0", "sequential"):
        return chosen.partition(":")[0]
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return "cpu" if chosen == -1 or accelerator is None else accelerator.type


def fingerprint(folder: Path, digest_of_file: Callable[[Path], str]) -> str:
    """A digest of the model in `folder`: of what its files hold, and not of where they lie."""
    files = {path for pattern in DECIDING for path in folder.glob(pattern) if path.name not in _INDIFFERENT}
    parts = sorted((path.name, digest_of_file(path)) for path in files)
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
