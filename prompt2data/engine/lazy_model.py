"""A text-generation pipeline whose model is loaded when it is first needed, and known by its files before that.

Loading a model takes seconds and gigabytes; rows that are all in the generation cache need neither. The tokenizer is
there at once, because the prompt is part of what a generation is found by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

# What decides a model's text: weights, configuration, tokenizer, chat template. A licence or a readme does not.
_DECIDING = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
_INDIFFERENT = {"prompt2data.json", "LICENSE.txt", "requirements.txt"}
# Raised when a change to decoding or sampling gives other texts.
_DECODING = 1


class LazyPipeline:
    """Stands where distilabel keeps its transformers pipeline (`llm._pipeline`).

    Attributes:
        tokenizer: the model's tokenizer, loaded.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        generation_config: GenerationConfig,
        load: Callable[[], Any],
        identify: Callable[[], dict[str, str] | None],
    ) -> None:
        self.tokenizer = tokenizer
        self._generation_config = generation_config
        self._load = load
        self._identify = identify
        self._identity: dict[str, str] | None = None
        self._pipeline: Any = None

    @property
    def identity(self) -> dict[str, str] | None:
        """What the model computes with, for the key of a generation; `None` where its files do not tell."""
        if self._identity is None:
            self._identity = self._identify()
        known = self._identity
        if known is not None and self.loaded and known != known | computes_with(self.model):
            return None  # it landed on another device, or in another number type, than its files say
        return known

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._pipeline is not None

    @property
    def model(self) -> PreTrainedModel:
        """The model, loaded now if it was not."""
        return self._needed().model

    @model.setter
    def model(self, model: PreTrainedModel) -> None:
        self._needed().model = model
        self._identity, self._identify = None, lambda: None  # its files no longer say what it computes

    @property
    def generation_config(self) -> GenerationConfig:
        """The model's own generation settings; reading them loads nothing."""
        return self._pipeline.model.generation_config if self.loaded else self._generation_config

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._needed()(*args, **kwargs)

    def _needed(self) -> Any:
        if self._pipeline is None:
            pipeline = self._load()
            pipeline.tokenizer = self.tokenizer
            pipeline.model.eval()
            self._pipeline = pipeline
        return self._pipeline


def computes_with(model: PreTrainedModel) -> dict[str, str]:
    """Number type and kind of device of a loaded model."""
    return {"dtype": str(model.dtype), "device": model.device.type}


def expected_device(device: str | int | None, device_map: str | dict[str, Any] | None) -> str:
    """The kind of device transformers will choose, given distilabel's two arguments ("cpu", "cuda", "mps")."""
    import torch

    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    best = accelerator.type if accelerator is not None else "cpu"
    chosen = device if device is not None else device_map
    if isinstance(chosen, str) and chosen not in ("auto", "balanced", "balanced_low_0", "sequential"):
        return chosen.partition(":")[0]
    return "cpu" if chosen == -1 else best


def generation_config(folder: Path) -> GenerationConfig:
    """The generation settings that belong to the model in `folder`."""
    from transformers import AutoConfig, GenerationConfig

    if (folder / "generation_config.json").is_file():
        return GenerationConfig.from_pretrained(folder)
    return GenerationConfig.from_model_config(AutoConfig.from_pretrained(folder))


def identify(
    folder: Path,
    tokenizer_folder: Path,
    dtype: str,
    device: str,
    digest_of_file: Callable[[Path], str],
) -> dict[str, str]:
    """Everything about a model, its settings and the software that its texts depend on, before it is loaded.

    Args:
        folder: where the model's files are.
        tokenizer_folder: where the tokenizer's files are, usually the same.
        dtype: the number type asked for ("auto": the type named in the model's configuration).
        device: the kind of device (`expected_device`).
        digest_of_file: gives the digest of a file's content.
    """
    import torch
    import transformers

    if dtype == "auto":
        dtype = str(transformers.AutoConfig.from_pretrained(folder).dtype or torch.float32)
    digest = fingerprint(folder, digest_of_file)
    return {
        "model": digest,
        "tokenizer": digest if tokenizer_folder == folder else fingerprint(tokenizer_folder, digest_of_file),
        "dtype": "torch." + dtype.removeprefix("torch."),
        "device": device,
        # Another version may round or decode otherwise: its texts are its own.
        "software": f"torch {torch.__version__}, transformers {transformers.__version__}, decoding {_DECODING}",
    }


def fingerprint(folder: Path, digest_of_file: Callable[[Path], str]) -> str:
    """A digest of the model in `folder`: of what its files hold, and not of where they lie."""
    files = {path for pattern in _DECIDING for path in folder.glob(pattern) if path.name not in _INDIFFERENT}
    parts = sorted((path.name, digest_of_file(path)) for path in files)
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
