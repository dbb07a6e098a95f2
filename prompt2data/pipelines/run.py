"""One run of a pipeline: what it needs before it starts, and what is restored when it ends."""

from __future__ import annotations

import inspect
import multiprocessing
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from prompt2data.display.progress import shown
from prompt2data.ground.errors import PipelineError
from prompt2data.i18n import _
from prompt2data.pipelines import folders, log, no_rows
from prompt2data.pipelines.events import announced
from prompt2data.pipelines.progress import RunProgress, finished, rows_in
from prompt2data.pipelines.ray import ray_for_this_run


def safe_run(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
    """distilabel's `run` in a locked or fresh folder, with listeners, full clean-up, and a one-line summary."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        message = _(
            "A worker process imported this script and came to its pipeline.run() again: put the script's code "
            'under `if __name__ == "__main__":`.'
        )
        raise PipelineError(message)
    arguments = inspect.signature(original).bind(self, *args, **kwargs).arguments
    del arguments["self"]
    self._set_pipeline_name()
    self._exception, self._stop_called, self._stop_calls = None, False, 0
    self._prompt2data_left_out = set()
    self._prompt2data_open = Counter()  # batches that a step got and has not answered yet
    _remove_dataset(self)
    no_rows.demand_rows(self, arguments.get("dataset"))
    progress = RunProgress(self)
    arguments["logging_handlers"] = handlers = [*(arguments.get("logging_handlers") or ()), progress]
    with ExitStack() as stack:
        ended = stack.enter_context(announced(self, handlers))
        self._prompt2data_cached = _is_cached(self, arguments)
        if self._prompt2data_cached:
            stack.enter_context(folders.locked(self._cache_dir, self.name))
        else:
            self._cache_dir = folders.fresh()
            arguments["use_cache"] = False
        if threading.current_thread() is threading.main_thread():
            stack.callback(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT))
        stack.enter_context(ray_for_this_run(self))
        stack.callback(log.stop_logging)
        known = set(self.dag)
        stack.callback(lambda: setattr(self, "_prompt2data_dataset_steps", set(self.dag) - known))
        if not any(getattr(handler, "on_page", False) for handler in handlers):
            stack.enter_context(shown(_("running the pipeline"), progress.state))
        distiset = original(self, **arguments)
        if self._exception is not None:  # Ray's run does not always look
            raise self._exception
        empty = no_rows.add_empty_ends(self, distiset)
        ended.distiset = distiset
        if self._prompt2data_cached:
            folders.end(self)
    print_summary(self, distiset, progress, empty)
    return distiset


def end_dry_run(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
    """distilabel's `dry_run`, which also ends when it fails: the next run is a real one."""
    try:
        return original(self, *args, **kwargs)
    finally:
        self._dry_run = False


def _remove_dataset(pipeline: Any) -> None:
    """Remove the step that the last `run(dataset=…)` added, so that the pipeline can run on other data."""
    for name in getattr(pipeline, "_prompt2data_dataset_steps", ()):
        pipeline.dag.G.remove_node(name)
    pipeline._prompt2data_dataset_steps = set()


def _is_cached(pipeline: Any, arguments: dict[str, Any]) -> bool:
    """Whether the reader asked for distilabel's cache, by `run(use_cache=True)` or a folder of their own."""
    from distilabel import constants, envs  # distilabel is slow to import

    folder = pipeline._cache_dir
    chosen_folder = folder != constants.PIPELINES_CACHE_DIR and not folders.is_fresh(folder)
    if arguments.get("use_cache") and not chosen_folder:
        pipeline._cache_dir = constants.PIPELINES_CACHE_DIR
    return bool(chosen_folder or envs.DISTILABEL_CACHE_DIR or arguments.get("use_cache"))


def print_summary(pipeline: Any, distiset: Any, progress: RunProgress, empty: Iterable[str] = ()) -> None:
    """Print how many steps, rows and texts a run had, and at which ends no row was left."""
    print(finished(len(pipeline.dag), rows_in(distiset)))
    for step in empty:
        print(_("No row came out of step '{step}': its dataset is empty.").format(step=step))
    if (made := progress.generated) + (found := progress.from_cache):
        print(_("Texts: {made} generated, {found} from the cache.").format(made=made, found=found))
