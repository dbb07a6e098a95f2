"""Many rows through a model: as many at once as memory and cores allow, with one loop for each core.

A CPU's cores wait for each other at every operation that they share. So each decodes rows of its own, a loop in a
thread, and all take from the same list of requests that wait.
"""

from __future__ import annotations

import contextvars
import functools
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import ceil
from queue import Empty, SimpleQueue
from typing import Any

import psutil
import torch

from prompt2data.display.progress import GenerationProgress
from prompt2data.engine.decoding import DecodedRow, Request, Waiting, decode
from prompt2data.engine.llama import bytes_of_token
from prompt2data.engine.local_model import LocalModel
from prompt2data.engine.sampling import SamplingParams
from prompt2data.i18n import _

_MOST = 256  # rows at once: beyond this, more rows at once are no faster
_MOST_BYTES = 2**30  # that their keys and values may take, and at most a quarter of what is free
_FOR_A_LOOP = 32  # rows at least: each loop reads all weights for each token
_POLL_SECONDS = 0.2  # for an interrupt to arrive on systems where waiting holds it up


class Batcher:
    """Decodes requests, at most `size` rows at once; half as many, for good, each time that memory runs out.

    Args:
        size: the most rows at once; chosen from memory and cores where it is `None`.
    """

    def __init__(self, size: int | None) -> None:
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
        """Decode all requests; `on_finish(index, row)` is called for each as soon as it ends, in the calling thread.

        Raises:
            MemoryError: if the memory does not suffice for one row.
        """
        unfinished = set(range(len(requests)))

        def finish(index: int, row: DecodedRow) -> None:
            unfinished.discard(index)
            on_finish(index, row)

        while unfinished:
            waiting, before = Waiting(requests, sorted(unfinished)), progress.rows + len(unfinished)
            fitting = self._fitting(model)
            rows = min(len(unfinished), fitting(waiting.longest() + max_new_tokens))
            progress.at_once = rows
            loops = max(1, min(rows // _FOR_A_LOOP, torch.get_num_threads())) if model.device.type == "cpu" else 1

            def slots(room: int, rows: int = len(unfinished), loops: int = loops, fitting: Any = fitting) -> int:
                return ceil(min(rows, fitting(room)) / loops)

            loop = functools.partial(decode, model, requests, params, max_new_tokens, slots, waiting)
            try:
                _side_by_side(loop, loops, progress, finish)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                progress.rows = before - len(unfinished)
                self._shrink(rows, error)

    def _fitting(self, model: LocalModel) -> Callable[[int], int]:
        """How many rows of so many tokens may be under way at once."""
        free = torch.cuda.mem_get_info()[0] if model.device.type == "cuda" else psutil.virtual_memory().available
        token = bytes_of_token(model.model)
        return lambda room: self.size or max(1, min(_MOST, min(_MOST_BYTES, free // 4) // (room * token)))

    def _shrink(self, rows: int, error: BaseException) -> None:
        """Halve the batch after so many rows were too many for the memory."""
        if rows == 1:
            raise MemoryError(
                _("There is not enough memory for even one row: use a smaller model, or a smaller max_new_tokens.")
            ) from error
        self.size = rows // 2
        # The failed attempt's tensors hang on the traceback.
        error.__traceback__ = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _side_by_side(
    loop: Callable[..., Iterator[Any]],
    loops: int,
    progress: GenerationProgress,
    on_finish: Callable[[int, DecodedRow], None],
) -> None:
    """Run `decode` in so many threads that share the cores. What they report is handled in this thread."""
    cores = torch.get_num_threads()
    reports: SimpleQueue[Callable[[], Any] | BaseException | None] = SimpleQueue()
    stopped = threading.Event()

    def run() -> None:
        try:
            torch.set_num_threads(max(1, cores // loops))  # of this thread
            for _rows in loop(
                on_step=lambda tokens, rows: reports.put(functools.partial(progress.update, tokens, rows)),
                on_finish=lambda index, row: reports.put(functools.partial(on_finish, index, row)),
            ):
                if stopped.is_set():
                    break
        except BaseException as error:
            reports.put(error)
        finally:
            reports.put(None)

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run,), name=f"decoding-{number}", daemon=True)
        for number in range(loops)
    ]
    failure, running = None, loops
    try:
        for thread in threads:
            thread.start()
        while running:
            try:
                report = reports.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            if report is None:
                running -= 1
            elif isinstance(report, BaseException):
                failure = failure or report
                stopped.set()
            else:
                report()
    finally:
        stopped.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        torch.set_num_threads(cores)
        with suppress(Empty):  # after an interrupt: what has ended meanwhile is kept
            while True:
                report = reports.get_nowait()
                if callable(report):
                    report()
    if failure is not None:
        raise failure


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out. On a CPU torch raises a plain RuntimeError."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
