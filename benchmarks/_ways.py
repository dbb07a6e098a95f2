"""The ways that run on the course's own packages: functions from the setting to what runs a work.

Nothing is imported before a way needs it: what torch's OpenMP does depends on who imports it first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._works import MAX_NEW_TOKENS, SAMPLING, Run, Setting, Text, Work

SIZES = (16, 32, 64)  # batches to try


def ours(setting: Setting, **options: Any) -> Run:
    """`BatchedTransformersLLM` as in a notebook, without the generation cache; `options` go to its constructor."""
    import prompt2data
    from prompt2data import BatchedTransformersLLM, setup
    from prompt2data.models import EMBEDDED

    # A benchmark that measures another tree than it says is worse than none.
    assert Path(prompt2data.__file__).parents[1] == Path(os.environ["PYTHONPATH"]), prompt2data.__file__
    setup()

    class LLM(BatchedTransformersLLM):
        def stop_tokens(self, input: list[dict[str, Any]]) -> frozenset[int]:
            return super().stop_tokens(input) if self._speaks_as_user(input) else frozenset()

    llm = LLM(model=EMBEDDED, use_magpie_template=True, cache=False, **options)
    llm.load()
    start = llm.mark()

    def run(work: Work) -> list[Text]:
        llm.rewind(start)  # the same texts in every run
        outputs = llm.generate(work.each(work.chats), max_new_tokens=MAX_NEW_TOKENS, **SAMPLING)
        return [Text(_tokens(output), output["generations"][0]) for output in outputs]

    return run


def transformers_llm(setting: Setting) -> Run:
    """distilabel's `TransformersLLM`, as it comes."""
    from distilabel.models import TransformersLLM

    # The prompt comes out of its chat template as it is: the same string for every row.
    [prompt] = setting.works["m16"].prompts
    llm = TransformersLLM(model=setting.model, chat_template=prompt + "{#- the same for every row -#}")
    llm.load()
    llm._pipeline.model.generation_config.eos_token_id = setting.stop

    def run(work: Work) -> list[Text]:
        chats = [[{"role": "user", "content": "unused"}]] * work.rows
        outputs = llm.generate(inputs=chats, max_new_tokens=MAX_NEW_TOKENS, **SAMPLING)
        return [Text(_tokens(output)) for output in outputs]

    return run


def plain(size: int) -> Callable[[Setting], Run]:
    """`model.generate` in batches of `size`, prompts of similar length together."""
    return lambda setting: _plain(setting, size)


def _plain(setting: Setting, size: int) -> Run:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(setting.model).eval()

    def run(work: Work) -> list[Text]:
        length = {} if work.ends else {"min_new_tokens": MAX_NEW_TOKENS}
        rows, texts = sorted(work.each(work.ids), key=len), []
        for first in range(0, len(rows), size):
            batch = rows[first : first + size]
            width = max(map(len, batch))
            ids = torch.tensor([[setting.stop[0]] * (width - len(row)) + row for row in batch])
            mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in batch])
            options = {"eos_token_id": setting.stop, "pad_token_id": setting.stop[0], **length, **SAMPLING}
            with torch.inference_mode():
                made = model.generate(
                    ids, attention_mask=mask, do_sample=True, max_new_tokens=MAX_NEW_TOKENS, **options
                )
            texts += made[:, width:].tolist()
        return setting.texts(work, texts)

    return run


def continuous(setting: Setting) -> Run:
    """transformers' continuous batching."""
    from transformers import AutoModelForCausalLM, GenerationConfig

    model = AutoModelForCausalLM.from_pretrained(setting.model, attn_implementation="sdpa").eval()

    def run(work: Work) -> list[Text]:
        config = GenerationConfig(
            do_sample=True,
            max_new_tokens=MAX_NEW_TOKENS,
            eos_token_id=setting.stop if work.ends else -1,
            pad_token_id=setting.stop[0],
            **SAMPLING,
        )
        answers = model.generate_batch(work.each(work.ids), generation_config=config, progress_bar=False)
        return setting.texts(work, [answer.generated_tokens for answer in answers.values()])

    return run


def _tokens(output: dict[str, Any]) -> int:
    return output["statistics"]["output_tokens"][0]
