"""Ray, started quietly for one run, and ended with it."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prompt2data.pipelines import log


def ray_available() -> bool:
    """Whether Ray is installed, so that `pipeline.ray().run()` can work."""
    return importlib.util.find_spec("ray") is not None


@contextmanager
def ray_for_this_run(pipeline: Any) -> Iterator[None]:
    """Start Ray quietly for this run, and end it with the run, unless it was started before."""
    if not hasattr(pipeline, "_ray_init_kwargs") or not ray_available():
        yield
        return
    import ray  # optional, and slow to import

    if ray.is_initialized() or pipeline._ray_head_node_url:
        yield
        return
    quiet = {"logging_level": "ERROR", "log_to_driver": False, "include_dashboard": False}
    if "RAY_ADDRESS" not in os.environ:
        # Otherwise Ray connects to the cluster last noted on this machine: that of another notebook, which ends with
        # that notebook's run, or of a killed one, which never answers.
        quiet["address"] = "local"
    pipeline._ray_init_kwargs = {**quiet, **pipeline._ray_init_kwargs}
    # One machine needs neither the autoscaler nor, without its output, the log monitor. Each is a Python process that
    # takes a second of every core to start; `ray.init` has no argument for them.
    parameter: Any = importlib.import_module("ray._private.parameter")
    original = parameter.RayParams
    parameter.RayParams = functools.partial(original, no_monitor=True, include_log_monitor=False)
    try:
        yield
    finally:
        parameter.RayParams = original
        if ray.is_initialized():
            log.stop_logging()
            ray.shutdown()
