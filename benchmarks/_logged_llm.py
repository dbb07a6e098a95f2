"""`LoggedLLM`: the course's LLM, with a log of what the model really computes (`_forward_log`)."""

from __future__ import annotations

import functools
from typing import Any

from benchmarks._forward_log import row_id, write
from prompt2data.engine import batches
from prompt2data.engine.calling_step import calling_step
from prompt2data.llm import BatchedTransformersLLM


class LoggedLLM(BatchedTransformersLLM):
    """A `BatchedTransformersLLM` that notes in `log_file` when it loads and unloads, and all its model computes."""

    log_file: str

    def load(self) -> None:
        self._note("load")
        super().load()

    def unload(self) -> None:
        super().unload()
        self._note("unload")

    def _load_original(self) -> Any:
        pipeline = super()._load_original()
        _watch(pipeline.model, self.log_file)
        return pipeline

    def _note(self, event: str) -> None:
        write(self.log_file, event=event, step=calling_step())


def _watch(model: Any, log_file: str) -> None:
    """Log every call of `decode` in this process, and every forward pass of `model`."""
    original, now = batches.decode, {"call": 0, "number": 0, "step": ""}

    @functools.wraps(original)
    def decode(
        model: Any, prompts: list[list[int]], params: Any, max_new_tokens: int, stop: Any, uniforms: Any, **options: Any
    ) -> Any:
        ids = [row_id(prompt, stream) for prompt, stream in zip(prompts, uniforms, strict=True)]
        now.update(call=now["call"] + 1, number=0, step=calling_step())
        write(log_file, event="start", ids=ids, **now)
        report = options.pop("on_finish")

        def on_finish(row: int, decoded: Any) -> None:
            report(row, decoded)  # puts the row into the cache
            write(log_file, event="end", id=ids[row], **now)

        return original(model, prompts, params, max_new_tokens, stop, uniforms, on_finish=on_finish, **options)

    def forward(_model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        now["number"] += 1
        write(log_file, event="pass", rows=ids.shape[0], tokens=ids.numel(), **now)

    batches.decode = decode
    model.register_forward_pre_hook(forward, with_kwargs=True)
