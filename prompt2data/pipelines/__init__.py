"""What makes `Pipeline.run()` safe in a notebook. Learners see distilabel's own classes; `install()` mends them.

distilabel 1.5.3 forks its workers from the notebook's process (which hangs once torch has computed there), does not
notice when one dies, leaves processes behind when the notebook dies, and takes over logging and the interrupt button.
The parts are exchanged in distilabel's modules and on its classes, so it does not matter what was imported first, and
other users of multiprocessing are left alone.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pickle import PicklingError
from types import SimpleNamespace
from typing import Any

from prompt2data.ground.errors import (
    CacheInUse,
    NotPortable,
    PipelineError,
    RunInterrupted,
    StepFailed,
    WorkerDied,
    install_display,
    not_portable,
)
from prompt2data.i18n import _, ngettext
from prompt2data.pipelines import abort as faults
from prompt2data.pipelines import drawing
from prompt2data.pipelines import folders as runfolders
from prompt2data.pipelines import log as runlog
from prompt2data.pipelines import progress as runprogress
from prompt2data.pipelines import table_files as tablefiles
from prompt2data.pipelines import worker as workers
from prompt2data.pipelines.processes import Multiprocessing, StepProcesses, without_loaded_models

__all__ = [
    "CacheInUse",
    "NotPortable",
    "PipelineError",
    "RunInterrupted",
    "StepFailed",
    "WorkerDied",
    "install",
    "ray_available",
]

_POLL_SECONDS = 0.02


def install() -> None:
    """Mend distilabel's pipelines in this process. Starts nothing; calling it again changes nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about code that no learner wrote
        import datasets
        import distilabel.distiset
        from distilabel.pipeline import base, local, ray

    if getattr(base.BasePipeline, "_prompt2data", False):
        return
    base.BasePipeline._prompt2data = True

    local.mp = Multiprocessing()
    local._NoDaemonPool = StepProcesses
    for module in (base, local, ray):
        for name, ours in (("setup_logging", workers.setup_logging), ("stop_logging", runlog.stop_logging)):
            if hasattr(module, name):
                setattr(module, name, ours)
    # distilabel looks every 2.5 s whether its steps are loaded, every 0.5 s whether they have ended.
    base.time = SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, _POLL_SECONDS)))

    for pipeline_class in (local.Pipeline, ray.RayPipeline):
        pipeline_class.run = _safe_run(pipeline_class.run)
        pipeline_class._teardown = faults.quiet_teardown(pipeline_class._teardown)
    local.Pipeline._error_callback = faults.error_callback(local.Pipeline._error_callback)
    local.Pipeline._set_steps_not_loaded_exception = faults.keep_first_error(
        local.Pipeline._set_steps_not_loaded_exception
    )
    base.BasePipeline.dry_run = _ending_dry_run(base.BasePipeline.dry_run)
    base.BasePipeline._handle_keyboard_interrupt = faults.handle_keyboard_interrupt
    base.BasePipeline._wait_current_stage_to_finish = _wait_current_stage_to_finish
    base.BasePipeline._run_stage_steps_and_wait = faults.unless_failed(base.BasePipeline._run_stage_steps_and_wait)
    base.BasePipeline._output_queue_loop = faults.recording_errors(base.BasePipeline._output_queue_loop)
    base.BasePipeline._run_load_queue_loop = faults.recording_errors(base.BasePipeline._run_load_queue_loop)
    base.BasePipeline._run_steps = _sending_light(base.BasePipeline._run_steps)
    base.BasePipeline._process_batch = _logging_rows(runprogress.counting(base.BasePipeline._process_batch))
    base.BasePipeline._manage_batch_flow = _asking_generators_on(base.BasePipeline._manage_batch_flow)
    base.BasePipeline._load_stages_status = _marking_the_run(base.BasePipeline._load_stages_status)
    base.BasePipeline._cache = _only_where_asked(base.BasePipeline._cache)
    base.BasePipeline._refresh_pipeline_from_cache = _isolated_as_before(base.BasePipeline._refresh_pipeline_from_cache)
    tablefiles.install()

    # It would ask a web service for each task's citation.
    distilabel.distiset.get_bibtex = _no_bibtex
    distilabel.distiset.load_dataset = _beside_the_run(distilabel.distiset.load_dataset)
    datasets.disable_progress_bars()
    drawing.install()
    install_display()


def ray_available() -> bool:
    """Whether Ray is installed, so that `pipeline.ray().run()` can work."""
    return importlib.util.find_spec("ray") is not None


# One run ------------------------------------------------------------------------------------------------------------


