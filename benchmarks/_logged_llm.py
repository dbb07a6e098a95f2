"""`LoggedLLM`: the course's LLM, with a log of what the model really computes (`_forward_log`)."""

from __future__ import annotations

import functools
import threading
from typing import Any

from benchmarks._forward_log import row_id, write
from prompt2data.engine.batches import Batcher
from prompt2data.engine.calling_step import calling_step
from prompt2data.engine.rows import SlotRows
from prompt2data.engine.sampling import uniforms
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
    """Log every batch of requests in this process, and every forward pass of `model`."""
    lock, now = threading.Lock(), {"call": 0, "number": 0, "step": ""}

    def passed(rows: int, tokens: int) -> None:
        with lock:  # loops in several threads
            now["number"] += 1
            write(log_file, event="pass", rows=rows, tokens=tokens, **now)

    def forward(_model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        passed(ids.shape[0], ids.numel())

    model.register_forward_pre_hook(forward, with_kwargs=True)
    decode, step = Batcher.decode, SlotRows.step

    @functools.wraps(step)
    def logged_step(self: SlotRows, tokens: Any) -> Any:
        passed(len(tokens), len(tokens))
        return step(self, tokens)

    @functools.wraps(decode)
    def logged_decode(
        self: Batcher, model: Any, requests: Any, params: Any, max_new_tokens: int, progress: Any, on_finish: Any
    ) -> None:
        ids = [row_id(request.prompt, uniforms(request.stream, 4)) for request in requests]
        now.update(call=now["call"] + 1, number=0, step=calling_step())
        write(log_file, event="start", ids=ids, **now)

        def finish(row: int, decoded: Any) -> None:
            on_finish(row, decoded)  # puts the row into the cache
            write(log_file, event="end", id=ids[row], **now)

        decode(self, model, requests, params, max_new_tokens, progress, finish)

    Batcher.decode, SlotRows.step = logged_decode, logged_step  # type: ignore[method-assign]
