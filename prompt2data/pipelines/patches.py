"""Everything that the course replaces in distilabel, in one table.

`RUN_PATCHES` are for the process that runs pipelines; `worker_patches` has the others. Owners are distilabel's modules
and classes, so the order of imports does not matter, and other users of multiprocessing are not affected. One temporary
replacement is not listed, since Ray is optional: `ray.ray_for_this_run`.
"""

from __future__ import annotations

from queue import Queue
from types import SimpleNamespace

from prompt2data.pipelines import (
    abort,
    batches,
    drawing,
    flow,
    folders,
    log,
    no_rows,
    processes,
    run,
    table_files,
    worker,
)
from prompt2data.pipelines.patching import Patch, Wrapper
from prompt2data.pipelines.worker_patches import FILE_PATCHES, MODEL_PATCHES, STEP_PATCHES

_MODULES = _BASE, _LOCAL, _RAY = [f"distilabel.pipeline.{name}" for name in ("base", "local", "ray")]
_ANY, _PIPELINE, _RAY_PIPELINE = f"{_BASE}.BasePipeline", f"{_LOCAL}.Pipeline", f"{_RAY}.RayPipeline"
_BATCH_MANAGER, _SERIALIZATION = "distilabel.pipeline.batch_manager", "distilabel.utils.serialization"
_LOADER = "distilabel.steps.generators.data.LoadDataFromDicts"
_DISTISET = "distilabel.distiset"
# Log records come through the workers' pipes, so a queue within this process is enough.
_MULTIPROCESSING = SimpleNamespace(Queue=Queue, Manager=processes.start_manager)

RUN_PATCHES = [
    # A run and its processes
    Wrapper(_PIPELINE, "run", run.safe_run, "Concurrent runs share files; signals and logging stay changed."),
    Wrapper(_RAY_PIPELINE, "run", run.safe_run, "Concurrent runs share files; Ray keeps running."),
    Wrapper(_ANY, "dry_run", run.end_dry_run, "After a dry run that fails, every run is a dry run."),
    Patch(_LOCAL, "mp", _MULTIPROCESSING, "The processes of the queues outlive a killed notebook."),
    Patch(_LOCAL, "_NoDaemonPool", processes.StepProcesses, "Pools fork after torch has run, and miss dead workers."),
    Wrapper(
        "multiprocessing.spawn",
        "get_preparation_data",
        processes.prepare_without_main,
        "A script without a main guard runs again in each worker.",
    ),
    *(Patch(name, "setup_logging", worker.setup_logging, "It changes the root logger for good.") for name in _MODULES),
    *(Patch(name, "stop_logging", log.stop_logging, "It does not restore the root logger.") for name in _MODULES),
    # The flow of batches
    Patch(_BASE, "time", SimpleNamespace(sleep=flow.nap), "Loaded steps wait for up to 2.5 s."),
    Wrapper(_ANY, "_run_steps", flow.send_without_models, "A step is sent with the weights of its models."),
    Wrapper(_ANY, "_manage_batch_flow", flow.request_next_batch, "A generator alone in its stage yields one batch."),
    Patch(
        _ANY,
        "_wait_current_stage_to_finish",
        flow.wait_current_stage_to_finish,
        "It waits in a busy loop, and also for failed steps.",
    ),
    Wrapper(_ANY, "_validate_load_groups", no_rows.validate_load_groups, "A step loaded too early waits forever."),
    Patch(_LOADER, "outputs", property(no_rows.loaded_columns), "A loader without data raises an IndexError."),
    Wrapper(_ANY, "_should_continue_processing", flow.never_wait_for_nothing, "It waits for batches of idle steps."),
    Wrapper(_ANY, "_set_next_expected_seq_no", flow.skip_batch, "A step that gets no last batch waits forever."),
    Wrapper(_ANY, "_update_stage", flow.start_stage, "A generator in a later stage is never asked."),
    Wrapper(_ANY, "_process_batch", flow.log_rows, "The log does not show how many rows a batch has."),
    Wrapper(_ANY, "_send_batch_to_step", flow.send_batch, "A stage whose last step has replicas never ends."),
    Wrapper(
        f"{_BATCH_MANAGER}._BatchManagerStep",
        "get_batch",
        batches.get_batch,
        "A run waits forever when a step's last batch is empty.",
    ),
    # How a run fails
    Wrapper(_PIPELINE, "_teardown", abort.quiet_teardown, "Cleaning up after an error raises another one."),
    Wrapper(_RAY_PIPELINE, "_teardown", abort.quiet_teardown, "Cleaning up after an error raises another one."),
    Wrapper(_PIPELINE, "_error_callback", abort.error_callback, "It does not handle processes that die."),
    Wrapper(
        _PIPELINE,
        "_set_steps_not_loaded_exception",
        abort.keep_first_error,
        "A general error hides why a step does not load.",
    ),
    Patch(
        _ANY,
        "_handle_keyboard_interrupt",
        abort.handle_keyboard_interrupt,
        "An interrupt waits for the batches in work, and then exits the process.",
    ),
    Wrapper(_ANY, "_run_stage_steps_and_wait", abort.unless_failed, "The next stage starts after a failure."),
    Wrapper(_ANY, "_output_queue_loop", abort.record_errors, "A run hangs after an error in this thread."),
    Wrapper(
        _ANY, "_run_load_queue_loop", abort.count_replicas, "It miscounts replicas, and a run hangs after its errors."
    ),
    # Files of a run
    Wrapper(_ANY, "_cache", folders.cache_only_if_requested, "Every batch is cached, also in a run without a cache."),
    Wrapper(
        f"{_BATCH_MANAGER}._BatchManager",
        "write_batch_data",
        folders.keep_batch_only_if_requested,
        "A row that JSON cannot hold ends also a run without a cache.",
    ),
    Wrapper(_SERIALIZATION, "write_json", table_files.write_json, "A row that JSON cannot hold ends a run."),
    Wrapper(
        _ANY,
        "_load_stages_status",
        folders.mark_unfinished,
        "A killed run hangs when it is resumed from its cache.",
        "distilabel#1065",
    ),
    Wrapper(_ANY, "_refresh_pipeline_from_cache", folders.reapply_isolation, "Cached steps lose `isolate_failures`."),
    Wrapper(_DISTISET, "load_dataset", folders.dataset_cache_in_run_folder, "The user's cache keeps all runs' rows."),
    Patch(_DISTISET, "get_bibtex", folders.no_bibtex, "It asks a web service for each task's citation."),
    # How a pipeline is shown
    Patch(_ANY, "draw", drawing.draw, "Drawing needs a network."),
    Patch(_ANY, "__repr__", drawing.describe, "Showing a pipeline in a notebook needs a network."),
]

# Installed when `prompt2data.llm` is imported, since tasks also call LLMs without a pipeline; here for the table only.
_STEP_NAMES = "prompt2data.engine.calling_step.install_step_names"
LLM_PATCHES = [
    Patch("distilabel.steps.base._Step", "__init_subclass__", _STEP_NAMES, "An LLM does not know its step."),
]

PATCHES = [*RUN_PATCHES, *FILE_PATCHES, *MODEL_PATCHES, *STEP_PATCHES, *LLM_PATCHES]


def as_markdown() -> str:
    """The rows of the table in ARCHITECTURE.md."""
    return "\n".join(f"| `{row.owner}` | `{row.name}` | {row.why} | {row.upstream or ''} |" for row in PATCHES)
