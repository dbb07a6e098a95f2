"""`LazyTransformersLLM`: distilabel's `TransformersLLM`, loaded when it is needed, with prompts that are right.

The course's `BatchedTransformersLLM` builds on it. Here is what concerns the model and what it is given to read.
"""

from __future__ import annotations

import functools
import gc
import inspect
import logging
import os
from collections.abc import Callable
from typing import Any, cast

from prompt2data.ground.quiet import quiet

quiet()  # first: importing distilabel already warns about itself

# ruff: noqa: E402
import torch
from distilabel.models.llms.base import LLM
from distilabel.models.llms.huggingface.transformers import TransformersLLM
from distilabel.typing import StandardInput
from jinja2.exceptions import TemplateError
from pydantic import Field, PrivateAttr, field_validator

from prompt2data import models
from prompt2data.display.progress import progress_bar
from prompt2data.engine.adapters import merge
from prompt2data.engine.identity import model_identity
from prompt2data.engine.local_model import LocalModel
from prompt2data.engine.prompts import UNREADABLE, NoPrompt, readable
from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.i18n import _
from prompt2data.magpie import MagpiePrompt, pre_query_prompt, renderer, user_header
from prompt2data.models import adapters
from prompt2data.models.public_names import load_from_folder, without_secrets

# Magpie refuses an LLM without a pre-query template; this value says that the chat template gives it.
FROM_CHAT_TEMPLATE = "chat template"


