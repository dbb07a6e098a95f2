"""Ray, started quietly for a run that nobody started it for, and ended with it."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from prompt2data.pipelines import log


def ray_available() -> bool:
    """Whether Ray is installed, so that `pipeline.ray().run()` can work."""
    return importlib.util.find_spec("ray") is not None


@contextmanager
def minimal_ray() -> Iterator[None]:
    """Let `ray.init` leave out what one machine has no use for: the autoscaler, and the log monitor that stays quiet.

    Each is a Python process, whose start takes a second of every core; `ray.init` has no argument for them.
    """
    parameter: Any = importlib.import_module("ray._private.parameter")  # optional, and slow to import
    original = parameter.RayParams
    parameter.RayParams = functools.partial(original, no_monitor=True, include_log_monitor=False)
    try:
        yield
    finally:
        parameter.RayParams = original


@contextmanager
def ray_for_this_run(pipeline: Any) -> Iterator[None]:
    """Start Ray quietly for this run, and end it with the run, unless it was started before."""
    if not hasattr(pipeline, "_ray_init_kwargs") or not ray_available():
        yield
        return
    import ray  # optional, and slow to import

    ours = not ray.is_initialized() and not pipeline._ray_head_node_url
    if ours:
        quiet = {"logging_level": "ERROR", "log_to_driver": False, "include_dashboard": False}
        if "RAY_ADDRESS" not in os.environ:
            # Otherwise Ray joins what it finds noted on this machine: another notebook's Ray, which ends when that
            # notebook's run ends, or one that was killed, for which it waits in vain.
            quiet["address"] = "local"
        pipeline._ray_init_kwargs = {**quiet, **pipeline._ray_init_kwargs}
    try:
        with minimal_ray() if ours else nullcontext():
            yield
    finally:
        if ours and ray.is_initialized():
            log.stop_logging()
            ray.shutdown()
