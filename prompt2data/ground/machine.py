"""What this process may use of the machine."""

from __future__ import annotations

import multiprocessing
import os


def in_worker() -> bool:
    """Whether this process was started by another Python process to do part of its work."""
    # The second holds while a spawned process imports the script, before it knows its parent.
    return multiprocessing.parent_process() is not None or hasattr(multiprocessing.current_process(), "_inheriting")


def available_cores() -> int:
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