class LazyTransformersLLM(TransformersLLM):
    """A `TransformersLLM` whose model is loaded with the first text that is not in the cache, and freed by `unload()`.

    `BatchedTransformersLLM` explains `model`, `adapter` and `magpie_prompt`.
    """

    model: str = Field(default_factory=models.choose)
    adapter: str | None = None
    magpie_prompt: MagpiePrompt = "template"
    magpie_pre_query_template: str | None = FROM_CHAT_TEMPLATE

    _pipeline: Any = PrivateAttr(default=None)  # distilabel's name for it
    _warned: set[str] = PrivateAttr(default_factory=set)

    @field_validator("model")
    @classmethod
    def _name_not_folder(cls, value: str) -> str:
        return models.public_name(value)

    @field_validator("adapter", mode="before")
    @classmethod
    def _adapter_not_folder(cls, value: Any) -> Any:
        return adapters.public_name(value) if isinstance(value, str | os.PathLike) else value

    @property
    def model_name(self) -> str:
        """The model's public name, and that of the adapter added to it; never a folder."""
        name = models.public_name(self.model)
        return name if self.adapter is None else f"{name} + {adapters.shown_name(self.adapter)}"

    @property
    def local_model(self) -> LocalModel:
        """Tokenizer, model and what else the LLM runs on. LLMs with equal arguments may share one.

        Raises:
            RuntimeError: if the LLM is not loaded.
        """
        if self._pipeline is None:
            raise RuntimeError(_("The model is not loaded: call load() on the task or the LLM first."))
        return self._pipeline

    @local_model.setter
    def local_model(self, model: LocalModel) -> None:
        self._pipeline = model

    def load(self) -> None:
        """Load the tokenizer; the model follows when the first text that is not in the cache needs it.

        Nothing happens if that is done, so several tasks can share one LLM.

        Raises:
            ModelUnavailable: if the model is neither on this machine nor on the hub, or the adapter not here.
        """
        if self._pipeline is not None:
            return
        LLM.load(self)
        self._pipeline = load_from_folder(self, self._open)
        # Both come with the model: Outlines builds its guide from it, and distilabel assigns a GPU while it loads.
        if self.structured_output is not None or self.device == "cuda":
            self._pipeline.load()

    def _open(self) -> LocalModel:
        from transformers import AutoConfig, AutoTokenizer, GenerationConfig  # seconds at start-up

        load: Callable[[], Any] = functools.partial(load_from_folder, self, self._load_with_adapter)
        folder, tokenizer_name = models.local_folder(self.model, self.revision), self.tokenizer or self.model
        at_hub, config = folder is None, None
        adapter = adapters.folder(self.adapter) if self.adapter is not None else None
        if folder is None:  # only loading the model brings its files here
            pipeline = self._load_with_adapter()
            tokenizer, settings, load = pipeline.tokenizer, pipeline.model.generation_config, lambda: pipeline
            folder = models.local_folder(self.model, self.revision)
        else:
            config = AutoConfig.from_pretrained(folder)
            if (folder / "generation_config.json").is_file():
                settings = GenerationConfig.from_pretrained(folder)
            else:
                settings = GenerationConfig.from_model_config(config)
            token = self.token.get_secret_value() if self.token is not None else None
            tokenizer = AutoTokenizer.from_pretrained(
                tokenizer_name, revision=self.revision, use_fast=self.use_fast, token=token
            )
        if self.chat_template is not None:
            tokenizer.chat_template = self.chat_template
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "left"
        tokenizer_folder = models.local_folder(tokenizer_name, self.revision)
        identify = None
        if folder is not None and tokenizer_folder is not None:
            device = self.device if self.device is not None else self.device_map
            options = (self.torch_dtype, device, self.model_kwargs)
            identify = functools.partial(model_identity, folder, tokenizer_folder, *options, adapter=adapter)
        own = self.chat_template is not None
        model = LocalModel(tokenizer, settings, load, identify, own_template=own, config=config)
        if at_hub:
            model.load()
        return model

    def _load_with_adapter(self) -> Any:
        """What `_load_original` gives, with the adapter in the model's weights."""
        pipeline = self._load_original()
        if self.adapter is not None:
            merge(pipeline.model, adapters.folder(self.adapter), adapters.shown_name(self.adapter))
        return pipeline

    def _load_original(self) -> Any:
        """distilabel's own pipeline, with the model in memory. To be called with `load_from_folder`."""
        ours = self._pipeline
        known = models.local_folder(self.model, self.revision) is not None
        try:
            with progress_bar(None, _("loading the model")) if known else models.fetching(self.model, self.revision):
                # The wrapper from `public_names` would look the folder up as if it were a name.
                inspect.unwrap(TransformersLLM.load)(self)
            return self._pipeline
        except models.ModelUnavailable:
            raise
        except ImportError as error:
            if self.structured_output is None:
                raise
            raise ImportError(
                _(
                    "structured_output needs the package 'outlines' in a version that imports here ({error}); "
                    "install it, or leave structured_output out and check the text with a parser."
                ).format(error=error)
            ) from error
        except Exception as error:
            raise ModelNotLoaded(
                _(
                    "The model {name} could not be loaded ({reason}): free some memory, or if its files are damaged, "
                    "delete its folder and let it be fetched again."
                ).format(
                    name=models.public_name(self.model),
                    reason=" ".join(f"{type(error).__name__}: {error}".split())[:300],
                )
            ) from error
        finally:
            self._pipeline = ours

    def unload(self) -> None:
        """Free the model's memory. `load()` brings it back."""
        super().unload()
        self._pipeline = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def __getstate__(self) -> dict[str, Any]:
        # A copy for a pipeline's worker loads its own model.
        state = super().__getstate__()
        private = dict(state.get("__pydantic_private__") or {})
        private.update(
            _pipeline=None, _warned=set(), _logger=None, _prefix_allowed_tokens_fn=None, _logits_processor=None
        )
        return {**state, "__pydantic_private__": private}

    def _model_dump(self, obj: Any, **kwargs: Any) -> dict[str, Any]:
        dump = without_secrets(super()._model_dump(obj, **kwargs))
        if dump.get("adapter") is None:  # the steps of a pipeline without one stay the steps that they were
            dump.pop("adapter", None)
        return dump

    def prepare_input(self, input: StandardInput) -> str:
        """The exact prompt the model gets for a conversation.

        An ordinary conversation is rendered by the chat template with its generation prompt. In `Magpie`, a
        conversation in which the user is next ends right where the user's words would begin (see `magpie_prompt`).

        Raises:
            NoPrompt: if the conversation is none, or the chat template refuses it.
        """
        input = cast("StandardInput", readable(input))
        try:
            return self._prompt(input)
        except TemplateError as error:
            message = _("The model's chat template refuses a conversation ({reason}): its row gets no text.")
            raise NoPrompt(UNREADABLE, message.format(reason=" ".join(str(error).split())[:200])) from error

    def warn_once(self, kind: str, sentence: str) -> None:
        """Tell a fault of rows, the first of its kind that this LLM meets."""
        if kind not in self._warned:
            self._warned.add(kind)
            logging.getLogger("distilabel.llm").warning(sentence)

    def _prompt(self, input: StandardInput) -> str:
        tokenizer = self.local_model.tokenizer
        if tokenizer.chat_template is None:
            return super().prepare_input(input)
        if not self._speaks_as_user(input):
            return renderer(tokenizer, add_generation_prompt=True)(input) if input else ""
        if self.magpie_prompt == "stock":
            if self.magpie_pre_query_template == FROM_CHAT_TEMPLATE:
                raise ValueError(
                    _('magpie_prompt="stock" also needs magpie_pre_query_template, such as "qwen2" or "llama3".')
                )
            return super().prepare_input(input)
        render = renderer(tokenizer)
        if self.magpie_prompt == "header" and not input:
            return user_header(render, tokenizer.bos_token)
        return pre_query_prompt(render, input)

    def _speaks_as_user(self, input: StandardInput) -> bool:
        return self.use_magpie_template and not (input and input[-1]["role"] == "user")

    def stop_tokens(self, input: StandardInput) -> frozenset[int]:
        """The tokens that end the text for a conversation."""
        stop = self.local_model.stop_tokens
        # Who speaks as the user must not go on and play the next turn: any special token ends the text.
        return stop | set(self.local_model.tokenizer.all_special_ids) if self._speaks_as_user(input) else stop

    def get_last_hidden_states(self, inputs: list[StandardInput]) -> list[Any]:
        """The last hidden state of each input: numpy arrays of shape [tokens, hidden size]."""
        with torch.inference_mode():
            return super().get_last_hidden_states(inputs)
