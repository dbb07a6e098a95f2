"""A process that was started to do part of the work, and must not outlive whoever wanted it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait

_POLL_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


def guard(parent: int) -> None:
    """End this process when the process `parent` (the notebook's) has ended, for whatever reason.

    The direct parent may be the fork server, which ends only after its last child: hence the pipe that the
    notebook's process holds open (`parent_process().sentinel`), and its process id for systems where a copy of that
    pipe lives on. Where there is a fork server, the kernel ends us with it.
    """
    import psutil

    if sys.platform.startswith("linux") and os.getppid() != parent:
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    process = multiprocessing.parent_process()
    assert process is not None, "only for processes that multiprocessing started"

    def watch() -> None:
        while not wait([process.sentinel], timeout=_POLL_SECONDS) and psutil.pid_exists(parent):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="prompt2data-guard", daemon=True).start()
