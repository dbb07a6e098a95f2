"""Everything that the course replaces in distilabel, in one table.

Rows are applied by `patching.apply_patches`: `RUN_PATCHES` in the process that runs pipelines, the others as
`worker_patches` says. They go to distilabel's modules and classes, so it does not matter
what was imported first, and other users of multiprocessing are left alone. Not here, since Ray is optional and the
replacement temporary: `ray.minimal_ray`.
"""

from __future__ import annotations

from queue import Queue
from types import SimpleNamespace

from prompt2data.pipelines import abort, drawing, flow, folders, log, processes, run, worker
from prompt2data.pipelines.patching import Patch, Wrapper
from prompt2data.pipelines.worker_patches import FILE_PATCHES, MODEL_PATCHES, STEP_PATCHES

_MODULES = _BASE, _LOCAL, _RAY = [f"distilabel.pipeline.{name}" for name in ("base", "local", "ray")]
_ANY, _LOCAL_PIPELINE, _RAY_PIPELINE = f"{_BASE}.BasePipeline", f"{_LOCAL}.Pipeline", f"{_RAY}.RayPipeline"

RUN_PATCHES = [
    # A run and its processes
    Wrapper(_LOCAL_PIPELINE, "run", run.safe_run, "Runs met in their files, and changed signals and logs for good."),
    Wrapper(_RAY_PIPELINE, "run", run.safe_run, "Runs met in their files, and left Ray behind."),
    Wrapper(_ANY, "dry_run", run.end_dry_run, "After a dry run that failed, every run was a dry one."),
    Patch(_LOCAL, "mp", SimpleNamespace(Queue=Queue, Manager=processes.start_manager), "The processes of queues outlived a notebook that was killed."),
    Patch(
        _LOCAL, "_NoDaemonPool", processes.StepProcesses, "Pools fork after torch has computed, and miss dead workers."
    ),
    Wrapper(
        "multiprocessing.spawn",
        "get_preparation_data",
        processes.prepare_without_main,
        "A script without a main guard ran itself again in each worker.",
    ),
    *(Patch(name, "setup_logging", worker.setup_logging, "The root logger changed for good.") for name in _MODULES),
    *(Patch(name, "stop_logging", log.stop_logging, "The root logger was not put back.") for name in _MODULES),
    # The flow of batches
    Patch(_BASE, "time", SimpleNamespace(sleep=flow.nap), "Steps that had loaded waited for up to 2.5 s."),
    Wrapper(_ANY, "_run_steps", flow.send_without_models, "Each step was sent with the weights of its models."),
    Wrapper(
        _ANY, "_manage_batch_flow", flow.request_next_batch, "A generator alone in its stage was asked for one batch."
    ),
    Patch(
        _ANY,
        "_wait_current_stage_to_finish",
        flow.wait_current_stage_to_finish,
        "It waited in a busy loop, also for steps that had failed.",
    ),
    Wrapper(_ANY, "_process_batch", flow.log_rows, "The log did not say how many rows a batch has."),
    # How a run fails
    Wrapper(_LOCAL_PIPELINE, "_teardown", abort.quiet_teardown, "Cleaning up after an error raised another one."),
    Wrapper(_RAY_PIPELINE, "_teardown", abort.quiet_teardown, "Cleaning up after an error raised another one."),
    Wrapper(_LOCAL_PIPELINE, "_error_callback", abort.error_callback, "It knew no errors of processes that died."),
    Wrapper(
        _LOCAL_PIPELINE,
        "_set_steps_not_loaded_exception",
        abort.keep_first_error,
        "A general error hid why a step did not load.",
    ),
    Patch(
        _ANY,
        "_handle_keyboard_interrupt",
        abort.handle_keyboard_interrupt,
        "An interrupt waited for the batches at work, and then exited the process.",
    ),
    Wrapper(_ANY, "_run_stage_steps_and_wait", abort.unless_failed, "After a failure, the next stage was started."),
    Wrapper(_ANY, "_output_queue_loop", abort.record_errors, "An error in this thread left the run waiting."),
    Wrapper(_ANY, "_run_load_queue_loop", abort.record_errors, "An error in this thread left the run waiting."),
    # Files of a run
    Wrapper(_ANY, "_cache", folders.cache_only_if_requested, "Every batch was cached, also in runs without a cache."),
    Wrapper(
        _ANY,
        "_load_stages_status",
        folders.mark_unfinished,
        "A run that was killed waited forever when it was resumed from its cache.",
        "distilabel#1065",
    ),
    Wrapper(_ANY, "_refresh_pipeline_from_cache", folders.reapply_isolation, "Cached steps had lost `isolate_failures`."),
    Wrapper(
        "distilabel.distiset",
        "load_dataset",
        folders.dataset_cache_in_run_folder,
        "Copies of each run's rows stayed in the user's cache folder.",
    ),
    Patch("distilabel.distiset", "get_bibtex", folders.no_bibtex, "A web service was asked for each task's citation."),
    # How a pipeline is shown
    Wrapper(
        "distilabel.pipeline._dag",
        "_to_mermaid_image",
        drawing.graph_if_requested,
        "A web service, which takes ASCII only, drew the graph.",
    ),
    Patch(_ANY, "draw", drawing.draw, "Drawing needed a network."),
    Patch(_ANY, "__repr__", drawing.describe, "Showing a pipeline in a notebook needed a network."),
]

PATCHES = [*RUN_PATCHES, *FILE_PATCHES, *MODEL_PATCHES, *STEP_PATCHES]


def as_markdown() -> str:
    """The table as rows of Markdown, for ARCHITECTURE.md."""
    return "\n".join(f"| `{row.owner}` | `{row.name}` | {row.why} | {row.upstream or ''} |" for row in PATCHES)
