"""A causal language model on this machine: its tokenizer, its weights on demand, and one way to run it for all.

Loading a model takes seconds and gigabytes; rows that are all in the generation cache need neither. The tokenizer is
there at once, because the prompt is part of what a generation is found by.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from prompt2data import cache
from prompt2data.display.progress import progress_bar
from prompt2data.engine.packed import pack
from prompt2data.i18n import _
from prompt2data.untrusted import whole

if TYPE_CHECKING:
    from transformers import GenerationConfig, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


class LocalModel:
    """What an LLM of the course runs on (`llm.local_model`), instead of distilabel's transformers pipeline.

    Args:
        tokenizer: the model's tokenizer.
        generation_config: the model's own generation settings.
        load: makes the transformers pipeline, with the model in memory.
        identify: gives the model's `identity` from a function that digests a file; without it there is none.
        own_template: whether the chat template is the user's, and not the one that belongs to the model.
        config: the model's configuration, for what is asked before the model is loaded.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        generation_config: GenerationConfig,
        load: Callable[[], Any],
        identify: Callable[[Callable[[Path], str]], dict[str, str]] | None = None,
        own_template: bool = False,
        config: PretrainedConfig | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self._config = config
        self._generation_config = generation_config
        self._load = load
        self._identify = identify
        self._own_template = own_template
        self._identity: dict[str, str] | None = None
        self._pipeline: Any = None

    # -- the model ----------------------------------------------------------------------------------------------------

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._pipeline is not None

    def load(self) -> None:
        """Load the model if it is not in memory."""
        if self._pipeline is None:
            pipeline = self._load()
            pipeline.tokenizer = self.tokenizer
            pack(pipeline.model.eval())
            self._pipeline = pipeline

    @property
    def model(self) -> PreTrainedModel:
        """The model, loaded now if it was not."""
        self.load()
        return self._pipeline.model

    @model.setter
    def model(self, model: PreTrainedModel) -> None:
        self.load()
        self._pipeline.model = model
        self._identity = self._identify = None  # its files no longer say what it computes

    @property
    def device(self) -> torch.device:
        """Where the model is; it is loaded now if it was not."""
        return self.model.device

    @property
    def generation_config(self) -> GenerationConfig:
        """The model's own generation settings; reading them loads nothing."""
        return self._pipeline.model.generation_config if self.loaded else self._generation_config

    @property
    def context(self) -> int | None:
        """The most tokens that the model reads, prompt and text together, by its configuration; `None` without one."""
        config: Any = self._pipeline.model.config if self.loaded else self._config
        most = getattr(config.get_text_config(), "max_position_embeddings", None) if config is not None else None
        return most if isinstance(most, int) and most > 0 else None

    @property
    def identity(self) -> dict[str, str] | None:
        """What the model computes with, for the key of a generation; `None` where its files do not tell."""
        store = cache.opened()
        if self._identity is None and self._identify is not None and store is not None:
            with progress_bar(None, _("reading the model's files")):
                self._identity = self._identify(store.digest_of_file)
        known = self._identity
        if known is not None and self.loaded:
            computes_with = {"dtype": str(self.model.dtype), "device": self.device.type}
            if known != known | computes_with:
                return None  # it landed on another device, or in another number type, than its files say
        return known

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """distilabel's own way to generate."""
        self.load()
        return self._pipeline(*args, **kwargs)

    # -- prompts and tokens -------------------------------------------------------------------------------------------

    def encode(self, prompt: str) -> list[int]:
        """Token ids of a prompt, at least one. Half a surrogate pair in it is read as U+FFFD."""
        tokenizer, prompt = self.tokenizer, whole(prompt)
        # A chat template writes the begin-of-sequence token itself; a second one would change the prompt.
        templated = tokenizer.chat_template is not None and not self._own_template
        opens_with_bos = bool(tokenizer.bos_token) and prompt.startswith(tokenizer.bos_token)
        ids = tokenizer(prompt, add_special_tokens=not (templated or opens_with_bos))["input_ids"]
        return ids or [empty_prompt_id(tokenizer)]

    def pieces(self, text: str) -> list[int]:
        """Token ids of a text by itself, nothing added; perhaps none."""
        return self.tokenizer(whole(text), add_special_tokens=False)["input_ids"]

    def text(self, tokens: list[int], special: bool = False) -> str:
        """The text of token ids, with or without special tokens."""
        text = self.tokenizer.decode(tokens, skip_special_tokens=not special)
        assert isinstance(text, str)  # a list only for several rows
        return text

    @property
    def stop_tokens(self) -> frozenset[int]:
        """The tokens that end a text, by the tokenizer and by the model's generation settings."""
        configured = self.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        return frozenset({self.tokenizer.eos_token_id, *ends} - {None})

    @property
    def pad_id(self) -> int:
        """A token id to pad with."""
        tokenizer = self.tokenizer
        return tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id

    def left_pad(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids and attention mask on the CPU, each [rows, longest row], the padding on the left."""
        width = max(map(len, rows))
        ids = [[self.pad_id] * (width - len(row)) + list(row) for row in rows]
        mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
        return torch.tensor(ids), torch.tensor(mask)

    # -- forward passes -----------------------------------------------------------------------------------------------

    def forward(self, ids: torch.Tensor, last: int = 1, **inputs: Any) -> Any:
        """One forward pass over token ids [rows, length], with further arguments of the model's `forward`.

        The output's `logits` have the `last` positions at the end of their second dimension. Those of a whole prompt
        are [rows, length, vocabulary]: hundreds of megabytes, which nearly every architecture can leave out.
        """
        architecture: Any = type(self.model)
        fewer = {"logits_to_keep": last} if _can_keep_fewer(architecture) else {}
        return self.model(input_ids=ids.to(self.device), **inputs, **fewer)

    def read(self, rows: Sequence[Sequence[int]], shared: int = 0, last: int = 1) -> tuple[Any, torch.Tensor]:
        """Read rows of token ids, none empty, in one batch.

        Args:
            rows: token ids; padded on the left, so that all rows end together.
            shared: how many tokens at the beginning of all rows are read once, and not for each row.
            last: as in `forward`.

        Returns:
            The model's output, and the attention mask, [rows, longest row].
        """
        past = None
        if getattr(self.model.config.get_text_config(), "sliding_window", None) is not None:
            shared = 0  # the window would count the padding between what is shared and the rest
        if shared:
            past = self.forward(torch.tensor([rows[0][:shared]]), use_cache=True).past_key_values
            past.batch_repeat_interleave(len(rows))
        ids, mask = self.left_pad([row[shared:] for row in rows])
        positions = (shared + mask.cumsum(dim=1) - 1).clamp(min=0)
        mask = torch.cat([mask.new_ones((len(rows), shared)), mask], dim=1).to(self.device)
        inputs = {"attention_mask": mask, "position_ids": positions.to(self.device), "past_key_values": past}
        return self.forward(ids, last, use_cache=True, **inputs), mask


class Reader:
    """The logits after a string that grows and shrinks: what it shares with the previous one is not read again."""

    def __init__(self) -> None:
        self._of: Any = lambda: None  # a weak reference: the model may be unloaded
        self._read: list[int] = []
        self._cache: Any = None
        self._logits: Any = None

    def logits(self, model: LocalModel, ids: Sequence[int]) -> torch.Tensor:
        """Logits of the token after `ids`, of shape [vocabulary], as float32 on the CPU."""
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


def local_model_of(llm: Any) -> LocalModel:
    """What a loaded LLM runs on; that of a plain `TransformersLLM` as well."""
    if hasattr(type(llm), "local_model"):
        return llm.local_model
    pipeline = llm._pipeline
    return LocalModel(pipeline.tokenizer, pipeline.model.generation_config, lambda: pipeline)


def empty_prompt_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that stands for an empty prompt: the one that opens a text, or else the one that closes it."""
    return tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id


def shared_prefix_length(rows: Sequence[Sequence[int]]) -> int:
    """How many tokens all rows have in common at their beginning; at least one token of each is left out."""
    limit = min(map(len, rows)) - 1
    columns = zip(*rows, strict=False)
    return next((index for index, column in enumerate(columns) if index == limit or len(set(column)) > 1), limit)


@functools.cache
def _can_keep_fewer(architecture: Any) -> bool:
    return "logits_to_keep" in inspect.signature(architecture.forward).parameters