def _safe_run(stock: Callable[..., Any]) -> Callable[..., Any]:
    """distilabel's `run`, surrounded by what must be there before and put back after."""
    signature = inspect.signature(stock)

    @functools.wraps(stock)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            raise PipelineError(
                _(
                    "A worker process imported this script and came to its pipeline.run() again: put the script's code "
                    'under `if __name__ == "__main__":`.'
                )
            )
        arguments = signature.bind(self, *args, **kwargs).arguments
        self._set_pipeline_name()
        self._exception, self._stop_called, self._stop_calls = None, False, 0
        _forget_dataset(self)
        with ExitStack() as stack:
            listening = stack.enter_context(runlog.told(arguments.get("logging_handlers"), self))
            self._prompt2data_cached = _asks_for_cache(self, arguments)
            if self._prompt2data_cached:
                stack.enter_context(runfolders.locked(self._cache_dir, self.name))
            else:
                self._cache_dir = runfolders.fresh()
                arguments["use_cache"] = False
            stack.enter_context(_interrupt_handler_kept())
            stack.enter_context(_own_ray(self))
            stack.callback(runlog.stop_logging)
            del arguments["self"]
            known = set(self.dag)
            stack.callback(_remember_dataset, self, known)
            if not listening.on_page:
                stack.enter_context(runprogress.run_progress(self))
            distiset = stock(self, **arguments)
            if self._exception is not None:  # Ray's run does not always look
                raise self._exception
            listening.distiset = distiset
            if self._prompt2data_cached:
                runfolders.end(self)
        _print_summary(self, distiset)
        return distiset

    return run


def _remember_dataset(pipeline: Any, known: set[str]) -> None:
    pipeline._prompt2data_dataset_steps = [name for name in pipeline.dag if name not in known]


def _forget_dataset(pipeline: Any) -> None:
    """Take out the step that `run(dataset=…)` put in last time, so that the pipeline can run on other data."""
    for name in getattr(pipeline, "_prompt2data_dataset_steps", ()):
        pipeline.dag.G.remove_node(name)
    pipeline._prompt2data_dataset_steps = []


def _asks_for_cache(pipeline: Any, arguments: dict[str, Any]) -> bool:
    from distilabel import constants, envs

    folder = pipeline._cache_dir
    chosen_folder = folder != constants.PIPELINES_CACHE_DIR and not runfolders.is_fresh(folder)
    if arguments.get("use_cache") and not chosen_folder:
        pipeline._cache_dir = constants.PIPELINES_CACHE_DIR
    return bool(chosen_folder or envs.DISTILABEL_CACHE_DIR or arguments.get("use_cache"))


def _print_summary(pipeline: Any, distiset: Any) -> None:
    rows = sum(len(dataset[split]) for dataset in distiset.values() for split in dataset)
    steps = len(pipeline.dag)
    print(
        ngettext("Pipeline finished: {n} step", "Pipeline finished: {n} steps", steps).format(n=steps)
        + ngettext(", {n} row.", ", {n} rows.", rows).format(n=rows)
    )
    if runlog.texts is not None and (made := runlog.texts.generated) + (found := runlog.texts.from_cache):
        print(_("Texts: {made} generated, {found} from the cache.").format(made=made, found=found))


@contextmanager
def _interrupt_handler_kept() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# The flow of batches ------------------------------------------------------------------------------------------------


def _sending_light(stock: Callable[..., None]) -> Callable[..., None]:
    """Send each step without the models it holds: a step's own process loads them. And name a step that cannot go."""

    @functools.wraps(stock)
    def run_steps(self: Any, steps: Iterable[str]) -> None:
        for step in steps:
            try:
                with without_loaded_models(self.dag.get_step(step)["step"]):
                    stock(self, [step])
            except (TypeError, PicklingError) as error:  # a deep copy of what cannot be copied
                raise not_portable(step, error) from error

    return run_steps


def _wait_current_stage_to_finish(self: Any) -> None:
    """Wait for the steps of a stage to unload, without distilabel's busy loop, and not for steps that failed."""
    from distilabel.pipeline.base import _STEP_UNLOADED_CODE

    steps = self._steps_to_be_loaded_in_stage(self._current_stage)
    while not self._stop_called and self._exception is None:
        if all(status == _STEP_UNLOADED_CODE for status in self._get_steps_load_status(steps).values()):
            return
        time.sleep(_POLL_SECONDS)


