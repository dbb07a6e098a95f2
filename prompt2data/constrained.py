"""Generation that can only write what a regular expression allows, by llguidance.

At every step the tokens that would break the pattern get the probability 0. What comes out always parses; whether it is
right is another matter. The structured output of distilabel 1.5.3 imports `pkg_resources`, which setuptools 82 dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prompt2data.engine.prompts import TOO_LONG, fits, too_long
from prompt2data.engine.value_cache import TEXT, pack_text, unpack_text
from prompt2data.i18n import _

if TYPE_CHECKING:
    import torch

    from prompt2data.engine.local_model import LocalModel
    from prompt2data.llm import BatchedTransformersLLM


class PatternProcessor:
    """A logits processor for transformers' `generate`: each row may only write what matches a pattern.

    Args:
        tokenizer: the model's fast tokenizer.
        pattern: a regular expression in the syntax of Rust's `regex`, matched from the first to the last character.
        stop: the token that ends a row.

    Raises:
        ValueError: if the pattern is not a regular expression that llguidance understands.
    """

    def __init__(self, tokenizer: Any, pattern: str, stop: int) -> None:
        from llguidance import LLMatcher
        from llguidance.hf import from_tokenizer

        self._vocabulary = from_tokenizer(tokenizer, eos_token=stop)
        self._grammar = LLMatcher.grammar_from_regex(pattern)
        error = LLMatcher.validate_grammar(self._grammar, self._vocabulary)
        if error:
            message = _("This pattern cannot be used: {reason}. Write it as a regular expression, such as [1-5].")
            raise ValueError(message.format(reason=" ".join(error.split())[:300]))
        self._stop = stop
        self._rows: list[Any] = []
        self._read = 0  # length of the rows when this was last called

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        import torch
        from llguidance import LLMatcher

        if not self._rows:
            self._rows = [LLMatcher(self._vocabulary, self._grammar) for _row in range(len(input_ids))]
        else:
            for matcher, token in zip(self._rows, input_ids[:, -1].tolist(), strict=True):
                if not matcher.is_stopped():
                    matcher.consume_token(token)
        for row, matcher in enumerate(self._rows):
            allowed = torch.zeros(scores.shape[1], dtype=torch.bool)
            if matcher.is_stopped():
                allowed[self._stop] = True
            else:
                mask = torch.frombuffer(bytearray(matcher.compute_logit_bias()), dtype=torch.uint8)
                allowed[: len(mask)] = mask[: scores.shape[1]].bool()
            scores[row, ~allowed.to(scores.device)] = float("-inf")
        return scores


def generate_matching(
    llm: BatchedTransformersLLM,
    conversations: Sequence[list[dict[str, str]]],
    pattern: str,
    max_new_tokens: int = 32,
) -> list[str | None]:
    """The most likely text for each conversation among those that match a pattern.

    A text that the budget cuts off matches as far as it goes. What was generated once comes from the generation cache.

    Args:
        llm: a loaded `BatchedTransformersLLM`.
        conversations: messages, of which the last is the user's.
        pattern: a regular expression for the whole text, such as `Rating: [1-5]`.
        max_new_tokens: the most tokens in a text.

    Returns:
        A text for each conversation; `None`, and a warning, where the prompt leaves the model no room to write.

    Raises:
        ValueError: if the pattern is not a regular expression that llguidance understands, or a conversation holds
            something but texts.
    """
    model, values = llm.local_model, llm.value_cache(TEXT)
    prompts = [tuple(model.encode(llm.prepare_input(messages))) for messages in conversations]
    keys = {prompt: values.key(prompt=prompt, pattern=pattern, max_new_tokens=max_new_tokens) for prompt in prompts}
    texts = {prompt: unpack_text(payload)[0] for prompt, payload in values.find(keys).items()}
    context = model.context
    missing = [prompt for prompt in keys if prompt not in texts and fits(prompt, context, new=1)]
    if longer := [len(prompt) for prompt in keys if not fits(prompt, context, new=1)]:
        llm.warn_once(TOO_LONG, too_long(max(longer), context))
    if missing:
        for prompt, row in zip(missing, _generate(model, missing, pattern, max_new_tokens), strict=True):
            stop = model.tokenizer.eos_token_id
            texts[prompt] = row[: row.index(stop)] if stop in row else row
            values.put(keys[prompt], pack_text(texts[prompt], "stop" if stop in row else "length"))
    return [model.text(texts[prompt]) if prompt in texts else None for prompt in prompts]


def _generate(
    model: LocalModel, prompts: Sequence[Sequence[int]], pattern: str, max_new_tokens: int
) -> list[list[int]]:
    """The new tokens of each prompt, with those that end and pad it."""
    import torch
    from transformers import LogitsProcessorList

    stop = model.tokenizer.eos_token_id
    ids, mask = model.left_pad(prompts)
    with torch.inference_mode():
        generate: Any = model.model.generate  # the type of a `PreTrainedModel` lacks it
        generated = generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=stop,
            pad_token_id=model.pad_id,
            logits_processor=LogitsProcessorList([PatternProcessor(model.tokenizer, pattern, stop)]),
        )
    return generated[:, ids.shape[1] :].tolist()
