"""`LazyTransformersLLM`: distilabel's `TransformersLLM`, loaded when it is needed, with prompts that are right.

The course's `BatchedTransformersLLM` builds on it. Here is what concerns the model and what it is given to read.
"""

from __future__ import annotations

import functools
import gc
from typing import Any, Literal

from prompt2data.ground.quiet import quiet

quiet()  # first: importing distilabel already warns about itself

# ruff: noqa: E402
from distilabel.models.llms.base import LLM
from distilabel.models.llms.huggingface.transformers import TransformersLLM
from distilabel.typing import StandardInput
from pydantic import Field, PrivateAttr, field_validator

from prompt2data import cache, models
from prompt2data.display.progress import progress_bar
from prompt2data.engine import lazy_model as lazy
from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.i18n import _
from prompt2data.magpie import pre_query_prompt, renderer, user_header
from prompt2data.models.public_names import load_from_folder, without_secrets

# Magpie refuses an LLM without a pre-query template; this value says that the chat template gives it.
FROM_CHAT_TEMPLATE = "chat template"


class LazyTransformersLLM(TransformersLLM):
    """A `TransformersLLM` whose model is loaded with the first text that is not in the cache, and freed by `unload()`.

    Attributes:
        model: public name of the model (a hub id, the embedded model's name) or a folder. Defaults to the model
            that `prompt2data` chose for this machine. A folder is remembered, and shown by its public name.
        magpie_prompt: which prompt makes the model speak as the user in `Magpie`: `"template"`, the chat template's
            own rendering up to the user's text; `"header"`, the same but a bare user header where nothing was said
            before; `"stock"`, the string distilabel itself builds from `magpie_pre_query_template`.
    """

    model: str = Field(default_factory=models.choose)
    magpie_prompt: Literal["template", "header", "stock"] = "template"
    magpie_pre_query_template: str | None = FROM_CHAT_TEMPLATE

    _pipeline: Any = PrivateAttr(default=None)

    @field_validator("model")
    @classmethod
    def _name_not_folder(cls, value: str) -> str:
        return models.public_name(value)

    def load(self) -> None:
        """Load the tokenizer; the model follows when the first text that is not in the cache needs it.

        Nothing happens if that is done, so several tasks can share one LLM.

        Raises:
            ModelUnavailable: if the model is neither on this machine nor on the hub.
        """
        if self._pipeline is not None:
            return
        LLM.load(self)
        load_from_folder(self, self._load_tokenizer)
        # Both come with the model: Outlines builds its guide from it, and distilabel assigns a GPU while it loads.
        if self.structured_output is not None or self.device == "cuda":
            self._pipeline.model  # noqa: B018

    def _load_tokenizer(self) -> None:
        from transformers import AutoTokenizer

        folder, named = models.local_folder(self.model, self.revision), self.tokenizer or self.model
        identify = functools.partial(self._identify, self.model, named)
        if folder is None:  # at the hub: only loading the model brings its files here
            stock = self._load_pipeline()
            settings = stock.model.generation_config
            self._pipeline = lazy.LazyPipeline(stock.tokenizer, settings, lambda: stock, identify)
            self._pipeline.model  # noqa: B018
        else:
            token = self.token.get_secret_value() if self.token is not None else None
            options = {"revision": self.revision, "use_fast": self.use_fast, "token": token}
            tokenizer = AutoTokenizer.from_pretrained(named, **options)
            settings = lazy.generation_config(folder)
            self._pipeline = lazy.LazyPipeline(tokenizer, settings, self._load_pipeline, identify)
        tokenizer = self._pipeline.tokenizer
        if self.chat_template is not None:
            tokenizer.chat_template = self.chat_template
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "left"

    def _load_pipeline(self) -> Any:
        """distilabel's own pipeline, with the model in memory."""
        ours = self._pipeline
        try:
            load_from_folder(self, self._load_stock)
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
                ).format(name=self.model_name, reason=" ".join(f"{type(error).__name__}: {error}".split())[:300])
            ) from error
        finally:
            self._pipeline = ours

    def _load_stock(self) -> None:
        known = models.local_folder(self.model, self.revision) is not None
        watched = progress_bar(None, _("loading the model")) if known else models.fetching(self.model, self.revision)
        with watched:
            super().load()

    def _identify(self, model: str, tokenizer: str) -> dict[str, str] | None:
        """What texts of this LLM depend on besides prompt and sampling; `None` where that cannot be told."""
        store = cache.opened()
        folders = [models.local_folder(name, self.revision) for name in (model, tokenizer)]
        if store is None or None in folders:
            return None
        device = lazy.expected_device(self.device, self.device_map)
        with progress_bar(None, _("reading the model's files")):
            known = lazy.identify(*folders, self.torch_dtype, device, store.digest_of_file)
        return known | {"options": repr(self.model_kwargs)}

    def unload(self) -> None:
        """Free the model's memory. `load()` brings it back."""
        super().unload()
        self._pipeline = None
        gc.collect()
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def __getstate__(self) -> dict[str, Any]:
        # A copy for a pipeline's worker loads its own model.
        state = super().__getstate__()
        private = dict(state.get("__pydantic_private__") or {})
        private.update(_pipeline=None, _logger=None, _prefix_allowed_tokens_fn=None, _logits_processor=None)
        return {**state, "__pydantic_private__": private}

    def _model_dump(self, obj: Any, **kwargs: Any) -> dict[str, Any]:
        return without_secrets(super()._model_dump(obj, **kwargs))

    def prepare_input(self, input: StandardInput) -> str:
        """The exact prompt the model gets for a conversation.

        An ordinary conversation is rendered by the chat template with its generation prompt. In `Magpie`, a
        conversation in which the user is next ends right where the user's words would begin (see `magpie_prompt`).
        """
        tokenizer = self._pipeline.tokenizer
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

    def _encode(self, prompt: str) -> list[int]:
        tokenizer = self._pipeline.tokenizer
        # A chat template writes the begin-of-sequence token itself; a second one would change the prompt.
        templated = tokenizer.chat_template is not None and self.chat_template is None
        opens_with_bos = bool(tokenizer.bos_token) and prompt.startswith(tokenizer.bos_token)
        ids = tokenizer(prompt, add_special_tokens=not (templated or opens_with_bos))["input_ids"]
        return ids or [tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id]

    def _stop_tokens(self, input: StandardInput) -> frozenset[int]:
        tokenizer = self._pipeline.tokenizer
        configured = self._pipeline.generation_config.eos_token_id
        stop = frozenset({tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])})
        # Who speaks as the user must not go on and play the next turn: any special token ends the text.
        return (stop | set(tokenizer.all_special_ids) if self._speaks_as_user(input) else stop) - {None}

    def get_last_hidden_states(self, inputs: list[StandardInput]) -> list[Any]:
        """The last hidden state of each input: numpy arrays of shape [tokens, hidden size]."""
        import torch

        with torch.inference_mode():
            return super().get_last_hidden_states(inputs)
