"""Trainings in processes of their own, several at once, with one bar for all."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from prompt2data.display.progress import progress_bar
from prompt2data.ground.children import guard
from prompt2data.ground.machine import available_cores
from prompt2data.i18n import _

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

_LOOK_SECONDS = 0.5
_shared: dict[str, Any] = {}  # of a process that trains: what it was given when it began


def side_by_side(train: Callable[..., object], runs: Mapping[str, tuple[Any, ...]], processes: int) -> None:
    """Call `train(*run, on_loss=...)` for each run in one of so many processes; what it makes lies in the cache.

    The cores are shared out among the processes. If one training fails, or the caller is interrupted, the others end
    after their next step.

    Raises:
        What `train` raises; MemoryError if a process was killed, which is what systems do when memory is short.
    """
    ways = multiprocessing.get_context("spawn")  # a fork would inherit torch's threads as they stand
    stop, done = ways.Event(), ways.Value("i", 0)
    total = sum(_steps(args) for _rows, args, *_others in runs.values())
    threads = max(1, available_cores() // processes)
    with ProcessPoolExecutor(processes, ways, _begin, (stop, done, threads, os.getpid())) as pool:
        try:
            futures = {pool.submit(_train, train, run) for run in runs.values()}
            with progress_bar(total or None, _("training side by side")) as bar:
                while futures:
                    finished, futures = wait(futures, _LOOK_SECONDS, FIRST_COMPLETED)
                    bar.done = done.value
                    for future in finished:
                        future.result()
        except BrokenProcessPool as error:
            raise MemoryError(
                _(
                    "A training's process was ended from outside, as systems do when memory is short. Close other "
                    "programs, or train with processes=1; what was finished is kept."
                )
            ) from error
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _steps(args: Any) -> int:
    steps = args.get("max_steps", 0) if isinstance(args, Mapping) else args.max_steps
    return max(0, int(steps))


def _begin(stop: Event, done: Any, threads: int, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a notebook interrupts all processes; `stop` ends this one
    import torch

    torch.set_num_threads(threads)
    _shared.update(stop=stop, done=done)
    guard(parent)


def _train(train: Callable[..., object], run: tuple[Any, ...]) -> None:
    def count(_step: int, _loss: float) -> None:
        if _shared["stop"].is_set():
            raise InterruptedError("another training failed, or the caller was interrupted")
        with _shared["done"].get_lock():
            _shared["done"].value += 1

    train(*run, on_loss=count)
