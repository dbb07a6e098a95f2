"""Many rows through a model in batches that fit its memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from prompt2data.display.progress import GenerationProgress
from prompt2data.engine.decoding import DecodedRow, decode
from prompt2data.engine.local_model import LocalModel
from prompt2data.engine.sampling import SamplingParams, uniforms
from prompt2data.i18n import _


@dataclass(frozen=True)
class Request:
    """One text to generate.

    Attributes:
        prompt: token ids.
        stop: token ids that end the text.
        stream: key of its random numbers (`sampling.uniforms`).
        entry: where the generation cache keeps it; `None` where nothing is kept.
    """

    prompt: list[int]
    stop: frozenset[int]
    stream: int
    entry: str | None = None


class Batcher:
    """Decodes requests in batches of at most `size` rows, halved for good when memory runs out."""

    def __init__(self, size: int) -> None:
        self.size = size

    def decode(
        self,
        model: LocalModel,
        requests: Sequence[Request],
        params: SamplingParams,
        max_new_tokens: int,
        progress: GenerationProgress,
        on_finish: Callable[[int, DecodedRow], None],
    ) -> None:
        """Decode all requests; `on_finish(index, row)` is called for each as soon as it ends.

        Raises:
            MemoryError: if the memory does not suffice for one row.
        """
        # Batches of similar length; equal prompts next to each other, because a batch reads them once.
        waiting = sorted(range(len(requests)), key=lambda index: (len(requests[index].prompt), requests[index].prompt))
        while waiting:
            # The longest first: if memory is short, that shows at once.
            batch = waiting[-self.size :]
            finished: set[int] = set()

            def finish(row: int, decoded: DecodedRow, batch: list[int] = batch, finished: set[int] = finished) -> None:
                finished.add(batch[row])
                on_finish(batch[row], decoded)

            before = progress.rows
            try:
                for _rows in decode(
                    model,
                    [requests[index].prompt for index in batch],
                    params,
                    max_new_tokens,
                    [requests[index].stop for index in batch],
                    [uniforms(requests[index].stream, max_new_tokens) for index in batch],
                    on_step=progress.update,
                    on_finish=finish,
                ):
                    pass
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                progress.rows = before + len(finished)
                self._shrink(len(batch), error)
            waiting = [index for index in waiting if index not in finished]

    def _shrink(self, size: int, error: BaseException) -> None:
        """Halve the batch after `size` rows were too many for the memory."""
        if size == 1:
            raise MemoryError(
                _("The memory does not suffice for even one row: use a smaller model, or a smaller max_new_tokens.")
            ) from error
        self.size = size // 2
        # The failed attempt's tensors hang on the traceback.
        error.__traceback__ = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out. On a CPU torch raises a plain RuntimeError."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