def _asking_generators_on(stock: Callable[..., None]) -> Callable[..., None]:
    """A generator is asked for its next batch by the steps it feeds; where these load in a later stage, ask here.

    distilabel waits for ever when such a generator has more rows than one batch of the step after it.
    """

    @functools.wraps(stock)
    def manage_batch_flow(self: Any, batch: Any) -> None:
        stock(self, batch)
        step = self._get_step_from_batch(batch)
        if not step.is_generator or batch.last_batch or self._stop_called:
            return
        now = self._get_steps_load_stages()[0][self._current_stage]
        unasked = self._batch_manager.get_last_batch_sent(step.name).seq_no == batch.seq_no
        if unasked and not any(name in now for name in self.dag.get_step_successors(step.name)):
            self._request_batch_from_generator(step.name)

    return manage_batch_flow


def _logging_rows(stock: Callable[..., None]) -> Callable[..., None]:
    """Every batch of every step comes through here, in the process that is there from the start to the end."""

    @functools.wraps(stock)
    def process_batch(self: Any, batch: Any, *args: Any, **kwargs: Any) -> None:
        runlog.count_rows(batch.step_name, batch.seq_no, batch.size)
        stock(self, batch, *args, **kwargs)

    return process_batch


def _ending_dry_run(stock: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(stock)
    def dry_run(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return stock(self, *args, **kwargs)
        finally:
            self._dry_run = False  # also when it failed: the next run is a real one

    return dry_run


# Files of a run -----------------------------------------------------------------------------------------------------


def _only_where_asked(stock: Callable[..., None]) -> Callable[..., None]:
    """A run in a fresh folder has no use for a cache after each batch: it writes `pipeline.yaml` once, for the card."""

    @functools.wraps(stock)
    def cache(self: Any) -> None:
        if not runfolders.is_fresh(self._cache_dir):
            stock(self)
        elif not self._dry_run and not self._cache_location["pipeline"].exists():
            self.save(path=self._cache_location["pipeline"], format="yaml")

    return cache


def _isolated_as_before(stock: Callable[..., None]) -> Callable[..., None]:
    """The steps that distilabel takes from its cache are plain ones: isolate those again that were isolated."""

    @functools.wraps(stock)
    def refresh_pipeline_from_cache(self: Any) -> None:
        from prompt2data.pipelines.isolation import is_isolated, isolate_failures

        isolated = [name for name in self.dag if is_isolated(self.dag.get_step(name)["step"])]
        stock(self)
        for name in isolated:
            isolate_failures(self.dag.get_step(name)["step"])

    return refresh_pipeline_from_cache


def _marking_the_run(stock: Callable[..., None]) -> Callable[..., None]:
    """The first look into the cache, when data and parameters are known and with them the run's folder in it."""

    @functools.wraps(stock)
    def load_stages_status(self: Any, use_cache: bool = True) -> None:
        if getattr(self, "_prompt2data_cached", False):
            runfolders.begin(self)
        stock(self, use_cache)

    return load_stages_status


def _beside_the_run(stock: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(stock)
    def load_dataset(path: str, *args: Any, **kwargs: Any) -> Any:
        files = (kwargs.get("data_files") or {}).get("train") or []
        if path == "parquet" and files and runfolders.is_fresh(files[0]):
            kwargs.setdefault("cache_dir", str(runfolders.run_folder(files[0]) / "datasets"))
        return stock(path, *args, **kwargs)

    return load_dataset


def _no_bibtex(reference: str) -> str:
    raise ValueError(reference)  # distilabel's `_grab_citations` skips it without a word


# Ray ----------------------------------------------------------------------------------------------------------------


@contextmanager
def _small_ray() -> Iterator[None]:
    """Let `ray.init` leave out what one machine has no use for: the autoscaler, and the log monitor that stays quiet.

    Each is a Python process, whose start takes a second of every core; `ray.init` has no argument for them.
    """
    from ray._private import parameter

    stock = parameter.RayParams
    parameter.RayParams = functools.partial(stock, no_monitor=True, include_log_monitor=False)
    try:
        yield
    finally:
        parameter.RayParams = stock


@contextmanager
def _own_ray(pipeline: Any) -> Iterator[None]:
    """Start Ray quietly for this run, and end it with the run, where nobody started it before."""
    if not hasattr(pipeline, "_ray_init_kwargs") or not ray_available():
        yield
        return
    import ray

    ours = not ray.is_initialized() and not pipeline._ray_head_node_url
    if ours:
        quiet = {"logging_level": "ERROR", "log_to_driver": False, "include_dashboard": False}
        if "RAY_ADDRESS" not in os.environ:
            # Otherwise Ray joins what it finds noted on this machine: another notebook's Ray, which ends when that
            # notebook's run ends, or one that was killed, for which it waits in vain.
            quiet["address"] = "local"
        pipeline._ray_init_kwargs = {**quiet, **pipeline._ray_init_kwargs}
    try:
        with _small_ray() if ours else nullcontext():
            yield
    finally:
        if ours and ray.is_initialized():
            runlog.stop_logging()
            ray.shutdown()
